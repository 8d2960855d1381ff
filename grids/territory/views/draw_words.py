"""The words that the scripts of the editor say; the page hands them over as JSON."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from grids.territory.choices import FindingKind
from grids.territory.services.difference import CHANGES

N = {"n": "%(n)s"}  # filled by the script, which writes numbers as the reader's language does


def draw_words() -> dict[str, str]:
    """Each sentence by the key that js/draw/ knows it by, in the reader's language."""
    return {
        **_tools(),
        **_panel(),
        **{change: str(CHANGES[change]) for change in CHANGES},
        **{f"kind_{kind}": str(label) for kind, label in FindingKind.choices},
    }


def _tools() -> dict[str, str]:
    return {
        "hint_border": _(
            "Click an area to move its outline, or a border to move just that border."
        ),
        "hint_border_picked": _(
            "Drag a corner, or a small dot to add one. A right click, a long press or Delete "
            "removes a corner. Neighbours move along."
        ),
        "hint_split": _("Draw a line across an area, from side to side."),
        "hint_merge": _("Click the areas that become one."),
        "hint_cut": _("Draw round the park, mall or institution that becomes a grid of its own."),
        "hint_draw": _("Draw the outline of a new area on ground that belongs to no other."),
        "split_where": _("The line runs through no area of this tier. Draw it across one."),
        "part": _("Part %(n)s") % N,
        "new_area": _("This area"),
        "together": _("Together"),
        "name_of_area": _("Name of the new area"),
        "merge_n": _("Merge %(n)s areas") % N,
        "finish": _("Finish"),
        "point_back": _("Last point back"),
        "cancel": _("Cancel"),
        "save": _("Save"),
        "retry": _("Try again"),
        "discard": _("Discard"),
        "corner": _("Corner of %(n)s areas; arrow keys move it, Delete removes it") % N,
        "corner_locked": _("Corner on a border of another tier; locked"),
        "corner_needed": _("An area needs at least three corners."),
        "middle": _("Drag to add a corner"),
        "locked": _("This corner lies on the border of another tier, too."),
        "cross": _("Move that border too"),
        "snap_corner": pgettext("snap", "corner"),
        "snap_edge": pgettext("snap", "border"),
        "snap_road": pgettext("snap", "road"),
        "snap_water": pgettext("snap", "shore"),
        "offline": _(
            "The server cannot be reached. What you have drawn stays here; try again in a moment."
        ),
        "failed": _("The server answered with error %(status)s. Nothing was changed.")
        % {"status": "%(status)s"},
        "somebody_drew": _(
            "%(who)s has drawn here meanwhile (%(what)s; steps: %(n)s). The map shows the draft as "
            "it is now; your last step was not saved. Do it again if it still fits."
        )
        % {"who": "%(who)s", "what": "%(what)s", "n": "%(n)s"},
        "others_drew": _("Somebody else has drawn in this draft. The map is up to date again."),
        "undone_step": _("Undone: %(step)s") % {"step": "%(step)s"},
        "redone_step": _("Redone: %(step)s") % {"step": "%(step)s"},
    }


def _panel() -> dict[str, str]:
    return {
        "legend": _("Legend"),
        "areas": _("Areas in view"),
        "search": _("Find by name or code"),
        "no_areas": _("No area of this tier is in view."),
        "more": _("%(n)s more; come closer, or search.") % N,
        "all_areas": _("All areas"),
        "zoom": _("Show on the map"),
        "within": _("within"),
        "dedicated": _("Dedicated grid"),
        "name": pgettext("area", "Name"),
        "name_en": _("English name"),
        "rename": _("Rename"),
        "parent": _("Belongs to"),
        "reparent": _("Move there"),
        "confirm": _("Confirm the outline"),
        "confirm_n": _("Confirm %(n)s outlines") % N,
        "reset": _("Take back the change"),
        "remove": _("Remove"),
        "remove_help": _("The neighbour with the longest shared border takes the ground."),
        "households": pgettext("count", "households"),
        "buildings": pgettext("count", "buildings"),
        "cases": pgettext("count", "cases a year"),
        "households_word": _("Households"),
        "area_word": pgettext("size", "Area"),
        "buildings_word": _("Buildings"),
        "cases_word": _("Cases of last year"),
        "strength_word": _("Strength of nodes"),
        "m2": _("%(n)s m²") % N,
        "km2": _("%(n)s km²") % N,
        "base_outline": _("Outline in force"),
        "unconfirmed": _("Not confirmed"),
        "finding": _("Finding"),
        "no_difference": _("The draft changes nothing yet."),
        "households_affected": _("households affected"),
        "residents_affected": _("people affected"),
        "buildings_affected": _("buildings affected"),
        "no_findings": _("Nothing found where the draft was drawn."),
        "degree_structural": _("Must be mended"),
        "degree_law": _("Against the law of coverage"),
        "degree_advice": _("Worth knowing"),
        "accepted": _("accepted"),
        "no_repair": _("Mend this by hand."),
        "preview": _("Preview"),
        "before": _("Before"),
        "after": _("After"),
        "repair": _("Repair"),
        "repair_all": _("Repair all"),
        "check_all": _("Check the whole division"),
        "no_steps": _("No step yet."),
        "undone": _("undone"),
    }
