"""REST views of drawing: steps, undo and redo, the draft's outlines, numbers, lines to cling to."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import shapely
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from shapely.geometry.base import BaseGeometry

from gridmgmt.core.guards import HasRight
from gridmgmt.core.permissions import Right
from gridmgmt.core.tokens import HasScope
from grids.territory.api import parameters
from grids.territory.api.geometry_input import BoundedJSONParser
from grids.territory.api.refusals import answer_to
from grids.territory.api.step_answers import step_answer, step_row
from grids.territory.api.step_bodies import Body, act_of
from grids.territory.errors import TerritoryError
from grids.territory.models import DraftStep, Edition, Tier
from grids.territory.services.drawing import ground, journal
from grids.territory.services.drawing.features import features_text
from grids.territory.services.drawing.journal import DraftMoved
from grids.territory.services.drawing.numbers import numbers
from grids.territory.services.drawing.snap_lines import snap_lines
from grids.territory.services.drawing.states import drawn, laid_over, states_of
from grids.territory.services.drawing.verbs import Pen
from grids.territory.services.scope import refuse_out_of_reach

BBOX = OpenApiParameter("bbox", OpenApiTypes.STR, description="west,south,east,north")
STEP = """One step in a draft. Besides `verb` and `expect` (the number of the newest step that the
caller has seen, 0 for none; when it is not the newest any more the answer is 409):

- `reshape` {areas: {grid id: geometry}, with_parents?}
- `split` {grid, line, names?}
- `merge` {grids, name?}
- `cut_out` {polygon, name, name_en?, kind?, parent?, code?, leftovers_m2?}
- `draw` {parent, tier, polygon, name, name_en?, code?}
- `rename` {grid, name?, name_en?, households?}
- `reparent` {grid, parent, recode?}
- `remove` {grid, heir?}
- `confirm` {grids}, `reset` {grids}

Geometries are GeoJSON in EPSG:4326. Answers {step, newest, changed: features, removed: grid ids,
findings, hints, can_undo, can_redo}."""


class DrawingView(APIView):
    """For those who draw; *where* they may is asked of their posts, grid by grid."""

    permission_classes = [IsAuthenticated, HasScope, HasRight]
    parser_classes = [BoundedJSONParser]
    required_rights: tuple[str, ...] = (Right.DRAW,)

    def edition(self, pk: int) -> Edition:
        """The edition of the address, or 404."""
        return get_object_or_404(Edition, pk=pk)

    def may_draw(self, edition: Edition, grids: Iterable[int]) -> None:
        """Raise OutOfReach unless the asker may draw all of these grids."""
        refuse_out_of_reach(
            edition,
            self.request.access,
            Right.DRAW,
            moment=timezone.now(),
            grid_ids=set(grids),
        )

    def handle_exception(self, exc: Exception) -> Response:
        """Refusals of the services as answers; the others as the framework answers them."""
        if isinstance(exc, DraftMoved):
            answer = answer_to(exc)
            answer.data |= {
                "newest": exc.current,
                "since": [step_row(step) for step in exc.steps],
            }
        elif isinstance(exc, TerritoryError):
            answer = answer_to(exc)
            if isinstance(exc, ground.RingFault):
                answer.data |= {"grid": exc.grid, "lon": exc.lon, "lat": exc.lat}
        else:
            return super().handle_exception(exc)
        answer.exception = True
        return answer


class Steps(DrawingView):
    """Draw one step."""

    @extend_schema(
        summary="Draw one step in a draft",
        description=STEP,
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request, pk: int) -> Response:
        edition = self.edition(pk)
        body = Body(request.data)
        act, named = act_of(body)
        pen = Pen(edition, request.user, timezone.now(), body.expect())
        with transaction.atomic():
            pen.begin()
            self.may_draw(edition, named)
            step = act(pen)
            self.may_draw(edition, journal.touched(step))
            return Response(step_answer(edition, step))


class Turn(DrawingView):
    """What undo and redo have in common: the step is known before it is turned."""

    turn: Callable[..., DraftStep]
    undone: bool

    def post(self, request: Request, pk: int) -> Response:
        edition = self.edition(pk)
        expect = Body(request.data).expect()
        with transaction.atomic():
            journal.begin(edition, expect=expect)
            order = "number" if self.undone else "-number"
            step = edition.steps.filter(undone=self.undone).order_by(order).first()
            touched = journal.touched(step) if step else []
            self.may_draw(edition, touched)
            step = type(self).turn(edition, actor=request.user, now=timezone.now())
            self.may_draw(edition, touched)
            return Response(step_answer(edition, step))


@extend_schema(
    summary="Undo the newest step",
    description="Body {expect?}; answers as steps/ does.",
    request=OpenApiTypes.OBJECT,
    responses=OpenApiTypes.OBJECT,
)
class Undo(Turn):
    """Take the newest step of the draft back, whoever drew it."""

    turn = staticmethod(journal.undo)
    undone = False


@extend_schema(
    summary="Redo the step that was undone last",
    description="Body {expect?}; answers as steps/ does.",
    request=OpenApiTypes.OBJECT,
    responses=OpenApiTypes.OBJECT,
)
class Redo(Turn):
    """Do again what was undone last."""

    turn = staticmethod(journal.redo)
    undone = True


class DraftOutlines(DrawingView):
    """The division as the draft has it."""

    required_rights = (Right.DRAW, Right.PUBLISH)

    @extend_schema(
        summary="The division as the draft has it, in full precision",
        parameters=[
            OpenApiParameter("tier", OpenApiTypes.STR, description="Code of the tier."),
            BBOX,
        ],
        responses={(200, "application/geo+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, pk: int) -> HttpResponse:
        edition = self.edition(pk)
        rows = laid_over(edition)
        if tier := request.query_params.get("tier"):
            known = None if "\0" in tier else Tier.objects.filter(code=tier).first()
            if known is None:
                raise ValidationError({"tier": _("There is no such tier.")})
            rows = rows.filter(grid__tier=known)
        if (box := parameters.bbox_of(request.query_params)) is not None:
            rows = rows.filter(geometry__bboverlaps=box)
        text = features_text(edition, states_of(rows))
        return HttpResponse(
            text, content_type="application/geo+json", headers={"Cache-Control": "no-store"}
        )


class DraftNumbers(DrawingView):
    """Live numbers of ground that is being drawn."""

    required_rights = (Right.DRAW, Right.PUBLISH)

    @extend_schema(
        summary="Households, area, cases and strength of some ground",
        description="Body {geometry} or {grids}. Cases are those of the last 365 days; cases and "
        "strength count within the asker's own reach only.",
        request=OpenApiTypes.OBJECT,
        responses=OpenApiTypes.OBJECT,
    )
    def post(self, request: Request, pk: int) -> Response:
        edition = self.edition(pk)
        body = Body(request.data)
        if "grids" in body:
            states = ground.wanted(edition, body.ids("grids"))
            geometry = shapely.union_all([state.geometry for state in states.values()])
        else:
            geometry = ground.sound(body.geometry("geometry"))
        found = numbers(geometry, now=timezone.now(), reach=self._reach(edition))
        return Response(found.as_dict())

    def _reach(self, edition: Edition) -> BaseGeometry | None:
        """Where the asker may draw; None: everywhere."""
        grids = self.request.access.grids_for(Right.DRAW)
        if grids is None:
            return None
        return shapely.union_all([state.geometry for state in drawn(edition, grids).values()])


class GroundLines(DrawingView):
    """Roads and water edges that a border may cling to."""

    required_rights = (Right.DRAW, Right.PUBLISH)

    @extend_schema(
        summary="Roads and water edges in a box",
        parameters=[BBOX],
        responses={(200, "application/geo+json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request) -> Response:
        box = parameters.bbox_of(request.query_params)
        if box is None:
            raise ValidationError({"bbox": _("Give bbox as west,south,east,north in degrees.")})
        return Response(snap_lines(box), content_type="application/geo+json")
