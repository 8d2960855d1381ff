"""The sentences by which people are told of cases. Parameters: number, kind, area."""

from django.utils.translation import gettext_noop

from gridmgmt.notifications import kinds

ASSIGNED = "case.assigned"
MAJOR = "case.major"
TO_CONFIRM = "case.to_confirm"
RETURNED = "case.returned"
REWORK = "case.rework"
URGED = "case.urged"
SUPERVISED = "case.supervised"
REPLIED = "case.replied"
ORDERED = "case.ordered"
NEARLY_DUE = "case.nearly_due"
OVERDUE = "case.overdue"
DISSATISFIED = "case.dissatisfied"
REPORT_TAKEN = "report.taken"
REPORT_DONE = "report.done"
REPORT_NOT_TAKEN = "report.not_taken"
REPORT_MERGED = "report.merged"

_WHERE = gettext_noop("%(kind)s · %(area)s")


def register() -> None:
    """Called once when the room is ready."""
    for code, title, icon in (
        (ASSIGNED, gettext_noop("Case %(number)s waits for you"), "list"),
        (MAJOR, gettext_noop("Major emergency: case %(number)s"), "alert"),
        (TO_CONFIRM, gettext_noop("Urgent case %(number)s: please verify on the spot"), "alert"),
        (RETURNED, gettext_noop("Case %(number)s was handed back"), "list"),
        (REWORK, gettext_noop("Case %(number)s came back for rework"), "list"),
        (URGED, gettext_noop("Case %(number)s is urged"), "clock"),
        (
            SUPERVISED,
            gettext_noop("Case %(number)s is under supervision: a reply is owed"),
            "clock",
        ),
        (REPLIED, gettext_noop("The reply on case %(number)s is there"), "list"),
        (ORDERED, gettext_noop("A leader has given an order on case %(number)s"), "alert"),
        (NEARLY_DUE, gettext_noop("Case %(number)s is nearly due"), "clock"),
        (OVERDUE, gettext_noop("Case %(number)s is overdue"), "clock"),
        (DISSATISFIED, gettext_noop("The reporter of case %(number)s is not satisfied"), "list"),
        (REPORT_TAKEN, gettext_noop("Your report %(number)s is being handled"), "bell"),
        (REPORT_DONE, gettext_noop("Your report %(number)s is done"), "check"),
        (REPORT_NOT_TAKEN, gettext_noop("Your report %(number)s is not taken up"), "bell"),
        (REPORT_MERGED, gettext_noop("Your report %(number)s is handled with another one"), "bell"),
    ):
        kinds.register(code, title, _WHERE, icon)
