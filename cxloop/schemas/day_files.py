"""A year's notice as a file: CSV as offices save it, or JSON as holiday-cn publishes it; every bad row is named.

CSV: date, kind, name, source, by these names or 日期, 类型, 名称, 来源, in any order. JSON: {"year", "papers", "days":
[{"name", "date", "isOffDay"}]}, or {"year"?, "official_until"?, "days": [{date, kind, name?, source?}]} as calendars
have it.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from .files import HEADER_ROW, BadFile, decoded, dialect_of

MOST_DAYS = 1000
HEADERS = {
    "date": {"date", "day", "日期", "放假日期"},
    "kind": {"kind", "type", "类型", "类别", "性质"},
    "name": {"name", "名称", "节日", "节假日", "节日名称"},
    "source": {"source", "来源", "依据", "文号", "出处"},
}
KINDS = {
    "holiday": {"holiday", "off", "放假", "休", "休息", "假", "假期", "节假日", "法定节假日", "调休放假"},
    "workday": {"workday", "work", "上班", "班", "补班", "调休上班", "调休上班日", "工作日"},
}
_DATE = re.compile(r"(\d{4})(?:-|/|\.|年)(\d{1,2})(?:-|/|\.|月)(\d{1,2})日?|(\d{4})(\d\d)(\d\d)", re.ASCII)
Fault = tuple[int, str, str, dict[str, Any]]


class BadDays(Exception):
    """Rows that cannot be read, as (row, field, message key, parameters): nothing of the file is taken."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = list(faults)


@dataclass(frozen=True, slots=True)
class DayFile:
    """The days of a notice, each with its row in the file; the year and the end of the official days if it says."""

    days: list[dict[str, str]]
    rows: list[int]
    year: int | None = None
    official_until: str | None = None

    def fields(self) -> dict[str, Any]:
        """What the act takes."""
        told = {"days": self.days, "year": self.year, "official_until": self.official_until}
        return {name: value for name, value in told.items() if value is not None}

    def faults_of(self, errors: Mapping[str, tuple[str, dict[str, Any]]]) -> list[Fault] | None:
        """A refusal of the act by row and field; None when it is not about a row."""
        found = []
        for place, (key, params) in errors.items():
            parts = place.split(".")
            if parts[0] != "days" or len(parts) < 2 or not parts[1].isdigit():
                return None
            found.append((self.rows[int(parts[1])], ".".join(parts[2:]), key, params))
        return found


def read_day_file(raw: bytes, *, source: str = "") -> DayFile:
    """Read a notice. `source` stands for a day that names none. BadFile, or BadDays with every bad row."""
    text = decoded(raw)
    if text.lstrip().startswith("{"):
        return _from_json(text, source)
    return _from_csv(text, raw, source)


def _from_csv(text: str, raw: bytes, source: str) -> DayFile:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), dialect=dialect_of(raw)))
    except csv.Error:
        raise BadFile("file", "error.malformed") from None
    if not rows:
        raise BadFile("file", "error.empty")
    places = _columns(rows[0])
    cells = (
        (n, {name: row[place].strip() if place < len(row) else "" for name, place in places.items()})
        for n, row in enumerate(rows[1:], HEADER_ROW + 1)
        if any(cell.strip() for cell in row)
    )
    return _checked(((n, row) for n, row in cells), source)


def _columns(header: Sequence[str]) -> dict[str, int]:
    known = {spelled: name for name, spellings in HEADERS.items() for spelled in spellings}
    places: dict[str, int] = {}
    for place, cell in enumerate(header):
        name = known.get(cell.strip().lower())
        if name is not None:
            places.setdefault(name, place)
    for name in ("date", "kind"):
        if name not in places:
            raise BadFile("file", "error.unknown_column", column=name)
    return places


def _from_json(text: str, source: str) -> DayFile:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFile("file", "error.malformed") from None
    days = told.get("days")
    if not isinstance(days, list):
        raise BadFile("days", "error.not_a_list")
    papers = [paper for paper in told.get("papers") or () if isinstance(paper, str)]
    year, until = told.get("year"), told.get("official_until")
    if year is not None and (isinstance(year, bool) or not isinstance(year, int)):
        raise BadFile("year", "error.not_whole")
    if until is not None and not isinstance(until, str):
        raise BadFile("official_until", "error.bad_date")
    rows = ((n, _cells(day)) for n, day in enumerate(days, 1))
    found = _checked(rows, " ".join(papers) or source)
    return DayFile(found.days, found.rows, year, until)


def _cells(day: Any) -> dict[str, str]:
    if not isinstance(day, dict):
        return {}
    cells = {name: value for name, value in day.items() if name in HEADERS and isinstance(value, str)}
    if isinstance(day.get("isOffDay"), bool):
        cells["kind"] = "holiday" if day["isOffDay"] else "workday"
    return cells


def _checked(rows: Iterator[tuple[int, Mapping[str, str]]], source: str) -> DayFile:
    days: list[dict[str, str]] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    dates: set[str] = set()
    for n, cells in rows:
        if len(days) + len(faults) >= MOST_DAYS:
            raise BadFile("file", "error.too_many", max=MOST_DAYS)
        day, bad = _day(n, cells, source)
        if not bad and day["date"] in dates:
            bad = [(n, "date", "error.duplicate", {})]
        faults += bad
        dates.add(day.get("date", ""))
        days.append(day)
        numbers.append(n)
    if faults:
        raise BadDays(faults)
    if not days:
        raise BadFile("file", "error.empty")
    return DayFile(days, numbers)


def _day(n: int, cells: Mapping[str, str], source: str) -> tuple[dict[str, str], list[Fault]]:
    day: dict[str, str] = {"name": cells.get("name", ""), "source": cells.get("source") or source}
    faults: list[Fault] = []
    for name, read, key in (("date", _read_date, "error.bad_date"), ("kind", _read_kind, "error.bad_kind")):
        text = cells.get(name, "").strip()
        value = read(text)
        if value is None:
            faults.append((n, name, key if text else "error.required", {}))
        else:
            day[name] = value
    return day, faults


def _read_date(text: str) -> str | None:
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups() if part is not None)).isoformat()
    except ValueError:
        return None


def _read_kind(text: str) -> str | None:
    return next((kind for kind, spellings in KINDS.items() if text.lower() in spellings), None)
