"""The codes that the rules themselves know. Lists that a group may extend are data: the policy `codes`."""

from enum import StrEnum


class SignalState(StrEnum):
    """Where a customer's voice stands."""

    NEW = "new"
    LINKED = "linked"
    RETURNED = "returned"
    SET_ASIDE = "set_aside"


class IssueState(StrEnum):
    """Where the center's issue stands."""

    NEW = "new"
    ANALYSING = "analysing"
    IN_PROGRESS = "in_progress"
    VERIFYING = "verifying"
    CLOSED = "closed"
    ARCHIVED = "archived"
    DISMISSED = "dismissed"
    MERGED = "merged"


class TaskState(StrEnum):
    """Where one unit's part of an issue stands."""

    PLANNED = "planned"
    DISPATCHED = "dispatched"
    WORKING = "working"
    SIGNING = "signing"
    SUBMITTED = "submitted"
    FOLLOWING = "following"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class MeasureState(StrEnum):
    """Where a promised measure stands."""

    OPEN = "open"
    DONE = "done"
    CONFIRMED = "confirmed"


class ReportState(StrEnum):
    """Where a closure report stands with the audit."""

    PENDING = "pending"
    APPROVED = "approved"
    FILED = "filed"
    RETURNED = "returned"
    SUPERSEDED = "superseded"


class Duty(StrEnum):
    """A task's part in its issue: main gathers and answers, support answers to the main, separate stands alone."""

    MAIN = "main"
    SUPPORT = "support"
    SEPARATE = "separate"


class Outcome(StrEnum):
    """What the unit answers."""

    RESOLVED = "resolved"
    PLANNED = "planned"
    EXPLAINED = "explained"
    PARKED = "parked"
    NOT_FOUND = "not_found"


class MeasureKind(StrEnum):
    """CAPA's four kinds of measure."""

    CORRECTION = "correction"
    CORRECTIVE = "corrective"
    PREVENTIVE = "preventive"
    IMPROVEMENT = "improvement"


class Verdict(StrEnum):
    """Did the customer feel it?"""

    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"
    INCONCLUSIVE = "inconclusive"


class Role(StrEnum):
    """What a person is in a unit; several are allowed."""

    CENTER_MANAGER = "center_manager"
    ANALYST = "analyst"
    UNIT_LEAD = "unit_lead"
    LEADER = "leader"
    HANDLER = "handler"
    LIAISON = "liaison"
    DEPUTY = "deputy"
    AUDITOR = "auditor"
    ADMIN = "admin"


class UnitKind(StrEnum):
    """Kinds of unit; `below` is a province's own department or city branch."""

    CENTER = "center"
    AUDIT = "audit"
    DEPARTMENT = "department"
    BASE = "base"
    PROVINCE = "province"
    BELOW = "below"


CENTER = "CENTER"
SYSTEM = "system"

OPEN_TASK = frozenset(TaskState) - {TaskState.ACCEPTED, TaskState.CANCELLED}
# What counts as answered for the issue's promise "dealt with" (clock kind `issue`).
ANSWERED_TASK = frozenset({TaskState.ACCEPTED, TaskState.FOLLOWING})
OVER_TASK = ANSWERED_TASK | {TaskState.CANCELLED}
# While a unit has it, and afterwards as long as the issue is under way, a task is a reason to call its customers.
CALLING_TASK = frozenset(TaskState) - {TaskState.PLANNED, TaskState.DECLINED, TaskState.CANCELLED}
CALLING_ISSUE = frozenset({IssueState.IN_PROGRESS, IssueState.VERIFYING})
# Voices can still be made part of it.
LINKABLE_ISSUE = frozenset({IssueState.NEW, IssueState.ANALYSING, *CALLING_ISSUE})
OUTCOMES_WITH_FOLLOW_UP = frozenset({Outcome.PLANNED, Outcome.PARKED})
EFFECT_SEVERITIES = frozenset({1, 2})
# What a unit can contest: a breach, a send-back, a quality mark, a liability.
CONTESTABLE = ("breach", "send_back", "quality", "liability")
# The urgency 特急 of a voice that rings the center's duty person and is triaged around the clock.
URGENT = "extra"
