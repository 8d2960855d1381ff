"""Fixed words of the territory room."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class EditionStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")


class GridKind(models.TextChoices):
    """Basic grids divide their parent; dedicated ones (park, mall, institution) are cut out."""

    BASIC = "basic", _("basic")
    DEDICATED = "dedicated", _("dedicated")


class Answer(models.TextChoices):
    """How a point was given to its area. The words are the same in every interface."""

    INSIDE = "inside", _("inside")
    BOUNDARY = "boundary", _("on a border")
    GAP = "gap", _("in a gap")
    PARENT = "parent", _("upper tier only")
    OUTSIDE = "outside", _("outside")


class FindingKind(models.TextChoices):
    """What a check of a division can find, in three degrees (the sets below)."""

    INVALID_RING = "invalid_ring", _("invalid ring")
    DOUBLED_CODE = "doubled_code", _("doubled code")
    MISSING_PARENT = "missing_parent", _("missing parent")
    GAP = "gap", _("gap")
    OVERLAP = "overlap", _("overlap")
    SLIVER = "sliver", _("sliver")
    OUTSIDE_PARENT = "outside_parent", _("outside the parent")
    BUILDING_UNCOVERED = "building_uncovered", _("building in no grid")
    BUILDING_DOUBLED = "building_doubled", _("building in two grids")
    BUILDING_CUT = "building_cut", _("building cut by a border")
    ROAD_UNCOVERED = "road_uncovered", _("road in no grid")
    PLACE_UNCOVERED = "place_uncovered", _("public place in no grid")
    CODE_MISMATCH = "code_mismatch", _("code does not fit its tier or parent")
    HOLE = "hole", _("hole")
    MULTI_PART = "multi_part", _("several parts")
    OVER_BAND = "over_band", _("more households than the band")
    UNDER_BAND = "under_band", _("fewer households than the band")
    UNCONFIRMED = "unconfirmed", _("outline not confirmed")


# Nobody may accept these: the division cannot be read with them.
STRUCTURAL = frozenset(
    {FindingKind.INVALID_RING, FindingKind.DOUBLED_CODE, FindingKind.MISSING_PARENT}
)
# Worth knowing, and no breach of the law of coverage: they never refuse.
ADVICE = frozenset(
    {
        FindingKind.BUILDING_CUT,
        FindingKind.HOLE,
        FindingKind.MULTI_PART,
        FindingKind.OVER_BAND,
        FindingKind.UNDER_BAND,
        FindingKind.UNCONFIRMED,
    }
)


class Degree(models.TextChoices):
    """How heavily a finding weighs when a draft is published."""

    STRUCTURAL = "structural", _("always refuses")
    LAW = "law", _("refuses unless accepted")
    ADVICE = "advice", _("advice")


def degree_of(kind: str) -> Degree:
    """The degree of a kind of finding."""
    if kind in STRUCTURAL:
        return Degree.STRUCTURAL
    return Degree.ADVICE if kind in ADVICE else Degree.LAW


class StepVerb(models.TextChoices):
    """What one step of drawing did; each can be undone and redone."""

    DRAW = "draw", pgettext_lazy("drawing", "draw")
    RESHAPE = "reshape", pgettext_lazy("drawing", "move a border")
    SPLIT = "split", pgettext_lazy("drawing", "split")
    MERGE = "merge", pgettext_lazy("drawing", "merge")
    CUT_OUT = "cut_out", pgettext_lazy("drawing", "cut out")
    RENAME = "rename", pgettext_lazy("drawing", "rename")
    REPARENT = "reparent", pgettext_lazy("drawing", "move to another parent")
    REMOVE = "remove", pgettext_lazy("drawing", "remove")
    REPAIR = "repair", pgettext_lazy("drawing", "repair")
    CONFIRM = "confirm", pgettext_lazy("drawing", "confirm an outline")
    IMPORT = "import", pgettext_lazy("drawing", "import")
    PROPOSE = "propose", pgettext_lazy("drawing", "take over a proposal")
    RESET = "reset", pgettext_lazy("drawing", "take back a change")


class RunStatus(models.TextChoices):
    """How far a division by machine has come."""

    WAITING = "waiting", pgettext_lazy("run", "waiting")
    RUNNING = "running", pgettext_lazy("run", "running")
    DONE = "done", pgettext_lazy("run", "done")
    CANCELLED = "cancelled", pgettext_lazy("run", "cancelled")
    FAILED = "failed", pgettext_lazy("run", "failed")


_REPAIRS = {
    "give": _("Give this ground to %(code)s."),
    "cut": _("Cut this ground out of %(code)s."),
    "clip": _("Clip %(code)s to its parent."),
    "snap": _("Snap the borders of %(code)s and its neighbours together here."),
    "mend": _("Untangle the ring of %(code)s."),
    "fill": _("Fill this hole of %(code)s."),
    "keep": _("Nothing to do for %(code)s if it was meant so."),
    "pass": _("Pass this part to %(code)s, which it borders on."),
    "whole": _("Move the border so that the building lies in %(code)s as a whole."),
    "split": _("Split %(code)s, or give some of its ground to a neighbour."),
    "merge": _("Merge %(code)s with a neighbour, or give it more ground."),
    "confirm": _("Look at the outline of %(code)s on the map, then confirm it."),
    "redraw": _("Redraw the ring of %(code)s so that it does not cross itself."),
    "name-parent": _("Name a parent in force for %(code)s, or import its tier first."),
    "recode": _("Give %(code)s a code that fits its tier and begins with its parent's."),
    "new-code": _("Give %(code)s a code of its own; codes are never used twice."),
}


def repair_sentence(repair: str) -> str:
    """A repair such as `give:110108014001`, as stored, in the reader's language."""
    verb, _colon, code = repair.partition(":")
    sentence = _REPAIRS.get(verb)
    return str(sentence) % {"code": code} if sentence else repair


class PlaceKind(models.TextChoices):
    ROAD = "road", _("road")
    ESTATE = "estate", _("estate")
    BUILDING = "building", _("building")
    ADDRESS = "address", _("address")
    POINT = "point", _("place")
    AREA = "area", _("area")
