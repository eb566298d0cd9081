"""What a policy body consists of: the keys there are, and the parts that are read from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cxloop.domain.faults import Faulty
from cxloop.domain.targets import Target

SEVERITIES = (1, 2, 3, 4)
BANDS = ("below_day", "short", "long")
FAMILIES = ("unit", "department", "center", "audit")
RECEIVERS = ("handler", "lead", "liaison", "leader", "analyst", "center_manager", "auditor")
SIGN_OFFS = ("none", "lead", "leader")

TARGET_KEYS = (
    "triage",
    "sign",
    "sign_department",
    "decline_window",
    "decline_window_department",
    "issue_single",
    "issue_several",
    "review",
    "review_many",
    "gather",
    "units_min",
    "decide",
    "answer",
    "redo",
    "verify",
    "audit",
    "floor",
)
SEVERITY_KEYS = frozenset((*TARGET_KEYS, "audit_share", "sign_off"))
OPTIONAL_SEVERITY_KEYS = frozenset(("calendar", "calendar_kinds", "extension_lead", "contact"))
OPTIONAL_KEYS = frozenset(("code", "notices"))
BODY_KEYS = frozenset(("limits", "effect", "measure", "severity", "bands", "families", "ladder"))
LIMIT_KEYS = ("send_backs", "declines", "many_units", "rung_late_seconds")
# What a body published before these keys existed means by their absence.
EXTENSIONS, PAUSED_MOST, AT_ONCE, LIKENESS = 2, "20 d", (1,), 80
APPEAL, APPEAL_DECISION = "3 d", "5 d"
CONTACT = {1: "2 nh", 2: "24 nh", 3: "24 nh", 4: "24 nh"}
CONTACT_FAMILY = "unit"
TARGET_UNITS = ("hours", "days", "natural_hours", "natural_days")


class PolicyError(Faulty):
    """A policy body that cannot be used, or a question that no policy answers."""


@dataclass(frozen=True, slots=True)
class RungSpec:
    """A rung as the policy states it: `percent` of the target consumed, or `offset` before (-1) or after (1) due.

    The rung `due` has neither percent nor offset and sign 0. `letter` makes the notice a letter; `bulletin` proposes
    the unit for the bulletin.
    """

    code: str
    percent: int | None
    offset: Target | None
    sign: int
    receivers: tuple[str, ...]
    letter: bool = False
    bulletin: bool = False


@dataclass(frozen=True, slots=True)
class Severity:
    """What one severity promises: its targets by key, its calendar if it has one, its share of closures audited."""

    targets: Mapping[str, Target]
    calendar: str | None
    calendar_kinds: frozenset[str]
    audit_share: int
    sign_off: str
    extension_lead: Target | None
