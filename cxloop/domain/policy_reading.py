"""From a policy body to its parts. Every fault is noted with its place; a reader goes on after each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from cxloop.domain.faults import Fault
from cxloop.domain.policy_parts import (
    APPEAL,
    APPEAL_DECISION,
    AT_ONCE,
    BANDS,
    BODY_KEYS,
    CONTACT,
    CONTACT_FAMILY,
    EXTENSIONS,
    FAMILIES,
    LIKENESS,
    LIMIT_KEYS,
    OPTIONAL_KEYS,
    OPTIONAL_SEVERITY_KEYS,
    PAUSED_MOST,
    RECEIVERS,
    SEVERITIES,
    SEVERITY_KEYS,
    SIGN_OFFS,
    TARGET_KEYS,
    TARGET_UNITS,
    PolicyError,
    RungSpec,
    Severity,
)
from cxloop.domain.targets import Target

_AT = re.compile(r"(?:(?P<percent>[1-9]\d?) %|(?P<due>due)|(?P<sign>[+-])(?P<offset>.+))\Z", re.ASCII)
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}\Z", re.ASCII)
_NOTHING = Target("hours", Fraction(0))
_MOST = 1_000_000
_UNREAD = (None, None, 0)


def read_parts(body: Any) -> dict[str, Any]:
    """Read the parts of a policy by their names; PolicyError with everything missing, unknown or malformed."""
    reader = _Reader()
    parts = _parts(reader, reader.mapping(body, ""))
    if reader.faults:
        raise PolicyError(reader.faults)
    return parts


class _Reader:
    """Takes values out of a body. What is not as it should be is noted, and something harmless stands in for it."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def fault(self, place: str, code: str, /, **params: Any) -> None:
        self.faults.append(Fault(place, code, params))

    def only(
        self, row: Mapping[str, Any], keys: Iterable[str], place: str, optional: Iterable[str] = ()
    ) -> Mapping[str, Any]:
        """Note the keys that are missing or unknown; give the row."""
        wanted, known = set(keys), {*keys, *optional}
        for key in sorted(wanted - row.keys()):
            self.fault(_below(place, key), "required")
        for key in sorted(str(key) for key in row if key not in known):
            self.fault(_below(place, key), "unknown_field")
        return row

    def mapping(self, value: Any, place: str) -> Mapping[str, Any]:
        if isinstance(value, Mapping):
            return value
        self.fault(place, "not_an_object")
        return {}

    def table(self, row: Mapping[str, Any], key: str, place: str = "") -> Mapping[str, Any]:
        # What is missing was noted by `only`; nothing below it needs to be named as well.
        return self.mapping(row[key], _below(place, key)) if key in row else {}

    def items(self, value: Any, place: str) -> Sequence[Any]:
        if isinstance(value, list | tuple):
            return value
        self.fault(place, "not_a_list")
        return ()

    def text(self, value: Any, place: str) -> str:
        if isinstance(value, str) and value:
            return value
        self.fault(place, "not_a_text")
        return ""

    def choice(self, value: Any, known: Sequence[str], place: str) -> str:
        if isinstance(value, str) and value in known:
            return value
        self.fault(place, "one_of", known=", ".join(known))
        return known[0]

    def whole(self, value: Any, low: int, place: str, high: int = _MOST) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            self.fault(place, "not_whole")
        elif not low <= value <= high:
            self.fault(place, "out_of_range", low=low, high=high)
        else:
            return value
        return low

    def flag(self, value: Any, place: str) -> bool:
        if not isinstance(value, bool):
            self.fault(place, "not_a_boolean")
        return value is True

    def target(self, value: Any, place: str) -> Target:
        try:
            return Target.parse(value) if isinstance(value, str) else self._no_length(place)
        except ValueError:
            return self._no_length(place)

    def _no_length(self, place: str) -> Target:
        self.fault(place, "policy_length")
        return _NOTHING


def _below(place: str, key: object) -> str:
    return f"{place}.{key}" if place else str(key)


def _parts(reader: _Reader, body: Mapping[str, Any]) -> dict[str, Any]:
    reader.only(body, BODY_KEYS, "", OPTIONAL_KEYS)
    if "code" in body:
        reader.choice(body["code"], ("sla",), "code")
    parts = _limits(reader, reader.table(body, "limits")) if "limits" in body else {}
    effect = reader.only(reader.table(body, "effect"), {"wait"}, "effect") if "effect" in body else {}
    measure = reader.only(reader.table(body, "measure"), {"guide"}, "measure") if "measure" in body else {}
    guide = reader.items(measure["guide"], "measure.guide") if "guide" in measure else ()
    return parts | {
        "at_once": _at_once(reader, reader.table(body, "notices")),
        "effect_wait": reader.target(effect["wait"], "effect.wait") if "wait" in effect else _NOTHING,
        "measure_guide": tuple(reader.target(x, f"measure.guide.{n}") for n, x in enumerate(guide)),
        "severities": _severities(reader, reader.table(body, "severity")) if "severity" in body else {},
        "bands": _bands(reader, reader.table(body, "bands")) if "bands" in body else {},
        "families": _families(reader, reader.table(body, "families")),
        "ladders": _ladders(reader, reader.table(body, "ladder")) if "ladder" in body else {},
    }


def _limits(reader: _Reader, row: Mapping[str, Any]) -> dict[str, Any]:
    reader.only(row, LIMIT_KEYS, "limits", {"extensions", "paused_most", "appeal", "appeal_decision", "likeness"})
    lows = {"send_backs": 1, "declines": 1, "many_units": 1, "rung_late_seconds": 0, "extensions": 0}
    given = {"extensions": EXTENSIONS, **row}
    found: dict[str, Any] = {
        name: reader.whole(given[name], low, f"limits.{name}") for name, low in lows.items() if name in given
    }
    found["likeness"] = reader.whole(row.get("likeness", LIKENESS), 1, "limits.likeness", high=100)
    found["paused_most"] = reader.target(row.get("paused_most", PAUSED_MOST), "limits.paused_most")
    found["appeal"] = reader.target(row.get("appeal", APPEAL), "limits.appeal")
    found["appeal_decision"] = reader.target(row.get("appeal_decision", APPEAL_DECISION), "limits.appeal_decision")
    return found


def _at_once(reader: _Reader, row: Mapping[str, Any]) -> frozenset[int]:
    reader.only(row, (), "notices", {"at_once"})
    given = reader.items(row.get("at_once", AT_ONCE), "notices.at_once")
    return frozenset(reader.whole(severity, 1, f"notices.at_once.{n}", high=4) for n, severity in enumerate(given))


def _severities(reader: _Reader, rows: Mapping[str, Any]) -> dict[int, Severity]:
    reader.only(rows, [str(s) for s in SEVERITIES], "severity")
    found = {s: reader.table(rows, str(s), "severity") for s in SEVERITIES if str(s) in rows}
    return {s: _severity(reader, row, f"severity.{s}", CONTACT[s]) for s, row in found.items()}


def _severity(reader: _Reader, row: Mapping[str, Any], place: str, contact: str) -> Severity:
    reader.only(row, SEVERITY_KEYS, place, OPTIONAL_SEVERITY_KEYS)
    if ("calendar" in row) != ("calendar_kinds" in row):
        reader.fault(f"{place}.calendar", "policy_calendar_kinds")
    kinds = reader.items(row.get("calendar_kinds", ()), f"{place}.calendar_kinds")
    lead = row.get("extension_lead")
    targets = {key: reader.target(row[key], f"{place}.{key}") for key in TARGET_KEYS if key in row}
    return Severity(
        targets=targets | {"contact": reader.target(row.get("contact", contact), f"{place}.contact")},
        calendar=reader.text(row["calendar"], f"{place}.calendar") if "calendar" in row else None,
        calendar_kinds=frozenset(reader.text(kind, f"{place}.calendar_kinds.{n}") for n, kind in enumerate(kinds)),
        audit_share=reader.whole(row.get("audit_share", 0), 0, f"{place}.audit_share", high=100),
        sign_off=reader.choice(row.get("sign_off", "none"), SIGN_OFFS, f"{place}.sign_off"),
        extension_lead=reader.target(lead, f"{place}.extension_lead") if "extension_lead" in row else None,
    )


def _bands(reader: _Reader, rows: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    reader.only(rows, BANDS[1:], "bands")
    bands: dict[str, dict[str, int]] = {}
    for name in (name for name in BANDS[1:] if name in rows):
        place = f"bands.{name}"
        row = reader.only(reader.table(rows, name, "bands"), TARGET_UNITS, place)
        bands[name] = {unit: reader.whole(row[unit], 1, f"{place}.{unit}") for unit in TARGET_UNITS if unit in row}
    for unit in TARGET_UNITS:
        short, long = (bands.get(name, {}).get(unit) for name in BANDS[1:])
        if short is not None and long is not None and long < short:
            reader.fault(f"bands.long.{unit}", "policy_bands", short=short)
    return bands


def _families(reader: _Reader, rows: Mapping[str, Any]) -> dict[str, str]:
    given = {"contact": CONTACT_FAMILY, **rows}
    return {str(kind): reader.choice(name, FAMILIES, f"families.{kind}") for kind, name in given.items()}


def _ladders(reader: _Reader, rows: Mapping[str, Any]) -> dict[tuple[str, str], tuple[RungSpec, ...]]:
    reader.only(rows, FAMILIES, "ladder")
    ladders: dict[tuple[str, str], tuple[RungSpec, ...]] = {}
    for family in (family for family in FAMILIES if family in rows):
        row = reader.only(reader.table(rows, family, "ladder"), BANDS, f"ladder.{family}")
        for band in (band for band in BANDS if band in row):
            ladders[family, band] = _ladder(reader, row[band], f"ladder.{family}.{band}")
    return ladders


def _ladder(reader: _Reader, value: Any, place: str) -> tuple[RungSpec, ...]:
    known = len(reader.faults)
    rungs = tuple(_rung(reader, row, f"{place}.{n}") for n, row in enumerate(reader.items(value, place)))
    if len(reader.faults) > known:
        return rungs
    codes = [rung.code for rung in rungs]
    for n, code in enumerate(codes):
        if code in codes[:n]:
            reader.fault(f"{place}.{n}.code", "twice", code=code)
    # The breach is written where the rung `due` fires; a ladder without it would let a promise lapse unseen.
    if codes.count("due") != 1 or any((rung.code == "due") != (rung.sign == 0) for rung in rungs):
        reader.fault(place, "policy_due_rung")
    return rungs


def _rung(reader: _Reader, value: Any, place: str) -> RungSpec:
    row = reader.only(reader.mapping(value, place), ("code", "at", "to"), place, ("letter", "bulletin"))
    percent, offset, sign = _moment(reader, row["at"], f"{place}.at") if "at" in row else _UNREAD
    code = reader.text(row["code"], f"{place}.code") if "code" in row else ""
    if code and not _CODE.match(code):
        reader.fault(f"{place}.code", "policy_code")
    to = reader.items(row["to"], f"{place}.to") if "to" in row else ()
    if "to" in row and not to:
        reader.fault(f"{place}.to", "empty")
    return RungSpec(
        code=code,
        percent=percent,
        offset=offset,
        sign=sign,
        receivers=tuple(reader.choice(name, RECEIVERS, f"{place}.to.{n}") for n, name in enumerate(to)),
        letter=reader.flag(row.get("letter", False), f"{place}.letter"),
        bulletin=reader.flag(row.get("bulletin", False), f"{place}.bulletin"),
    )


def _moment(reader: _Reader, value: Any, place: str) -> tuple[int | None, Target | None, int]:
    found = _AT.match(value) if isinstance(value, str) else None
    if found is None:
        reader.fault(place, "policy_moment")
        return _UNREAD
    if found["due"]:
        return None, None, 0
    if found["percent"]:
        return int(found["percent"]), None, -1
    return None, reader.target(found["offset"], place), -1 if found["sign"] == "-" else 1
