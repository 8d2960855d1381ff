"""REST views of the roster: people by grid, findings, and the posts that drafts name."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError as Refusal
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gridmgmt.core.guards import HasRight
from gridmgmt.core.permissions import GRID_ROLES, Right, Role
from gridmgmt.core.tokens import HasScope
from grids.people.models import PlannedPost
from grids.people.services import planned_posts
from grids.people.services.draft_scope import may_plan, paths_of
from grids.people.services.grid_people import GridPeople, Member, grid_people
from grids.people.services.scope import Scope
from grids.people.services.tree import Tree
from grids.people.services.vacancies import SENTENCES, vacancies
from grids.territory.errors import NotADraft
from grids.territory.models import Edition, Grid
from grids.territory.services.responsibility import as_moment

ON = OpenApiParameter("on", OpenApiTypes.DATE, description="As of the start of that day.")
AREA = OpenApiParameter("area", OpenApiTypes.STR, description="Code: it and what lies below it.")


class MemberSerializer(serializers.Serializer):
    """A post and who answers for it."""

    person_id = serializers.IntegerField()
    name = serializers.CharField()
    duty_phone = serializers.CharField()
    role = serializers.ChoiceField(Role.choices)
    is_lead = serializers.BooleanField()
    why = serializers.ChoiceField(["lead", "deputy", "stand_in", ""], help_text="Empty: away.")
    holder_id = serializers.IntegerField(help_text="Whose post it is.")
    holder = serializers.CharField()


class GridPeopleSerializer(serializers.Serializer):
    """The people of one area."""

    grid_id = serializers.IntegerField()
    code = serializers.CharField()
    name = serializers.CharField()
    tier = serializers.CharField()
    first = MemberSerializer(allow_null=True)
    direct = MemberSerializer(allow_null=True)
    members = MemberSerializer(many=True)


class VacancySerializer(serializers.Serializer):
    """One finding of the roster."""

    kind = serializers.ChoiceField(list(SENTENCES))
    grid_id = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField(allow_null=True)
    person_id = serializers.IntegerField(allow_null=True)
    person = serializers.CharField()
    sentence = serializers.CharField()


class PlannedPostSerializer(serializers.ModelSerializer):
    """A post that a draft names."""

    person_name = serializers.CharField(source="person.name", read_only=True)
    code = serializers.CharField(source="grid.code", read_only=True)
    role = serializers.ChoiceField([(r.value, r.label) for r in Role if r in GRID_ROLES])

    class Meta:
        model = PlannedPost
        fields = ["id", "grid", "code", "person", "person_name", "role", "is_lead"]
        validators: list[Any] = []  # the service says it in words


class RosterRead(APIView):
    """Reading needs the right to see the roster somewhere."""

    permission_classes = [IsAuthenticated, HasScope, HasRight]
    required_rights = (Right.SEE_ROSTER, Right.KEEP_ROSTER)


class RosterGrids(RosterRead):
    """Who is in post on each area that the reader may see."""

    @extend_schema(parameters=[ON, AREA], responses=GridPeopleSerializer(many=True))
    def get(self, request: Request) -> Response:
        """People by area, in the order street, community, grid."""
        moment = _moment(request)
        scope = Scope.at(request.access, moment)
        nodes = scope.nodes
        if code := request.query_params.get("area", ""):
            roots = [node.grid_id for node in nodes if node.code == code]
            if not roots:
                raise NotFound(_("No area in force has the code %(code)s.") % {"code": code[:40]})
            inside = scope.tree.below(roots)
            nodes = [node for node in nodes if node.grid_id in inside]
        people = grid_people([node.grid_id for node in nodes], moment)
        return Response(
            [
                {
                    "grid_id": node.grid_id,
                    "code": node.code,
                    "name": node.label,
                    "tier": node.tier,
                    **_people(people[node.grid_id]),
                }
                for node in nodes
            ]
        )


class RosterVacancies(RosterRead):
    """What the roster lacks."""

    @extend_schema(parameters=[ON], responses=VacancySerializer(many=True))
    def get(self, request: Request) -> Response:
        """Findings in the areas that the reader may see."""
        moment = _moment(request)
        scope = Scope.at(request.access, moment)
        found = [v for v in vacancies(moment) if scope.sees(v.grid_id)]
        return Response(VacancySerializer(found, many=True).data)


class DraftPosts(APIView):
    """Posts that a draft names for its grids."""

    permission_classes = [IsAuthenticated, HasScope, HasRight]
    required_rights = (Right.DRAW, Right.KEEP_ROSTER)

    @extend_schema(responses=PlannedPostSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        """The planned posts in the reader's area."""
        edition = get_object_or_404(Edition, pk=pk)
        paths = self._paths(edition)
        posts = edition.planned_posts.select_related("person", "grid").order_by("grid__code", "pk")
        shown = [p for p in posts if may_plan(request.access, paths.get(p.grid_id, [p.grid_id]))]
        return Response(PlannedPostSerializer(shown, many=True).data)

    @extend_schema(request=PlannedPostSerializer, responses={201: PlannedPostSerializer})
    def post(self, request: Request, pk: int) -> Response:
        """Name a post; it begins when the draft takes effect."""
        edition = get_object_or_404(Edition, pk=pk)
        body = PlannedPostSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        grid: Grid = data["grid"]
        path = self._paths(edition).get(grid.pk)
        if path is None:
            raise ValidationError(
                {"grid": [_("The draft does not hold the grid %(code)s.") % {"code": grid.code}]}
            )
        _refuse_out_of_reach(request, path)
        now = timezone.now()
        if not Scope.at(request.access, now).people().filter(pk=data["person"].pk).exists():
            raise ValidationError({"person": [_("There is no such person in your area.")]})
        try:
            planned = planned_posts.plan(
                edition,
                grid=grid,
                person=data["person"],
                role=data["role"],
                is_lead=data.get("is_lead", True),
                actor=request.user,
                now=now,
            )
        except Refusal as refusal:
            return _refused(refusal)
        return Response(PlannedPostSerializer(planned).data, status=status.HTTP_201_CREATED)

    @staticmethod
    def _paths(edition: Edition) -> dict[int, list[int]]:
        return paths_of(edition, Tree.at(timezone.now()))


class DraftPost(APIView):
    """One planned post."""

    permission_classes = [IsAuthenticated, HasScope, HasRight]
    required_rights = (Right.DRAW, Right.KEEP_ROSTER)

    @extend_schema(request=None, responses={204: None})
    def delete(self, request: Request, pk: int, planned_pk: int) -> Response:
        """Take it out of the draft."""
        planned = get_object_or_404(
            PlannedPost.objects.select_related("edition"), pk=planned_pk, edition_id=pk
        )
        paths = DraftPosts._paths(planned.edition)
        _refuse_out_of_reach(request, paths.get(planned.grid_id, [planned.grid_id]))
        try:
            planned_posts.unplan(planned, actor=request.user, now=timezone.now())
        except Refusal as refusal:
            return _refused(refusal)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _refuse_out_of_reach(request: Request, path: list[int]) -> None:
    if not may_plan(request.access, path):
        raise PermissionDenied(_("This grid lies outside of your area."))


def _refused(refusal: Refusal) -> Response:
    """409 when the edition is no draft any more, else 400; the reason in the reader's language."""
    code = status.HTTP_409_CONFLICT if isinstance(refusal, NotADraft) else 400
    return Response({"detail": " ".join(refusal.messages)}, status=code)


def _moment(request: Request) -> dt.datetime:
    text = request.query_params.get("on", "")
    if not text:
        return timezone.now()
    try:
        return as_moment(dt.date.fromisoformat(text))
    except (ValueError, OverflowError):
        raise ValidationError({"on": [_("The date must read like 2026-03-03.")]}) from None


def _people(found: GridPeople) -> dict[str, Any]:
    def one(member: Member | None) -> Any:
        return MemberSerializer(member).data if member else None

    return {
        "first": one(found.first),
        "direct": one(found.direct),
        "members": MemberSerializer(found.members, many=True).data,
    }
