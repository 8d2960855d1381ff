"""REST views of editions: drafted, compared, rebased, published, withdrawn."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import generics, status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from gridmgmt.core.guards import HasRight
from gridmgmt.core.permissions import Right
from gridmgmt.core.tokens import HasScope
from grids.territory.api.refusals import answers_refusals
from grids.territory.api.serializers_editions import (
    ConflictsSerializer,
    DifferenceSerializer,
    EditionSerializer,
    NewDraftSerializer,
    PublishSerializer,
    RebaseSerializer,
    RefusalSerializer,
    conflict_json,
    difference_json,
)
from grids.territory.api.views import GridPages
from grids.territory.choices import EditionStatus
from grids.territory.errors import EditionConflict
from grids.territory.models import DraftStep, Edition
from grids.territory.services import editions, rebasing
from grids.territory.services.difference import CHANGES, difference
from grids.territory.services.difference_features import features_text
from grids.territory.services.edition_summaries import summaries
from grids.territory.services.scope import refuse_out_of_reach

REFUSALS = {
    403: RefusalSerializer,
    409: RefusalSerializer,
    422: RefusalSerializer,
}
CHANGE = OpenApiParameter(
    "change", OpenApiTypes.STR, enum=list(CHANGES), description="Only grids of this change."
)


def edition_rows() -> QuerySet[Edition]:
    """Editions with what a row shows of them: `step`, `can_undo`, `can_redo`."""
    undone = DraftStep.objects.filter(edition=OuterRef("pk"), undone=True)
    return (
        Edition.objects.select_related("base", "created_by", "published_by")
        .annotate(
            step=Max("steps__number", filter=Q(steps__undone=False), default=0),
            can_redo=Exists(undone),
        )
        .order_by("-created_at", "-pk")
    )


class EditionView(APIView):
    """For those who draw or publish; *what* they may change is asked of their posts."""

    permission_classes = [IsAuthenticated, HasScope, HasRight]
    required_rights = (Right.DRAW, Right.PUBLISH)

    def edition(self, pk: int) -> Edition:
        """The edition of the address, or 404."""
        return get_object_or_404(edition_rows(), pk=pk)

    def may_change(self, edition: Edition, right: str) -> None:
        """Raise OutOfReach unless the asker holds the right over all of the edition's changes."""
        access = self.request.access
        refuse_out_of_reach(edition, access, right, moment=timezone.now())

    def shown(self, edition: Edition) -> dict[str, Any]:
        """The edition as it stands now."""
        row = self.edition(edition.pk)
        return EditionSerializer(row, context={"summaries": summaries([row])}).data


class EditionList(EditionView, generics.GenericAPIView):
    """Drafts and editions, the newest first; POST opens a draft."""

    queryset = Edition.objects.none()
    serializer_class = EditionSerializer
    pagination_class = GridPages
    filter_backends: list[type] = []

    @extend_schema(
        operation_id="list_editions",
        summary="List drafts and editions",
        responses=EditionSerializer(many=True),
        parameters=[
            OpenApiParameter("status", OpenApiTypes.STR, enum=EditionStatus.values),
            OpenApiParameter("name", OpenApiTypes.STR, description="Exactly this name."),
        ],
    )
    def get(self, request: Request) -> Response:
        found = edition_rows()
        if asked := request.query_params.get("status"):
            if asked not in EditionStatus.values:
                raise ValidationError(
                    {"status": _("One of: %(words)s.") % {"words": ", ".join(EditionStatus.values)}}
                )
            found = found.filter(status=asked)
        if name := request.query_params.get("name"):
            found = found.none() if "\0" in name else found.filter(name=name)
        page = self.paginate_queryset(found)
        shape = EditionSerializer(page, many=True, context={"summaries": summaries(page)})
        return self.get_paginated_response(shape.data)

    @extend_schema(
        operation_id="open_draft",
        summary="Open a draft",
        request=NewDraftSerializer,
        responses={201: EditionSerializer, 400: RefusalSerializer, 403: RefusalSerializer},
    )
    @answers_refusals
    def post(self, request: Request) -> Response:
        if not request.access.may(Right.DRAW):
            self.permission_denied(request, message=HasRight.message)
        shape = NewDraftSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        edition = editions.draft(actor=request.user, now=timezone.now(), **shape.validated_data)
        return Response(self.shown(edition), status=status.HTTP_201_CREATED)


class EditionDetail(EditionView):
    """One edition."""

    @extend_schema(
        operation_id="read_edition", summary="Read one edition", responses=EditionSerializer
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(self.shown(self.edition(pk)))


class EditionDifference(EditionView):
    """What an edition changes against its base, grid by grid, and whom that touches."""

    @extend_schema(
        operation_id="compare_edition",
        summary="Compare an edition with its base",
        description="A grid may stand in several lists. Areas in m²; households as the edition "
        "declares them, else as its buildings hold them. `estimated` says that no building is "
        "known there, so households affected are taken by share of ground.",
        responses=DifferenceSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(difference_json(difference(self.edition(pk))))


class EditionDifferenceOutlines(EditionView):
    """The changed grids' outlines before and after."""

    @extend_schema(
        operation_id="edition_outlines",
        summary="The outlines before and after, as GeoJSON",
        description="`properties.side` is before or after, `properties.change` the weightiest "
        "change of the grid. EPSG:4326.",
        parameters=[CHANGE],
        responses={(200, "application/geo+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        asked = request.query_params.get("change", "")
        if asked and asked not in CHANGES:
            raise ValidationError(
                {"change": _("One of: %(words)s.") % {"words": ", ".join(CHANGES)}}
            )
        text = features_text(difference(self.edition(pk)), changes=[asked] if asked else ())
        return HttpResponse(text, content_type="application/geo+json")


class EditionPublish(EditionView):
    """Let a draft take effect."""

    required_rights = (Right.PUBLISH,)

    @extend_schema(
        operation_id="publish_edition",
        summary="Publish a draft, now or at a future moment",
        description="Everything or nothing. 409: somebody was quicker or has changed what the "
        "draft started from (`conflicts`; see rebase/). 422: `findings` refuse; structural ones "
        "always, others unless `accept_reason` is given, advice never.",
        request=PublishSerializer,
        responses={200: EditionSerializer, 400: RefusalSerializer, **REFUSALS},
    )
    @answers_refusals
    def post(self, request: Request, pk: int) -> Response:
        edition = self.edition(pk)
        shape = PublishSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        self.may_change(edition, Right.PUBLISH)
        data = shape.validated_data
        try:
            published = editions.publish(
                edition,
                actor=request.user,
                now=timezone.now(),
                effective_at=data.get("effective_at"),
                accept_findings=data.get("accept_reason"),
                expect=data.get("expect"),
            )
        except EditionConflict as refusal:
            rows = [conflict_json(clash) for clash in rebasing.conflicts(edition)]
            body = {"detail": refusal.text, "conflicts": rows}
            return Response(body, status=status.HTTP_409_CONFLICT)
        return Response(self.shown(published))


class EditionWithdraw(EditionView):
    """Give up a draft, or call back what has not taken effect yet."""

    @extend_schema(
        operation_id="withdraw_edition",
        summary="Withdraw a draft or a scheduled edition",
        request=None,
        responses={200: EditionSerializer, 400: RefusalSerializer, **REFUSALS},
    )
    @answers_refusals
    def post(self, request: Request, pk: int) -> Response:
        edition = self.edition(pk)
        drafted = edition.status == EditionStatus.DRAFT
        self.may_change(edition, Right.DRAW if drafted else Right.PUBLISH)
        withdrawn = editions.withdraw(
            edition, actor=request.user, now=timezone.now(), only_draft=drafted
        )
        return Response(self.shown(withdrawn))


class EditionRebase(EditionView):
    """Where others have changed what a draft started from: whose version it keeps."""

    @extend_schema(
        operation_id="list_conflicts",
        summary="List the clashes of a draft with what others have published since",
        responses=ConflictsSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        clashes = rebasing.conflicts(self.edition(pk))
        return Response({"conflicts": [conflict_json(clash) for clash in clashes]})

    @extend_schema(
        operation_id="rebase_draft",
        summary="Settle clashes grid by grid",
        description="`keep` maps grid ids to mine or theirs. Mine takes over what they changed "
        "and the draft left alone; theirs drops the draft's change. `seen` maps grid ids to the "
        "boundary id of theirs that was looked at: newer ones stay unsettled. The answer lists "
        "what is left.",
        request=RebaseSerializer,
        responses={200: ConflictsSerializer, 400: RefusalSerializer, **REFUSALS},
    )
    @answers_refusals
    def post(self, request: Request, pk: int) -> Response:
        edition = self.edition(pk)
        shape = RebaseSerializer(data=request.data)
        shape.is_valid(raise_exception=True)
        keep = _by_grid(shape.validated_data["keep"])
        seen = shape.validated_data.get("seen")
        grids = list(keep)
        refuse_out_of_reach(
            edition, request.access, Right.DRAW, moment=timezone.now(), grid_ids=grids
        )
        left = rebasing.rebase(
            edition,
            keep=keep,
            seen=None if seen is None else _by_grid(seen),
            actor=request.user,
            now=timezone.now(),
        )
        return Response({"conflicts": [conflict_json(clash) for clash in left]})


def _by_grid(values: dict[str, Any]) -> dict[int, Any]:
    """Grid ids are texts in JSON's keys."""
    try:
        return {int(grid): value for grid, value in values.items()}
    except ValueError:
        text = json.dumps(list(values)[:5])
        raise ValidationError(
            {"keep": _("The keys must be ids of grids, not %(text)s.") % {"text": text}}
        ) from None
