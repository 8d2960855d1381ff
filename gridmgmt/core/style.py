"""The style page: every component with examples, so that nobody draws a second one."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.paginator import Paginator
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.generic import TemplateView

# The residents' picture tiles: value, icon in img/tiles.svg, words of every day.
RESIDENT_TILES: tuple[tuple[str, Promise], ...] = (
    ("rubbish", _("Rubbish, dirt")),
    ("road", _("Road, pavement, manhole")),
    ("light", _("Street light, power")),
    ("water", _("Water, drains")),
    ("parking", _("Parking, blocked way")),
    ("noise", _("Noise, smell")),
    ("fire", _("Fire risk")),
    ("lift", _("Lift")),
    ("building", _("House, illegal building")),
    ("neighbours", _("Quarrel of neighbours")),
    ("elder", _("Elderly in need")),
    ("health", _("Health, pests, pets")),
    ("trees", _("Trees, green")),
    ("other", _("Something else")),
)
COLOURS = (
    ("bg", "text"),
    ("surface", "text"),
    ("surface", "text-2"),
    ("sunken", "text-2"),
    ("accent", "on-accent"),
    ("accent-soft", "accent"),
    ("green-soft", "green"),
    ("yellow-soft", "yellow"),
    ("red-soft", "red"),
    ("red", "on-red"),
    ("none-soft", "none"),
)
ICONS = (
    "home",
    "report",
    "follow",
    "map",
    "pin",
    "locate",
    "camera",
    "photo",
    "search",
    "filter",
    "list",
    "layers",
    "bell",
    "urge",
    "return",
    "check",
    "alert",
    "info",
    "clock",
    "phone",
    "user",
    "people",
    "chart",
    "download",
    "upload",
    "print",
    "settings",
    "menu",
    "close",
    "chevron",
    "back",
    "forward",
    "external",
    "star",
    "lock",
    "plus",
    "trash",
    "language",
    "text-size",
    "theme",
    "sign-out",
    "empty",
)


class ExampleForm(forms.Form):
    """One field of each kind."""

    words = forms.CharField(
        label=_("What happened?"),
        help_text=_("One sentence is enough."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    phone = forms.CharField(
        label=_("Your phone number"),
        required=False,
        help_text=_("Only the person who handles it sees it."),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("1", _("Rubbish, dirt")), ("2", _("Noise, smell"))]
    )
    satisfied = forms.ChoiceField(
        label=_("Are you satisfied?"),
        widget=forms.RadioSelect,
        choices=[("3", _("Satisfied")), ("2", _("Fairly satisfied")), ("1", _("Not satisfied"))],
    )
    agree = forms.BooleanField(label=_("The photo may be shown to the public"), required=False)


class ExampleFilter(forms.Form):
    """Filters of a work list."""

    q = forms.CharField(
        label=_("Search"), required=False, widget=forms.TextInput(attrs={"type": "search"})
    )
    light = forms.ChoiceField(
        label=_("Light"),
        required=False,
        choices=[
            ("", _("All")),
            ("green", _("On time")),
            ("yellow", _("Due soon")),
            ("red", _("Overdue")),
        ],
    )
    grid = forms.ChoiceField(label=_("Grid"), required=False, choices=[("", _("All"))])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("auto_id", "filter_%s")
        super().__init__(*args, **kwargs)


def _cases(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "number": "QHY-0314",
            "title": _("Manhole cover missing at the crossing"),
            "place": "清华园街道西南社区第003网格",
            "light": "red",
            "left": _("2 h 10 min over"),
            "state": _("In hand"),
            "tone": "open",
            "marks": [("urgent", _("Urgent")), ("urged", _("Urged"))],
            "when": now,
        },
        {
            "number": "QHY-0313",
            "title": _("Rubbish beside the north gate for three days"),
            "place": "清华园街道荷清苑社区第001网格",
            "light": "yellow",
            "left": _("35 min left"),
            "state": _("Dispatched"),
            "tone": "waiting",
            "marks": [("extended", _("Extended"))],
            "when": now,
        },
        {
            "number": "QHY-0309",
            "title": _("Lift of house 7 stands still"),
            "place": "清华园街道双清苑社区第002网格",
            "light": "green",
            "left": _("1 work day left"),
            "state": _("Handled"),
            "tone": "done",
            "marks": [],
            "when": now,
        },
        {
            "number": "QHY-0301",
            "title": _("Quarrel about a shared corridor"),
            "place": "清华园街道蓝旗营社区第001网格",
            "light": "none",
            "left": "",
            "state": _("Suspended"),
            "tone": "stopped",
            "marks": [("confidential", _("Confidential"))],
            "when": now,
        },
    ]


class StylePage(TemplateView):
    """Draws core/style.html; public, holds nothing real."""

    template_name = "core/style.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        now = timezone.now()
        wrong = ExampleForm({"kind": "1", "phone": "180", "satisfied": "9"}, auto_id="wrong_%s")
        return super().get_context_data(
            **kwargs,
            nav=[
                {"url": "#", "label": _("Work list"), "icon": "list", "active": True, "badge": 12},
                {"url": "#map", "label": _("Map"), "icon": "map"},
                {"url": "#figures", "label": _("Statistics"), "icon": "chart"},
            ],
            public_nav=[
                {"url": "#form", "label": _("Report"), "icon": "report", "active": True},
                {"url": "#history", "label": _("Follow"), "icon": "follow"},
                {"url": "#map", "label": _("Map"), "icon": "map"},
            ],
            unread=3,
            colours=COLOURS,
            icons=ICONS,
            lights=("green", "yellow", "red", "none"),
            form=ExampleForm(auto_id="form_%s"),
            wrong_form=wrong,
            filter_form=ExampleFilter(),
            tiles=[{"value": k, "icon": k, "label": label} for k, label in RESIDENT_TILES],
            cases=_cases(now),
            page_obj=Paginator(range(240), 25).get_page(self.request.GET.get("page", 4)),
            figures=_figures(),
            history=_history(now),
            tabs=[
                {"url": "#", "label": _("To handle"), "active": True, "badge": 12},
                {"url": "#tabs", "label": _("Waiting for others"), "badge": 4},
                {"url": "#tabs", "label": _("Done")},
            ],
            facts=[
                (_("Query number"), "QHY-0314"),
                (_("Place"), "清华园街道西南社区第003网格"),
                (_("Limit"), _("2 urgent hours")),
                (_("Reported through"), None),
            ],
            legend=[
                {"kind": "green", "label": _("On time"), "n": 41},
                {"kind": "yellow", "label": _("Due soon"), "n": 7},
                {"kind": "red", "label": _("Overdue"), "n": 3},
                {"kind": "area", "label": _("Grid"), "color": "#14557b", "n": None},
            ],
            chart={
                "type": "stack",
                "unit": "",
                "labels": ["一", "二", "三", "四", "五"],
                "series": [
                    {"name": str(_("On time")), "values": [8, 12, 9, 14, 11]},
                    {"name": str(_("Overdue")), "values": [1, 0, 3, 2, 1]},
                ],
            },
        )


def _figures() -> list[dict[str, Any]]:
    return [
        {
            "label": _("Today"),
            "value": 37,
            "text": _("reports came in, 29 of them placed at once."),
            "tone": "accent",
        },
        {"label": _("Urgent"), "value": 2, "text": _("matters wait for your word."), "tone": "red"},
        {"label": _("Red"), "value": 3, "text": _("cases are over their limit."), "tone": "yellow"},
        {
            "label": _("Oldest"),
            "value": 6,
            "unit": _("days"),
            "text": _("is the longest that someone waits."),
            "tone": "",
        },
        {
            "label": _("Satisfied"),
            "value": None,
            "text": _("nobody has rated yet today."),
            "tone": "green",
        },
    ]


def _history(now: datetime) -> list[dict[str, Any]]:
    return [
        {
            "what": pgettext_lazy("step", "Reported"),
            "when": now,
            "who": _("Resident"),
            "tone": "done",
        },
        {"what": _("Dispatched to the road team"), "when": now, "who": "王敏", "tone": "done"},
        {
            "what": pgettext_lazy("step", "Urged"),
            "when": now,
            "who": "李建国",
            "note": _("Children pass here on the way to school."),
            "tone": "alert",
        },
        {"what": _("In hand"), "when": now, "who": "赵宏", "tone": "now"},
    ]
