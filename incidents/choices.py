"""Fixed words of the incidents room."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """Where a case stands. Staff labels; residents read `PublicState`."""

    REPORTED = "reported", _("reported")
    VERIFIED = "verified", _("verified")
    FILED = "filed", _("filed")
    DISPATCHED = "dispatched", _("dispatched")
    IN_HAND = "in_hand", _("in hand")
    HANDLED = "handled", _("handled")
    CHECKED = "checked", _("checked")
    CLOSED = "closed", _("closed")
    NOT_FILED = "not_filed", _("not filed")
    SUSPENDED = "suspended", _("suspended")
    VOID = "void", _("void")
    MERGED = "merged", _("merged")


OPEN_STATES = frozenset(
    {
        State.REPORTED,
        State.VERIFIED,
        State.FILED,
        State.DISPATCHED,
        State.IN_HAND,
        State.HANDLED,
        State.CHECKED,
        State.SUSPENDED,
    }
)


class PublicState(models.TextChoices):
    """What a resident reads. They never meet the office's stages."""

    RECEIVED = "received", _("Received")
    IN_PROGRESS = "in_progress", _("Being handled")
    DONE = "done", _("Done")
    NOT_TAKEN = "not_taken", _("Not taken up")


PUBLIC_STATE = {
    State.REPORTED: PublicState.RECEIVED,
    State.VERIFIED: PublicState.RECEIVED,
    State.FILED: PublicState.IN_PROGRESS,
    State.DISPATCHED: PublicState.IN_PROGRESS,
    State.IN_HAND: PublicState.IN_PROGRESS,
    State.HANDLED: PublicState.IN_PROGRESS,
    State.CHECKED: PublicState.IN_PROGRESS,
    State.SUSPENDED: PublicState.IN_PROGRESS,
    State.CLOSED: PublicState.DONE,
    State.NOT_FILED: PublicState.NOT_TAKEN,
    State.VOID: PublicState.NOT_TAKEN,
    State.MERGED: PublicState.IN_PROGRESS,
}


class Action(models.TextChoices):
    """Every move of a case. `incidents/lifecycle.py` says from where, to where and who may."""

    REPORT = "report", _("report")
    VERIFY = "verify", _("verify")
    FILE = "file", pgettext_lazy("action", "file")
    NOT_FILE = "not_file", _("do not file")
    CONFIRM = "confirm", _("confirm afterwards")
    SELF_HANDLE = "self_handle", _("close on the spot")
    DISPATCH = "dispatch", _("dispatch")
    ACCEPT = "accept", _("take in hand")
    HANDLE = "handle", _("report the result")
    CHECK = "check", _("check")
    REWORK = "rework", _("send back for rework")
    CLOSE = "close", _("close")
    RETURN = "return", _("hand back")
    REASSIGN = "reassign", _("reassign")
    SUSPEND = "suspend", _("suspend")
    RESUME = "resume", _("resume")
    VOID = "void", _("void")
    MERGE = "merge", _("merge")
    SPLIT = "split", _("split")
    EXTEND = "extend", _("extend")
    REMIND = "remind", _("urge")
    SUPERVISE = "supervise", _("supervise formally")
    ORDER = "order", pgettext_lazy("action", "order")
    REPLY = "reply", _("reply to supervision")
    APPEAL = "appeal", _("appeal")
    RATE = "rate", _("rate")
    REOPEN = "reopen", _("reopen")
    CLASSIFY = "classify", _("correct the category")
    RELEASE = "release", _("release to the public")
    NOTE = "note", _("add a note")
    ESCALATE = "escalate", _("escalate")
    REROUTE = "reroute", _("route anew")


class Channel(models.TextChoices):
    WEB = "web", _("web form")
    PHONE = "phone", _("phone")
    SMS = "sms", _("text message")
    WALK_IN = "walk_in", _("walk-in")
    LETTER = "letter", _("letter")
    PATROL = "patrol", _("patrol")
    LEADER = "leader", _("leader's order")
    SENSOR = "sensor", _("sensor")
    OPEN311 = "open311", _("Open311")
    IMPORT = "import", _("file import")


class Grade(models.TextChoices):
    SIMPLE = "simple", _("simple")
    GENERAL = "general", _("general")
    PROMINENT = "prominent", _("prominent")
    MAJOR = "major", _("major")


class CategoryKind(models.TextChoices):
    EVENT = "event", _("event")
    COMPONENT = "component", _("component")
    MATTER = "matter", _("matter")


class ClockUnit(models.TextChoices):
    """The four units clocks run in (incidents/clocks.py computes them)."""

    URGENT_HOUR = "urgent_hour", _("urgent hours")
    URGENT_DAY = "urgent_day", _("urgent days")
    WORK_HOUR = "work_hour", _("work hours")
    WORK_DAY = "work_day", _("work days")


class ClockKind(models.TextChoices):
    VERIFY = "verify", _("verification")
    DISPATCH = "dispatch", _("dispatch")
    HANDLE = "handle", _("handling")
    CHECK = "check", _("check")


class Purpose(models.TextChoices):
    """What an owner is looked for."""

    VERIFY = "verify", _("to verify")
    DISPATCH = "dispatch", _("to dispatch")
    HANDLE = "handle", _("to handle")
    CHECK = "check", _("to check")


class Light(models.TextChoices):
    """≤80 % of the limit green, ≤100 % yellow, then red; none where no clock runs."""

    GREEN = "green", _("in time")
    YELLOW = "yellow", _("nearly due")
    RED = "red", _("overdue")
    NONE = "none", _("no limit")


class Opinion(models.TextChoices):
    SATISFIED = "satisfied", _("Satisfied")
    FAIR = "fair", _("Fairly satisfied")
    DISSATISFIED = "dissatisfied", _("Not satisfied")


class DayKind(models.TextChoices):
    HOLIDAY = "holiday", _("holiday")
    MAKE_UP = "make_up", _("make-up working day")


class AttachmentStage(models.TextChoices):
    REPORT = "report", _("report")
    BEFORE = "before", _("before")
    AFTER = "after", _("after")
