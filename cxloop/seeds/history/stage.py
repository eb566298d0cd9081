"""The stage of the demo's history: its units, people, calendars and promises, as the replayed base data make them."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cxloop.domain.calendar import Target, WorkCalendar, read_days
from cxloop.domain.policy import Policy
from cxloop.domain.vocabulary import CENTER
from cxloop.seeds.base import NATIONAL, base_lines, later_lines
from cxloop.seeds.codes import codes, demo

CHINA = ZoneInfo("Asia/Shanghai")
DAY_1 = date(2026, 8, 24)
LAST_DAY = 90
# The base data stand the evening before.
BASE_AT = "2026-08-23T20:00:00+08:00"
ALWAYS = "ALWAYS"
LEADS = {"P44": "chen", "P51": "wu"}


def moment(day: int, at: str) -> datetime:
    """The moment of a day of the story (1 … 90) at a local time like "09:30"."""
    hour, minute = at.split(":")
    return datetime.combine(DAY_1 + timedelta(days=day - 1), time(int(hour), int(minute)), CHINA)


def day_of(at: datetime) -> int:
    """The day of the story that a moment lies in."""
    return (at.astimezone(CHINA).date() - DAY_1).days + 1


def written(at: datetime) -> str:
    """A moment as a line carries it."""
    return at.astimezone(CHINA).isoformat(timespec="seconds")


class Stage:
    """Who there is and when they work; built once from the very lines that set up the database."""

    def __init__(self) -> None:
        lines = [*base_lines(at=BASE_AT), *later_lines()]
        self.units: dict[str, dict[str, Any]] = {line["on"]: line for line in lines if line["act"] == "unit.add"}
        self.policy = _policy(lines)
        self.waits: dict[str, int] = {
            item["code"]: item["wait_days"] for item in codes()["category"] if "wait_days" in item
        }
        self.severity_of: dict[str, int] = {item["code"]: item["severity"] for item in codes()["channel"]}
        self._calendars = _calendars(lines)
        self._own = _own_days(lines, self)

    def calendar(self, unit: str, at: datetime, *, severity: int = 3, kind: str = "feedback") -> WorkCalendar:
        """The calendar that a clock of this kind gets when it starts at a moment: the newest revision then."""
        code = self.policy.calendar_code(kind, severity)
        found = self._calendars[code or self.units[unit]["calendar"]]
        return [value for since, value in [*found, *([] if code else self._own.get(unit, []))] if since <= at][-1]

    def hours(self, unit: str, *, severity: int = 3) -> WorkCalendar:
        """When a unit works, as all know in the end: on the day of the typhoon nobody does."""
        return self.calendar(unit, moment(LAST_DAY, "23:59"), severity=severity)

    def replanned(self, unit: str, start: datetime, due: datetime, *, severity: int) -> datetime:
        """The due of an answer that began at `start`, after what was published while it ran (K12)."""
        old = self.calendar(unit, start, severity=severity)
        # A publication on the evening of the last day still finds it unanswered.
        new = self.calendar(unit, due + timedelta(hours=12), severity=severity)
        return due if new is old else new.advance(start, old.worked(start, due))

    def target(self, kind: str, severity: int, unit: str = CENTER, *, several: bool = False, units: int = 1) -> Target:
        """How long a kind may take a unit at a severity."""
        department = self.units[unit]["kind"] == "department"
        return self.policy.target(kind, severity, department=department, several=several, units=units)

    def lead(self, unit: str) -> str:
        """The user who leads a unit's part."""
        return LEADS.get(unit, self._stem(unit) + "lead")

    def handler(self, unit: str) -> str:
        """The user who does a unit's work."""
        return self._stem(unit) + "handler"

    def short(self, unit: str) -> str:
        """A unit's short name."""
        return str(self.units[unit]["short"])

    def provinces(self) -> list[str]:
        """All provinces' codes."""
        return [code for code, unit in self.units.items() if unit["kind"] == "province"]

    def _stem(self, unit: str) -> str:
        return unit[1:] if self.units[unit]["kind"] == "province" else unit.lower()


def weights() -> dict[str, int]:
    """How many customers each province has, roughly."""
    return {row["code"]: row["weight"] for row in demo("group")["provinces"]}


def _policy(lines: list[dict[str, Any]]) -> Policy:
    [body] = [line["body"] for line in lines if line["act"] == "policy.publish" and line["on"] == "sla"]
    return Policy.parse(body)


def _own_days(lines: list[dict[str, Any]], stage: Stage) -> dict[str, list[tuple[datetime, WorkCalendar]]]:
    """The calendars that units get by days of their own, from the moment of their publication."""
    of = {line["on"]: line for line in lines if line["act"] == "calendar.publish"}
    table, found = of[NATIONAL]["definition"], {}
    for line in lines:
        if line["act"] != "unit.set_days":
            continue
        base = stage.units[line["on"]]["calendar"]
        value = _value({**of[base]["definition"], "days": line["days"]}, table, code=f"{base}.{line['on']}")
        found[line["on"]] = [(datetime.fromisoformat(line["at"]), value)]
    return found


def _calendars(lines: list[dict[str, Any]]) -> dict[str, list[tuple[datetime, WorkCalendar]]]:
    found: dict[str, list[tuple[datetime, WorkCalendar]]] = {}
    table: Mapping[str, Any] = {}
    for line in lines:
        if line["act"] != "calendar.publish":
            continue
        if line["on"] == NATIONAL:
            table = line["definition"]
            continue
        value = _value(line["definition"], table, code=line["on"])
        found.setdefault(line["on"], []).append((datetime.fromisoformat(line["at"]), value))
    return found


def _value(definition: Mapping[str, Any], table: Mapping[str, Any], *, code: str) -> WorkCalendar:
    until, national = date.fromisoformat(table["official_until"]), read_days(table["days"])
    return WorkCalendar.from_definition(definition, national=national, official_until=until, code=code)
