"""REST views of a draft's findings: list, check again, preview a repair, repair one or all."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from gridmgmt.core.permissions import Right
from grids.territory.api.drawing import DrawingView
from grids.territory.api.refusals import finding_json
from grids.territory.api.step_answers import step_answer, stored_finding_row
from grids.territory.api.step_bodies import Body
from grids.territory.choices import Degree, FindingKind, degree_of
from grids.territory.models import Edition
from grids.territory.services import coverage, repairs
from grids.territory.services.drawing import journal
from grids.territory.services.drawing.features import features
from grids.territory.services.drawing.states import laid_over
from grids.territory.services.editions import lock_draft
from grids.territory.services.scope import paths_in


class FindingList(DrawingView):
    """What the checks of a draft have found."""

    required_rights = (Right.DRAW, Right.PUBLISH)

    @extend_schema(
        summary="Findings of a draft, the heaviest first",
        parameters=[
            OpenApiParameter("degree", OpenApiTypes.STR, enum=Degree.values),
            OpenApiParameter("kind", OpenApiTypes.STR, enum=FindingKind.values),
        ],
        responses=OpenApiTypes.OBJECT,
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(self._shown(self.edition(pk), request.query_params))

    @extend_schema(
        summary="Check the whole division as the draft has it, not only what was drawn",
        request=None,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request, pk: int) -> Response:
        edition = self.edition(pk)
        with transaction.atomic():
            lock_draft(edition)
            coverage.check_draft(edition, now=timezone.now())
        return Response(self._shown(edition, request.query_params))

    def _shown(self, edition: Edition, query: Any) -> list[dict[str, Any]]:
        found = edition.findings.select_related("tier")
        if kind := _one_of(query, "kind", FindingKind.values):
            found = found.filter(kind=kind)
        degree = _one_of(query, "degree", Degree.values)
        rows = [f for f in found if degree is None or degree_of(f.kind) == degree]
        weight = list(Degree.values)
        rows.sort(
            key=lambda f: (weight.index(degree_of(f.kind)), f.tier.order, -(f.area_m2 or 0), f.pk)
        )
        return [stored_finding_row(finding) for finding in rows]


class FindingPreview(DrawingView):
    """What a repair would change."""

    @extend_schema(
        summary="The areas that a repair changes, before and after",
        request=None,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request, pk: int, finding: int) -> Response:
        edition = self.edition(pk)
        shown = repairs.preview(get_object_or_404(edition.findings, pk=finding))
        return Response(
            {
                "before": features(edition, shown.before),
                "after": features(edition, shown.after),
            }
        )


class FindingRepair(DrawingView):
    """Repair one finding."""

    @extend_schema(
        summary="Repair one finding as one step of the draft",
        description="Body {expect?}; answers as steps/ does.",
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request, pk: int, finding: int) -> Response:
        edition = self.edition(pk)
        expect = Body(request.data).expect()
        with transaction.atomic():
            journal.begin(edition, expect=expect)
            row = get_object_or_404(edition.findings, pk=finding)
            self.may_draw(edition, repairs.propose(row))
            step = repairs.apply(row, actor=request.user, now=timezone.now())
            return Response(step_answer(edition, step))


class FindingRepairAll(DrawingView):
    """Repair all that needs nobody's judgement, where the asker may draw."""

    @extend_schema(
        summary="Check the whole draft and repair all findings that need nobody's judgement",
        description="Body {kinds?: [kind], expect?}. Only areas where the asker may draw. Answers "
        "as steps/ does, with `repaired` and `left` (numbers) and `reasons` (sentences).",
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request, pk: int) -> Response:
        edition = self.edition(pk)
        body = Body(request.data)
        kinds = body.data.get("kinds")
        if kinds is not None and not (
            isinstance(kinds, list) and all(kind in FindingKind.values for kind in kinds)
        ):
            raise ValidationError(
                {"kinds": _("One of: %(words)s.") % {"words": ", ".join(FindingKind.values)}}
            )
        parents = dict(laid_over(edition).values_list("grid_id", "parent_id"))

        def within(area: int) -> bool:
            path = paths_in(parents, [area])[area]
            return bool(request.access.may(Right.DRAW, path))

        with transaction.atomic():
            done = repairs.repair_all(
                edition,
                kinds,
                actor=request.user,
                now=timezone.now(),
                expect=body.expect(),
                within=within,
            )
            if done.step is None:
                text = " ".join(dict.fromkeys(done.reasons))
                raise repairs.Unrepairable(text or _("There is nothing that can be repaired here."))
            self.may_draw(edition, journal.touched(done.step))
            answer = step_answer(edition, done.step)
        law = [f for f in done.left if degree_of(f.kind) != Degree.ADVICE]
        return Response(
            answer
            | {
                "repaired": len(done.repaired),
                "left": len(law),
                "left_findings": [finding_json(finding) for finding in law[:100]],
                "reasons": done.reasons,
            }
        )


def _one_of(query: Any, name: str, words: list[str]) -> str | None:
    value = query.get(name)
    if value and value not in words:
        raise ValidationError({name: _("One of: %(words)s.") % {"words": ", ".join(words)}})
    return value or None
