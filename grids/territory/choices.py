"""Fixed words of the territory room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


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
    """What a check of a division can find. The first three are structural and always refuse."""

    INVALID_RING = "invalid_ring", _("invalid ring")
    DOUBLED_CODE = "doubled_code", _("doubled code")
    MISSING_PARENT = "missing_parent", _("missing parent")
    GAP = "gap", _("gap")
    OVERLAP = "overlap", _("overlap")
    OUTSIDE_PARENT = "outside_parent", _("outside the parent")
    CODE_MISMATCH = "code_mismatch", _("code does not fit its tier or parent")


STRUCTURAL = frozenset(
    {FindingKind.INVALID_RING, FindingKind.DOUBLED_CODE, FindingKind.MISSING_PARENT}
)


_REPAIRS = {
    "give": _("Give this ground to %(code)s."),
    "cut": _("Cut this ground out of %(code)s."),
    "clip": _("Clip %(code)s to its parent."),
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
