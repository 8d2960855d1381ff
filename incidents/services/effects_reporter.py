"""What a reporter does with the query number: an opinion, and taking the matter up again."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _

from incidents.choices import Action, Opinion
from incidents.services import sending
from incidents.services.errors import MoveRefused
from incidents.services.step import Step

LONGEST_REASON = 1000


def rate(step: Step) -> None:
    """`opinion`; whoever is not satisfied says why (the note). Changeable for seven days."""
    incident, opinion = step.incident, step.data.get("opinion")
    if opinion not in Opinion.values:
        raise MoveRefused({"opinion": [_("Choose one of the three opinions.")]})
    if opinion == Opinion.DISSATISFIED and not step.note:
        raise MoveRefused({"reason": [_("Tell us what was not good, so that it can be mended.")]})
    if len(step.note) > LONGEST_REASON:
        raise MoveRefused({"reason": [_("At most 1000 characters are possible.")]})
    incident.opinion = opinion
    incident.opinion_reason = step.note
    if incident.rated_at is None:
        incident.rated_at = step.now
    step.details["opinion"] = str(opinion)


def reopen(step: Step) -> None:
    """Filed again, and on to the handler as if it were new; the opinion on the first try stays."""
    incident = step.incident
    incident.closed_at = None
    incident.on_the_spot = False
    incident.appealed = False
    step.details["opinion"] = incident.opinion
    step.more_lines += sending.send_on(incident, sending.place_of(incident, step.now), now=step.now)


EFFECTS: dict[str, Callable[[Step], None]] = {Action.RATE: rate, Action.REOPEN: reopen}
