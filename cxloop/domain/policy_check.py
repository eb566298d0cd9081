"""Whether a policy makes sense as a whole: shares that fit, grave before slight, rungs in the order of time.

Lengths are compared in nominal days, for no calendar is at hand: a working day of 7.5 h, a day of 24 h where the clock
runs around it. Natural time is compared with working time only there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from cxloop.domain import clocks
from cxloop.domain.faults import Fault
from cxloop.domain.policy import SEVERITIES, Policy, RungSpec
from cxloop.domain.targets import Target

WORKING_DAY, WHOLE_DAY = Fraction(15, 2), Fraction(24)
# Calendars that run around the clock; all others are taken for a working week.
AROUND_THE_CLOCK = frozenset({"ALWAYS"})
# In whose calendar a figure is counted: that of the clock of this kind.
COUNTED_AS = {
    "triage": "triage", "sign": "sign", "sign_department": "sign", "decline_window": "sign",
    "decline_window_department": "sign", "issue_single": "issue", "issue_several": "issue", "review": "review",
    "review_many": "review", "gather": "issue", "units_min": "feedback", "floor": "feedback", "contact": "contact",
}  # fmt: skip
# (what, is never longer than): a unit that lands late still signs, declines and is sent back within its own time.
NEVER_LONGER = (
    ("sign", "units_min"),
    ("sign_department", "units_min"),
    ("decline_window", "units_min"),
    ("decline_window_department", "units_min"),
    ("floor", "units_min"),
    ("issue_single", "issue_several"),
    ("review", "review_many"),
)
# What has to happen one after another between opening and the joint due.
SHARES = {"issue_single": ("review", "gather", "units_min"), "issue_several": ("review_many", "gather", "units_min")}
SOONER_WHEN_GRAVER = ("triage", "sign", "sign_department", "issue_single", "issue_several", "contact")
# Kinds without a promise to anybody, and rungs that no ladder may name.
PROMISES_NOTHING = frozenset({"archive", "reexamine"})
TAKEN = frozenset({clocks.START, clocks.FILE, clocks.RESUME, clocks.RECHECK})


class _Length(NamedTuple):
    """A target in nominal days; `natural` where it passes by night and on Sundays, None where both are the same."""

    days: Fraction
    natural: bool | None

    def beside(self, other: _Length) -> bool:
        """Whether the two can be compared."""
        return self.natural is None or other.natural is None or self.natural == other.natural


def find_faults(policy: Policy) -> tuple[Fault, ...]:
    """Everything that does not fit together in a policy, none where it may be published."""
    found = [fault for severity in SEVERITIES for fault in _in_severity(policy, severity)]
    found += [fault for pair in pairwise(SEVERITIES) for fault in _between(policy, *pair)]
    found += [fault for place, ladder in policy.ladders.items() for fault in _in_ladder(".".join(place), ladder)]
    return (*found, *_of_kinds(policy))


def _length(target: Target, *, around_the_clock: bool) -> _Length:
    natural = None if around_the_clock else target.unit.startswith("natural")
    if target.unit in {"days", "natural_days"}:
        return _Length(target.amount, natural)
    day = WORKING_DAY if target.unit == "hours" and not around_the_clock else WHOLE_DAY
    return _Length(target.amount / day, natural)


def _figure(policy: Policy, severity: int, key: str) -> _Length:
    row = policy.severities[severity]
    own = row.calendar if COUNTED_AS[key] in row.calendar_kinds else None
    return _length(row.targets[key], around_the_clock=own in AROUND_THE_CLOCK)


def _in_severity(policy: Policy, severity: int) -> Iterator[Fault]:
    targets, place = policy.severities[severity].targets, f"severity.{severity}"
    for key, most in NEVER_LONGER:
        mine, limit = _figure(policy, severity, key), _figure(policy, severity, most)
        if mine.beside(limit) and mine.days > limit.days:
            params = {"length": targets[key], "other": f"{place}.{most}", "limit": targets[most]}
            yield Fault(f"{place}.{key}", "policy_longer", _worded(params))
    for whole, parts in SHARES.items():
        all_of = _figure(policy, severity, whole)
        shares = [_figure(policy, severity, part) for part in parts]
        if all(share.beside(all_of) for share in shares) and sum(share.days for share in shares) > all_of.days:
            params = {"whole": targets[whole], "shares": " + ".join(f"{part} {targets[part]}" for part in parts)}
            yield Fault(f"{place}.{whole}", "policy_shares", _worded(params))
    if not targets["contact"].unit.startswith("natural"):
        yield Fault(f"{place}.contact", "policy_natural", _worded({"length": targets["contact"]}))
    yield from _lead(policy, severity)


def _lead(policy: Policy, severity: int) -> Iterator[Fault]:
    """An extension can be asked in the least time a unit has: at once even, where both are whole working days."""
    row = policy.severities[severity]
    lead, least = row.extension_lead, row.targets["units_min"]
    if lead is None:
        return
    own = row.calendar if "feedback" in row.calendar_kinds else None
    mine, limit = _length(lead, around_the_clock=own in AROUND_THE_CLOCK), _figure(policy, severity, "units_min")
    too_long = mine.days > limit.days or (mine.days == limit.days and lead.unit != "days")
    if mine.beside(limit) and too_long:
        yield Fault(f"severity.{severity}.extension_lead", "policy_lead", _worded({"lead": lead, "least": least}))


def _between(policy: Policy, graver: int, lighter: int) -> Iterator[Fault]:
    for key in SOONER_WHEN_GRAVER:
        mine, other = _figure(policy, graver, key), _figure(policy, lighter, key)
        if mine.beside(other) and mine.days > other.days:
            params = {
                "length": policy.severities[graver].targets[key],
                "lighter": lighter,
                "limit": policy.severities[lighter].targets[key],
            }
            yield Fault(f"severity.{graver}.{key}", "policy_graver", _worded(params))
    shares = [policy.severities[severity].audit_share for severity in (graver, lighter)]
    if shares[0] < shares[1]:
        said = {"share": shares[0], "lighter": lighter, "limit": shares[1]}
        yield Fault(f"severity.{graver}.audit_share", "policy_audited", _worded(said))


def _in_ladder(place: str, ladder: tuple[RungSpec, ...]) -> Iterator[Fault]:
    for n, (before, rung) in enumerate(pairwise(ladder), 1):
        # For short targets "-1 d" may lie before "75 %"; rungs are told in the order of their moments all the same.
        if _rank(before) >= _rank(rung):
            yield Fault(
                f"ladder.{place}.{n}.at", "policy_rungs_order", _worded({"rung": rung.code, "before": before.code})
            )
    for n, rung in enumerate(ladder):
        if rung.code in TAKEN:
            yield Fault(f"ladder.{place}.{n}.code", "policy_code")


def _rank(rung: RungSpec) -> tuple[int, Fraction]:
    if rung.percent is not None:
        return 0, Fraction(rung.percent)
    if rung.offset is None:
        return 2, Fraction(0)
    days = _length(rung.offset, around_the_clock=False).days
    return (1, -days) if rung.sign < 0 else (3, days)


def _of_kinds(policy: Policy) -> Iterator[Fault]:
    for kind in sorted(policy.families.keys() - set(clocks.KINDS)):
        yield Fault(f"families.{kind}", "unknown_field")
    # Without a ladder a clock would have no rung at its due, and so no breach.
    for kind in sorted(set(clocks.KINDS) - PROMISES_NOTHING - policy.families.keys()):
        yield Fault(f"families.{kind}", "required")
    for severity, row in policy.severities.items():
        for kind in sorted(row.calendar_kinds - set(clocks.KINDS)):
            yield Fault(f"severity.{severity}.calendar_kinds", "invalid_code", _worded({"code": kind}))


def _worded(params: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in params.items()}
