"""Random calendars and questions about them, each with the answer found by walking minutes.

Every weekday pattern with one to three intervals a day, seasons, holidays and make-up days, in zones whose clocks
change at odd hours; around Chinese holidays, year ends and those changes.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from tests.domain.minutes import Length, Minutes
from tests.domain.preview_oracle import ExtensionLate, Imagined
from tests.domain.test_calendar_laws import ANCHORS, ZONES

MINUTE, DAY = 60, 86400
Definition = dict[str, Any]
UNITS = {"h": "hours", "d": "days", "nh": "natural_hours", "nd": "natural_days"}


@dataclass(frozen=True)
class Question:
    """A request and what it has to answer: for a question refused, the field at fault."""

    path: str
    body: dict[str, Any] | None
    expected: dict[str, Any]


@dataclass
class Published:
    """A calendar that the API knows by a code, around some day."""

    code: str
    definition: Definition
    around: date
    minutes: Minutes
    official_until: date | None = None


def definition(dice: random.Random, around: date) -> Definition:
    """A definition whose special days lie around a day."""
    days = [
        {"date": str(around + timedelta(days=n)), "kind": dice.choice(("holiday", "workday"))}
        for n in dice.sample(range(-15, 16), dice.randint(0, 8))
    ]
    zone = "Asia/Shanghai" if dice.random() < 0.5 else dice.choice(ZONES)
    seasons = [
        {"valid_from": "05-01", "valid_until": "09-30"},
        {"valid_from": "11-15", "valid_until": "02-10"},
        {"valid_from": str(around + timedelta(days=2))},
        {"valid_from": str(around - timedelta(days=3)), "valid_until": str(around + timedelta(days=3))},
    ]
    chosen = dice.sample(seasons, dice.choice((0, 0, 1, 2)))
    weeks = [{**season, "week": _week(dice)} for season in chosen]
    return {"tz": zone, "week": _week(dice), "days": days, "national": False, "weeks": weeks}


def _week(dice: random.Random) -> dict[str, list[list[str]]]:
    weekdays = dice.randrange(1, 128)
    return {str(n): _intervals(dice) for n in range(7) if weekdays >> n & 1}


def _intervals(dice: random.Random) -> list[list[str]]:
    step = dice.choice((1, 15, 60))
    bounds = sorted(dice.sample(range(24 * 60 // step + 1), 2 * dice.randint(1, 3)))
    clock = [f"{bound * step // 60:02}:{bound * step % 60:02}" for bound in bounds]
    return [clock[place : place + 2] for place in range(0, len(clock), 2)]


def question(seed: int, published: list[Published]) -> Question:
    """The question of a seed: of a clock imagined, of a due time, or of working time."""
    dice = random.Random(seed)
    ask: Callable[[random.Random, Any, Published], Question] = dice.choices((_preview, _due, _worked), (6, 3, 1))[0]
    if ask is _preview and dice.random() < 0.8:
        around = dice.choice(ANCHORS)
        said = definition(dice, around)
        known = Published("", said, around, Minutes(said, first=around - timedelta(days=10)))
        return _preview(dice, said, known)
    known = dice.choice(published)
    return ask(dice, known.code, known)


def _start(dice: random.Random, around: date) -> int:
    noon = datetime(around.year, around.month, around.day, 12, tzinfo=UTC)
    return int((noon + timedelta(minutes=dice.randint(-5 * 1440, 5 * 1440))).timestamp())


def _length(dice: random.Random, calendar: Minutes, start: int, units: str = "h d nh nd") -> Length:
    """Hours that are worked within some days, so that the walk ends; or a few days."""
    unit = dice.choices(units.split(), (5, 4, 1, 1)[: len(units.split())])[0]
    if unit == "h":
        return unit, calendar.worked(start, start + dice.randint(0, 10 * 1440) * MINUTE)
    if unit == "nh":
        return unit, dice.randint(0, 10 * 1440) * MINUTE
    return unit, dice.choices((0, 1, 2, 3, 4, 5, 6), (1, 9, 9, 9, 5, 5, 5))[0]


def _rounded(length: Length) -> Length:
    """Hours of an extension are said with six decimals at most: whole multiples of three minutes."""
    unit, amount = length
    return length if unit == "d" else (unit, amount // 180 * 180)


def _said(length: Length) -> tuple[str, int | float]:
    unit, amount = length
    if unit in {"d", "nd"}:
        return UNITS[unit], amount
    return UNITS[unit], amount // 3600 if amount % 3600 == 0 else amount / 3600


def _preview(dice: random.Random, calendar: Any, known: Published) -> Question:
    minutes, start = known.minutes, _start(dice, known.around)
    target = _length(dice, minutes, start)
    moments = sorted(start + dice.randint(0, 8 * 1440) * MINUTE for _ in range(6))
    pauses: list[tuple[int, int | None]] = [
        (moments[2 * n], moments[2 * n + 1]) for n in range(dice.choice((0, 0, 1, 1, 2, 3)))
    ]
    if pauses and dice.random() < 0.15:
        pauses[-1] = (pauses[-1][0], None)
    extensions = [
        (at, _rounded(_length(dice, minutes, at, "h d")))
        for at in sorted(start + dice.randint(0, 5 * 1440) * MINUTE for _ in range(dice.choice((0, 0, 1, 2))))
    ]
    at = start + dice.randint(-1440, 12 * 1440) * MINUTE
    body = {
        "calendar": calendar, "start": _iso(start), "at": _iso(at), "target": dict([_said(target)]),
        "pauses": [{"from": _iso(begin), "to": None if end is None else _iso(end)} for begin, end in pauses],
        "extensions": [{"at": _iso(when), **dict([_said(more)])} for when, more in extensions],
    }  # fmt: skip
    imagined = Imagined(minutes, start, target)
    try:
        imagined.live(pauses, extensions)
    except ExtensionLate:
        return Question("/clocks/preview", body, {"refused": "extensions"})
    return Question("/clocks/preview", body, _answer(imagined, known, at))


def _answer(imagined: Imagined, known: Published, at: int) -> dict[str, Any]:
    worked = imagined.worked(at)
    return {
        "due_at": None if imagined.due is None else _iso(imagined.due),
        "provisional": imagined.due is not None and _is_provisional(known, imagined.due),
        "worked": worked,
        "left": imagined.whole - worked,
        "breached": imagined.due is not None and at > imagined.due,
        "rungs": [{"code": code, "at": _iso(moment), "plan": n} for code, moment, n in imagined.rungs()],
    }


def _is_provisional(known: Published, due: int) -> bool:
    return known.official_until is not None and known.minutes.is_past(due, known.official_until)


def _due(dice: random.Random, code: str, known: Published) -> Question:
    start = _start(dice, known.around)
    length = _length(dice, known.minutes, start, "h d")
    unit, amount = _said(length)
    due = known.minutes.due(start, length)
    query = urlencode({"start": _iso(start), unit: amount})
    expected = {"due_at": _iso(due), "provisional": _is_provisional(known, due)}
    return Question(f"/calendars/{code}/due?{query}", None, expected)


def _worked(dice: random.Random, code: str, known: Published) -> Question:
    start = _start(dice, known.around)
    end = start + dice.randint(0, 20 * 1440) * MINUTE
    query = urlencode({"start": _iso(start), "end": _iso(end)})
    return Question(f"/calendars/{code}/worked?{query}", None, {"hours": known.minutes.worked(start, end)})


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
