"""REST views of division by machine: ask for a run, watch it, cancel it, take a proposal over."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from grids.territory.api.drawing import DrawingView
from grids.territory.api.step_answers import step_row
from grids.territory.api.step_bodies import Body
from grids.territory.division import EMPHASES
from grids.territory.models import DivisionProposal, DivisionRun, Edition
from grids.territory.services import division_areas, division_runs
from grids.territory.services.division_shown import features, run_json
from grids.territory.services.division_wishes import USUAL_BAND, Asked, usual_target

WISHES = """Body {areas: [codes], target?, band?, mix?: {households, cases, strength}, stability?,
emphases?: [even, compact, barriers, stable], seed?}. `areas` are codes above the grids: a
community, or a whole street. The same wishes and seed give the same proposals on an unchanged
draft. One run a draft at a time (409). Answers 201 with the run; poll it until `status` is done,
cancelled or failed."""


class RunView(DrawingView):
    """Runs of one draft; whoever may redraw all areas of a run may see it, stop it and use it."""

    def run(self, pk: int, run: int) -> DivisionRun:
        """The run of the address, 404, or OutOfReach."""
        rows = DivisionRun.objects.select_related("edition", "created_by")
        found = rows.prefetch_related("proposals").filter(edition_id=pk, pk=run).first()
        if found is None:
            raise Http404
        division_areas.refuse_run(found, self.request.access)
        return found

    def proposal(self, pk: int, run: int, number: int) -> DivisionProposal:
        """A proposal of that run, or 404."""
        for proposal in self.run(pk, run).proposals.all():
            if proposal.number == number:
                return proposal
        raise Http404


class RunList(RunView):
    """Runs of a draft, the newest first; POST asks for one."""

    @extend_schema(
        summary="List the divisions by machine of a draft", responses=OpenApiTypes.OBJECT
    )
    def get(self, request: Request, pk: int) -> Response:
        edition, now = self.edition(pk), timezone.now()
        rows = edition.division_runs.select_related("created_by").prefetch_related("proposals")
        seen = division_areas.runs_within_reach(edition, list(rows), request.access)
        return Response({"results": [run_json(run, now) for run in seen]})

    @extend_schema(
        summary="Have the machine propose grids",
        description=WISHES,
        request=OpenApiTypes.OBJECT,
        responses={201: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, pk: int) -> Response:
        edition: Edition = self.edition(pk)
        run = division_runs.request_run(
            edition,
            _asked(Body(request.data)),
            actor=request.user,
            now=timezone.now(),
            access=request.access,
        )
        return Response(run_json(run), status=status.HTTP_201_CREATED)


class RunDetail(RunView):
    """One run."""

    @extend_schema(summary="Read one division by machine", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: int, run: int) -> Response:
        return Response(run_json(self.run(pk, run)), headers={"Cache-Control": "no-store"})


class RunCancel(RunView):
    """Stop a run."""

    @extend_schema(
        summary="Cancel a division by machine", request=None, responses=OpenApiTypes.OBJECT
    )
    def post(self, request: Request, pk: int, run: int) -> Response:
        found = self.run(pk, run)
        division_runs.cancel(found, actor=request.user, now=timezone.now())
        return Response(run_json(self.run(pk, run)))


class ProposalOutlines(RunView):
    """The grids of one proposal."""

    @extend_schema(
        summary="The grids of one proposal",
        parameters=[
            OpenApiParameter(
                "detail", OpenApiTypes.STR, enum=["full", "overview"], description="overview: fewer"
            )
        ],
        responses={(200, "application/geo+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, pk: int, run: int, number: int) -> Response:
        overview = request.query_params.get("detail") == "overview"
        found = features(self.proposal(pk, run, number), overview=overview)
        return Response(found, content_type="application/geo+json")


class ProposalTake(RunView):
    """A proposal into the draft."""

    @extend_schema(
        summary="Take a proposal over into the draft",
        description="Body {expect?}: the newest step that the caller has seen; without it, the one "
        "that the proposal was made on. 409 when somebody has drawn since.",
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request, pk: int, run: int, number: int) -> Response:
        step = division_runs.take_over(
            self.proposal(pk, run, number),
            edition=self.edition(pk),
            actor=request.user,
            now=timezone.now(),
            expect=Body(request.data).expect(),
            access=request.access,
        )
        return Response({"step": step_row(step), "newest": step.number})


def _asked(body: Body) -> Asked:
    """The wishes of a body; what they may be is said by Asked.checked."""
    data = body.data
    mix = data.get("mix", {})
    if not isinstance(mix, dict) or set(mix) - {"households", "cases", "strength"}:
        raise ValidationError(
            {"detail": _("mix must be an object with households, cases and strength.")}
        )
    areas, emphases = _words(data, "areas", []), _words(data, "emphases", list(EMPHASES))
    return Asked(
        areas=areas,
        target=data.get("target", usual_target()),
        band=data.get("band", USUAL_BAND),
        households=mix.get("households", 0 if mix else 1),
        cases=mix.get("cases", 0),
        strength=mix.get("strength", 0),
        stability=data.get("stability", 0),
        emphases=emphases,
        seed=data.get("seed", 0),
    )


def _words(data: dict[str, Any], name: str, default: list[str]) -> tuple[str, ...]:
    values = data.get(name, default)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValidationError({"detail": _("%(name)s must be a list of words.") % {"name": name}})
    if any("\0" in value for value in values):
        raise ValidationError({"detail": _("%(name)s must be a list of words.") % {"name": name}})
    return tuple(values)
