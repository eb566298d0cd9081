"""The policy `sla` as a value: targets, limits and ladders of the clocks, parsed once from a published body.

Every figure comes from the body (config/policies/sla.toml is the default one); the code knows only which keys there
are and how they are stated. Clocks pin the policy version they were started with (DESIGN K12).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cxloop.domain.faults import Fault
from cxloop.domain.policy_parts import SEVERITIES, PolicyError, RungSpec, Severity
from cxloop.domain.policy_reading import read_parts
from cxloop.domain.targets import Target

__all__ = ["SEVERITIES", "Policy", "PolicyError", "RungSpec", "Severity"]

# Kinds that borrow a figure: a wave ends one review before the issue is due (K6), and what was not drawn for
# audit is archived once the audit window has passed.
BORROWED = {"wave_end": "review", "archive": "audit"}
BY_DEPARTMENT = ("sign", "decline_window")
# The calendar of natural time.
WALL_CLOCK = "ALWAYS"


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy `sla`."""

    send_backs: int
    declines: int
    many_units: int
    rung_late_seconds: int
    extensions: int
    paused_most: Target
    appeal: Target
    appeal_decision: Target
    likeness: int
    at_once: frozenset[int]
    effect_wait: Target
    measure_guide: tuple[Target, ...]
    severities: Mapping[int, Severity]
    bands: Mapping[str, Mapping[str, int]]
    families: Mapping[str, str]
    ladders: Mapping[tuple[str, str], tuple[RungSpec, ...]]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Policy:
        """Turn a published body into a policy; PolicyError names everything missing, unknown or malformed in it."""
        return cls(**read_parts(body))

    def target(
        self, kind: str, severity: int, *, department: bool = False, several: bool = False, units: int = 1
    ) -> Target:
        """Say how long `kind` may take at `severity`.

        `kind` is a clock kind with a figure of its own (triage, issue, sign, contact, review, decide, answer, verify,
        audit, archive), or decline_window, wave_end, gather, units_min, redo. `department`: the holder is an HQ
        department. `several`: the issue concerns several units. `units`: how many the wave under review went to.
        Raises PolicyError for an unknown kind or severity.
        """
        key = BORROWED.get(kind, kind)
        if key == "issue":
            key = "issue_several" if several else "issue_single"
        elif key == "review" and units > self.many_units:
            key = "review_many"
        elif department and key in BY_DEPARTMENT:
            key = f"{key}_department"
        try:
            return self._severity(severity).targets[key]
        except KeyError:
            raise PolicyError([Fault("kind", "invalid_code", {"code": kind})]) from None

    def calendar_code(self, kind: str, severity: int) -> str | None:
        """Name the calendar that `kind` runs on at `severity`, or None where it is the holder's own."""
        row = self._severity(severity)
        if kind in row.calendar_kinds:
            return row.calendar
        # A customer's patience is stated in natural time: it passes by night and on Sundays.
        return WALL_CLOCK if kind == "contact" else None

    def floor(self, severity: int) -> Target:
        """Say what a send-back or re-rating leaves at least; if the target is less, the caller takes that."""
        return self._severity(severity).targets["floor"]

    def audit_share(self, severity: int) -> int:
        """Say how many of 100 closures of this severity are drawn for audit."""
        return self._severity(severity).audit_share

    def sign_off(self, severity: int) -> str:
        """Say whose signature an answer needs before it goes up: none, lead or leader."""
        return self._severity(severity).sign_off

    def extension_lead(self, severity: int) -> Target | None:
        """Say how long before its due a clock may still be asked to be extended; None: not at this severity (K10)."""
        return self._severity(severity).extension_lead

    def ladder(self, kind: str, *, target: Target, department: bool = False) -> tuple[RungSpec, ...]:
        """List the rungs of a clock by its kind and the length of its target; none for a kind that has no ladder."""
        family = self.families.get(kind)
        if family is None:
            return ()
        if family == "unit" and department:
            family = "department"
        return self.ladders[family, self.band(target)]

    def band(self, target: Target) -> str:
        """Say which ladder a target climbs: below_day, short or long."""
        if target.amount < self.bands["short"][target.unit]:
            return "below_day"
        return "short" if target.amount < self.bands["long"][target.unit] else "long"

    def _severity(self, severity: int) -> Severity:
        try:
            return self.severities[severity]
        except KeyError:
            raise PolicyError([Fault("severity", "invalid_code", {"code": severity})]) from None
