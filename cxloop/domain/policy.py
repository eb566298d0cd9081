"""The policy `sla` as a value: targets, limits and ladders of the clocks, parsed once from a published body.

Every figure comes from the body (config/policies/sla.toml is the default one); the code knows only which keys there
are and how they are stated. Clocks pin the policy version they were started with (DESIGN K12).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
# Kinds that borrow a figure: a wave ends one review before the issue is due (K6), and what was not drawn for
# audit is archived once the audit window has passed.
BORROWED = {"wave_end": "review", "archive": "audit"}
BY_DEPARTMENT = ("sign", "decline_window")

SEVERITY_KEYS = frozenset((*TARGET_KEYS, "audit_share", "sign_off"))
OPTIONAL_SEVERITY_KEYS = frozenset(("calendar", "calendar_kinds", "extension_lead"))
OPTIONAL_KEYS = frozenset(("code", "notices"))
BODY_KEYS = frozenset(("limits", "effect", "measure", "severity", "bands", "families", "ladder"))
LIMIT_KEYS = ("send_backs", "declines", "many_units", "rung_late_seconds")
# What a body published before these keys existed means by their absence.
EXTENSIONS, PAUSED_MOST, AT_ONCE = 2, "20 d", (1,)
TARGET_UNITS = ("hours", "days", "natural_hours", "natural_days")

_AT = re.compile(r"(?:(?P<percent>\d{1,2}) %|(?P<due>due)|(?P<sign>[+-])(?P<offset>.+))\Z")


class PolicyError(ValueError):
    """A policy body that cannot be used; `field` is the dotted place in it, `message` says what is wrong there."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


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


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy `sla`."""

    send_backs: int
    declines: int
    many_units: int
    rung_late_seconds: int
    extensions: int
    paused_most: Target
    at_once: frozenset[int]
    effect_wait: Target
    measure_guide: tuple[Target, ...]
    severities: Mapping[int, Severity]
    bands: Mapping[str, Mapping[str, int]]
    families: Mapping[str, str]
    ladders: Mapping[tuple[str, str], tuple[RungSpec, ...]]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> Policy:
        """Turn a published body into a policy; raise PolicyError at the first thing missing, unknown or invalid."""
        _only(body, BODY_KEYS, optional=OPTIONAL_KEYS, field="")
        limits = _table(body, "limits", field="")
        _only(limits, frozenset(LIMIT_KEYS), optional=frozenset({"extensions", "paused_most"}), field="limits")
        effect = _table(body, "effect", field="")
        _only(effect, frozenset({"wait"}), field="effect")
        measure = _table(body, "measure", field="")
        _only(measure, frozenset({"guide"}), field="measure")
        return cls(
            send_backs=_whole(limits["send_backs"], low=1, field="limits.send_backs"),
            declines=_whole(limits["declines"], low=1, field="limits.declines"),
            many_units=_whole(limits["many_units"], low=1, field="limits.many_units"),
            rung_late_seconds=_whole(limits["rung_late_seconds"], low=0, field="limits.rung_late_seconds"),
            extensions=_whole(limits.get("extensions", EXTENSIONS), low=0, field="limits.extensions"),
            paused_most=_target(limits.get("paused_most", PAUSED_MOST), field="limits.paused_most"),
            at_once=_at_once(body.get("notices", {})),
            effect_wait=_target(effect["wait"], field="effect.wait"),
            measure_guide=tuple(_target(x, field="measure.guide") for x in _list(measure["guide"], "measure.guide")),
            severities=_severities(_table(body, "severity", field="")),
            bands=_bands(_table(body, "bands", field="")),
            families=_families(_table(body, "families", field="")),
            ladders=_ladders(_table(body, "ladder", field="")),
        )

    def target(
        self, kind: str, severity: int, *, department: bool = False, several: bool = False, units: int = 1
    ) -> Target:
        """Say how long `kind` may take at `severity`.

        `kind` is a clock kind with a figure of its own (triage, issue, sign, review, decide, answer, verify, audit,
        archive), or decline_window, wave_end, gather, units_min, redo. `department`: the holder is an HQ department.
        `several`: the issue concerns several units. `units`: how many units the wave under review went to.
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
            raise PolicyError("kind", f"no target for {kind!r}") from None

    def calendar_code(self, kind: str, severity: int) -> str | None:
        """Name the calendar that `kind` runs on at `severity`, or None where it is the holder's own."""
        row = self._severity(severity)
        return row.calendar if kind in row.calendar_kinds else None

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
            raise PolicyError("severity", f"no severity {severity!r}") from None


def _severities(rows: Mapping[str, Any]) -> dict[int, Severity]:
    _only(rows, frozenset(str(s) for s in SEVERITIES), field="severity")
    return {s: _severity_row(_table(rows, str(s), field="severity"), field=f"severity.{s}") for s in SEVERITIES}


def _severity_row(row: Mapping[str, Any], *, field: str) -> Severity:
    _only(row, SEVERITY_KEYS, optional=OPTIONAL_SEVERITY_KEYS, field=field)
    if ("calendar" in row) != ("calendar_kinds" in row):
        raise PolicyError(f"{field}.calendar", "calendar and calendar_kinds belong together")
    kinds = _list(row.get("calendar_kinds", []), f"{field}.calendar_kinds")
    share = _whole(row["audit_share"], low=0, field=f"{field}.audit_share")
    if share > 100:
        raise PolicyError(f"{field}.audit_share", "a share of 100 is at most 100")
    return Severity(
        targets={key: _target(row[key], field=f"{field}.{key}") for key in TARGET_KEYS},
        calendar=_text(row["calendar"], field=f"{field}.calendar") if "calendar" in row else None,
        calendar_kinds=frozenset(_text(kind, field=f"{field}.calendar_kinds") for kind in kinds),
        audit_share=share,
        sign_off=_one_of(row["sign_off"], SIGN_OFFS, field=f"{field}.sign_off"),
        extension_lead=_target(row["extension_lead"], field=f"{field}.extension_lead")
        if "extension_lead" in row
        else None,
    )


def _at_once(row: Any) -> frozenset[int]:
    if not isinstance(row, Mapping):
        raise PolicyError("notices", "not a table")
    _only(row, frozenset(), optional=frozenset({"at_once"}), field="notices")
    severities = _list(row.get("at_once", AT_ONCE), "notices.at_once")
    if any(severity not in SEVERITIES for severity in severities):
        raise PolicyError("notices.at_once", "severities are 1 to 4")
    return frozenset(severities)


def _bands(rows: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    _only(rows, frozenset(BANDS[1:]), field="bands")
    bands: dict[str, dict[str, int]] = {}
    for name in BANDS[1:]:
        field = f"bands.{name}"
        row = _table(rows, name, field="bands")
        _only(row, frozenset(TARGET_UNITS), field=field)
        bands[name] = {unit: _whole(row[unit], low=1, field=f"{field}.{unit}") for unit in TARGET_UNITS}
    for unit in TARGET_UNITS:
        if bands["long"][unit] < bands["short"][unit]:
            raise PolicyError(f"bands.long.{unit}", "long begins before short does")
    return bands


def _families(rows: Mapping[str, Any]) -> dict[str, str]:
    return {kind: _one_of(name, FAMILIES, field=f"families.{kind}") for kind, name in rows.items()}


def _ladders(rows: Mapping[str, Any]) -> dict[tuple[str, str], tuple[RungSpec, ...]]:
    _only(rows, frozenset(FAMILIES), field="ladder")
    ladders: dict[tuple[str, str], tuple[RungSpec, ...]] = {}
    for family in FAMILIES:
        row = _table(rows, family, field="ladder")
        _only(row, frozenset(BANDS), field=f"ladder.{family}")
        for band in BANDS:
            ladders[family, band] = _ladder(row[band], field=f"ladder.{family}.{band}")
    return ladders


def _ladder(value: Any, *, field: str) -> tuple[RungSpec, ...]:
    rungs = tuple(_rung(row, field=f"{field}.{n}") for n, row in enumerate(_list(value, field)))
    codes = [rung.code for rung in rungs]
    if len(set(codes)) < len(codes):
        raise PolicyError(field, "the same rung code twice")
    # The breach is written where the rung `due` fires; a ladder without it would let a promise lapse unseen.
    if codes.count("due") != 1 or any((rung.code == "due") != _is_due(rung) for rung in rungs):
        raise PolicyError(field, "needs exactly one rung `due`, at due")
    return rungs


def _is_due(rung: RungSpec) -> bool:
    return rung.percent is None and rung.offset is None


def _rung(row: Any, *, field: str) -> RungSpec:
    if not isinstance(row, Mapping):
        raise PolicyError(field, "not a table")
    _only(row, frozenset({"code", "at", "to"}), optional=frozenset({"letter", "bulletin"}), field=field)
    percent, offset, sign = _moment(_text(row["at"], field=f"{field}.at"), field=f"{field}.at")
    receivers = tuple(_one_of(name, RECEIVERS, field=f"{field}.to") for name in _list(row["to"], f"{field}.to"))
    if not receivers:
        raise PolicyError(f"{field}.to", "nobody to tell")
    return RungSpec(
        code=_text(row["code"], field=f"{field}.code"),
        percent=percent,
        offset=offset,
        sign=sign,
        receivers=receivers,
        letter=_flag(row.get("letter", False), field=f"{field}.letter"),
        bulletin=_flag(row.get("bulletin", False), field=f"{field}.bulletin"),
    )


def _moment(text: str, *, field: str) -> tuple[int | None, Target | None, int]:
    found = _AT.match(text)
    if found is None:
        raise PolicyError(field, f"{text!r} is none of '75 %', '-1 d', 'due', '+1 d'")
    if found["due"]:
        return None, None, 0
    if found["percent"]:
        percent = int(found["percent"])
        if percent == 0:
            raise PolicyError(field, "0 % is the start, not a rung")
        return percent, None, -1
    return None, _target(found["offset"], field=field), -1 if found["sign"] == "-" else 1


def _only(row: Mapping[str, Any], keys: frozenset[str], *, field: str, optional: frozenset[str] = frozenset()) -> None:
    prefix = f"{field}." if field else ""
    for key in sorted(keys - row.keys()):
        raise PolicyError(f"{prefix}{key}", "missing")
    for key in sorted(map(str, row.keys() - keys - optional)):
        raise PolicyError(f"{prefix}{key}", "unknown")


def _table(row: Mapping[str, Any], key: str, *, field: str) -> Mapping[str, Any]:
    value = row[key]
    if not isinstance(value, Mapping):
        raise PolicyError(f"{field}.{key}" if field else key, "not a table")
    return value


def _list(value: Any, field: str) -> Sequence[Any]:
    if not isinstance(value, list | tuple):
        raise PolicyError(field, "not a list")
    return value


def _text(value: Any, *, field: str) -> str:
    if not isinstance(value, str) or not value:
        raise PolicyError(field, "not a text")
    return value


def _one_of(value: Any, known: Sequence[str], *, field: str) -> str:
    if value not in known:
        raise PolicyError(field, f"{value!r} is none of {', '.join(known)}")
    return str(value)


def _whole(value: Any, *, low: int, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < low:
        raise PolicyError(field, f"not a whole number from {low}")
    return value


def _flag(value: Any, *, field: str) -> bool:
    if not isinstance(value, bool):
        raise PolicyError(field, "neither true nor false")
    return value


def _target(value: Any, *, field: str) -> Target:
    try:
        return Target.parse(_text(value, field=field))
    except PolicyError:
        raise
    except ValueError as error:
        raise PolicyError(field, str(error)) from None
