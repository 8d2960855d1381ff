"""The reasons of a routing decision as sentences in the reader's language.

Reasons are stored as codes with parameters, so that a decision of last year reads well in either
language today. Parameters hold names of areas, departments and rules, never of people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from gridmgmt.core.permissions import Role
from grids.people.choices import ManagementSystem
from incidents.services.decision import Reason

_SENTENCES: dict[str, Callable[[], str]] = {
    "place_inside": lambda: _("The place lies in %(area)s (%(code)s)."),
    "place_boundary": lambda: _(
        "The place lies on a border; %(area)s (%(code)s) answers for it, also touched: %(others)s."
    ),
    "place_gap": lambda: _(
        "No grid covers the place; %(area)s (%(code)s) is the nearest, %(distance)s m away."
    ),
    "place_parent": lambda: _(
        "The place lies in %(area)s (%(code)s), but in no grid below it; the upper tier answers."
    ),
    "place_outside": lambda: _("The place lies outside the territory; the dispatcher decides."),
    "place_none": lambda: _("No place is known in the territory yet; the dispatcher finds it."),
    "lead": lambda: _("%(role)s of %(area)s is responsible."),
    "deputy": lambda: _("The %(role)s of %(area)s is away or not appointed; the deputy answers."),
    "stand_in": lambda: _("The %(role)s of %(area)s is away; who stands in answers."),
    "parent_tier": lambda: _("The post of %(role)s is vacant in %(leaf)s; %(area)s above answers."),
    "above": lambda: _("%(role)s of %(area)s answers for %(leaf)s."),
    "vacant": lambda: _("Nobody holds the post of %(role)s here or above; the dispatcher decides."),
    "avoided": lambda: _("Who handled the case does not check it; the next one in charge does."),
    "rule": lambda: _("The rule “%(rule)s”, version %(version)s, applies."),
    "rule_empty": lambda: _("The rule “%(rule)s” applies too, but its target is not to be found."),
    "department_named": lambda: _("It names the department %(department)s."),
    "department_nearest": lambda: _(
        "%(department)s is the nearest department of %(system)s for this place."
    ),
    "no_rule": lambda: _("No rule applies; the management system of the category decides."),
    "no_owner": lambda: _("No rule and no department fits; the dispatcher decides."),
    "by_hand": lambda: _("A person chose the owner by hand."),
    "dispatcher": lambda: _("Dispatching is the dispatchers' task."),
    "major": lambda: _("A major emergency: the leaders and the grid's manager are told at once."),
    "urgent": lambda: _(
        "Urgent: it goes to the management system directly; the manager's verification follows."
    ),
    "auto_dispatch": lambda: _("It is dispatched without waiting for the dispatcher."),
}
CODES = frozenset(_SENTENCES)


def explain(reasons: Iterable[Reason]) -> list[str]:
    """One sentence for each reason, in order; a code of a later version shows as it stands."""
    sentences = []
    for reason in reasons:
        sentence = _SENTENCES.get(reason["code"])
        if sentence is None:
            sentences.append(str(reason["code"]))
        else:
            sentences.append(sentence() % _words(reason.get("params", {})))
    return sentences


def reason(code: str, /, **params: Any) -> Reason:
    """A reason as it is stored."""
    return {"code": code, "params": params} if params else {"code": code}


def bilingual(thing: Any) -> dict[str, str]:
    """Both names of an area, department or rule, as a parameter."""
    return {"name": thing.name, "name_en": thing.name_en}


def _words(params: dict[str, Any]) -> dict[str, str]:
    english = (get_language() or "").startswith("en")
    return {key: _word(key, value, english) for key, value in params.items()}


def _word(key: str, value: Any, english: bool) -> str:
    if isinstance(value, list):
        return (", " if english else "、").join(_word(key, part, english) for part in value)
    if isinstance(value, dict):
        return (value.get("name_en") if english else "") or value["name"]
    if key == "role" and value in Role.values:
        return str(Role(value).label)
    if key == "system" and value in ManagementSystem.values:
        return str(ManagementSystem(value).label)
    return str(value)
