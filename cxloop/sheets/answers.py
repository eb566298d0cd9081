"""The answer sheet 回填表: the tasks that a unit holds, empty cells for what it answers, and how it is read back."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from ..domain.vocabulary import MeasureKind, Outcome
from ..models.policy import codes
from ..schemas.acts import load_fields
from ..schemas.fields import Invalid, flat
from ..schemas.files import BadFile
from ..wording import LOCALES, current_locale, say, say_in
from .book import Row, Sheet, clean, read_moment, shown_moment

MOST_ROWS = 500
MOST_MEASURES = 3
REASONS = "reason.unresolvable"
# Headings in row 1, the machine's names hidden in row 2.
HEADING, NAMES, FIRST = 1, 2, 3
SHOWN = ("task", "title", "wanted", "unit", "state", "due_at")
ANSWER = ("outcome", "cause", "result", "reply")
PARTS = ("kind", "text", "handler", "due_at")
LATER = ("reason", "review_at", "without_children")
NOTE = ("note", "next_at")
HIDDEN = ("version", "check")
_MEASURES = tuple(f"measure_{n}_{part}" for n in range(1, MOST_MEASURES + 1) for part in PARTS)
COLUMNS = (*SHOWN, *ANSWER, *_MEASURES, *LATER, *NOTE, *HIDDEN)
FILLED = (*ANSWER, *_MEASURES, *LATER, *NOTE)
_WIDE = frozenset({"title", "wanted", "cause", "result", "reply", "note"} | {f"measure_{n}_text" for n in (1, 2, 3)})
_MOMENTS = frozenset({"review_at", "next_at"})

Said = tuple[str, dict[str, Any]]
Faults = dict[str, list[Said]]


def fill(tasks: Sequence[Mapping[str, Any]], *, at: datetime) -> bytes:
    """The workbook for these tasks, in the reader's language."""
    sheet = Sheet(say("sheet.title"), at)
    sheet.write(HEADING, [heading(name, current_locale()) for name in COLUMNS], bold=True)
    sheet.write(NAMES, COLUMNS)
    for n, task in enumerate(tasks, FIRST):
        sheet.write(n, _row(task))
    rows = range(FIRST, FIRST + max(len(tasks), 1))
    for place, name in enumerate(COLUMNS, 1):
        sheet.choose(place, list(options(name, current_locale()).values()), rows)
    hidden = [place for place, name in enumerate(COLUMNS, 1) if name in HIDDEN]
    sheet.size(
        [36 if name in _WIDE else 18 for name in COLUMNS], hidden_row=NAMES, hidden_columns=hidden, frozen=f"C{FIRST}"
    )
    return sheet.bytes()


def _row(task: Mapping[str, Any]) -> list[str]:
    shown = {
        "task": task["no"],
        "title": task["title"],
        "wanted": task["wanted"],
        "unit": task["unit"],
        "state": say(f"task.state.{task['state']}"),
        "due_at": shown_moment(task["due_at"]),
        "version": str(task["version"]),
        "check": check(task["no"], task["title"]),
    }
    return [shown.get(name, "") for name in COLUMNS]


def check(no: str, title: str) -> str:
    """What a row bears so that a slip is found: a number that was changed, or answers that were sorted to another."""
    told = " ".join(clean(title).split())
    return "-".join(hashlib.sha256(part.encode()).hexdigest()[:10] for part in (no, f"{no}\n{told}"))


def heading(name: str, locale: str) -> str:
    """A column's heading."""
    _measure, _, rest = name.partition("measure_")
    if not rest:
        return say_in(locale, f"sheet.column.{name}")
    n, _, part = rest.partition("_")
    return say_in(locale, f"sheet.column.measure.{part}", n=n)


def options(name: str, locale: str) -> dict[str, str]:
    """What may be chosen in a column: code → wording."""
    if name == "outcome":
        return {str(code): say_in(locale, f"outcome.{code}") for code in Outcome}
    if name.endswith("_kind"):
        return {str(code): say_in(locale, f"measure.kind.{code}") for code in MeasureKind}
    if name == "reason":
        listed = codes()
        return {code: listed.label(REASONS, code, locale) for code in listed.lists.get(REASONS, ())}
    return {}


@dataclass(frozen=True, slots=True)
class Filled:
    """A row that came back: which task, in which version, and the act that its cells amount to, or what is wrong."""

    row: int
    task: str
    version: int | None = None
    act: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    faults: Faults = field(default_factory=dict)
    # Where a fault in a place of the act's fields is to be mended.
    places: Mapping[str, str] = field(default_factory=dict)


def read(rows: Sequence[Row]) -> tuple[list[Filled], int]:
    """The rows that were filled in, and how many were not. BadFile when the columns are not the sheet's."""
    names, data = _columns(rows)
    known = {name: _codes_of(name) for name in names if name}
    filled = []
    for n, cells in data:
        row = {name: cell for name, cell in zip(names, cells, strict=False) if name and cell}
        if any(row.get(name) for name in FILLED):
            filled.append(_filled(n, row, known))
    twice = {row.task: row for row in reversed(filled)}
    return [_once(row, twice[row.task].row) for row in filled], len(data) - len(filled)


def _once(row: Filled, first: int) -> Filled:
    if row.row == first or not row.task:
        return row
    return Filled(row.row, row.task, faults={"task": [("error.sheet_twice", {"row": first})]})


def _columns(rows: Sequence[Row]) -> tuple[list[str], list[Row]]:
    """The columns' names from the hidden row, or from the headings in either language, and the rows below."""
    spelled = {heading(name, locale): name for locale in LOCALES for name in COLUMNS}
    for place, (_n, cells) in enumerate(rows[:5]):
        if {"task", "outcome"} <= set(cells):
            return [cell if cell in COLUMNS else "" for cell in cells], list(rows[place + 1 :])
    found = [spelled.get(cell, "") for cell in rows[0][1]]
    for name in ("task", "version"):
        if name not in found:
            raise BadFile("file", "error.unknown_column", column=heading(name, current_locale()))
    return found, list(rows[1:])


def _codes_of(name: str) -> dict[str, str]:
    return {text: code for locale in LOCALES for code, text in options(name, locale).items()}


def _filled(n: int, row: Mapping[str, str], known: Mapping[str, Mapping[str, str]]) -> Filled:
    faults = _identity(row)
    said: dict[str, str] = {}
    for name in FILLED:
        if name in row:
            try:
                said[name] = _value(name, row[name], known.get(name, {}))
            except Invalid as error:
                faults[name] = [(str(key), getattr(key, "params", {})) for key in error.messages]
    act, body, places = _act(said)
    if not faults:
        try:
            fields = load_fields(act, body)
            return Filled(n, row["task"], int(row["version"]), act, fields, places=places)
        except ValidationError as error:
            faults = _faults(error, places)
    return Filled(n, row.get("task", ""), act=act, faults=faults)


def _identity(row: Mapping[str, str]) -> Faults:
    """Whether the row still is the one that was sent out: its number, its title beside it, its version."""
    faults: Faults = {name: [("error.required", {})] for name in ("task", "version") if not row.get(name)}
    version = row.get("version", "0")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        faults["version"] = [("error.not_whole", {})]
    if "check" in row and "task" in row:
        now = check(row["task"], row.get("title", "")).split("-")
        pairs = zip(("task", "title"), row["check"].split("-"), now, strict=False)
        changed = [name for name, was, is_now in pairs if was != is_now]
        faults.update({name: [("error.sheet_changed", {})] for name in changed[:1]})
    return faults


def _value(name: str, text: str, known: Mapping[str, str]) -> str:
    if name in _MOMENTS or name.endswith("_due_at"):
        return read_moment(text)
    return known.get(text, text)


def _act(said: Mapping[str, str]) -> tuple[str, dict[str, Any], dict[str, str]]:
    """The act, its body, and for each of the body's places the column it came from."""
    if not any(name in said for name in FILLED if name not in NOTE):
        return "progress.report", _named(said, {"text": "note", "next_at": "next_at"}), {"text": "note"}
    body: dict[str, Any] = {name: said[name] for name in (*ANSWER, *LATER) if name in said}
    places: dict[str, str] = {}
    measures: list[dict[str, str]] = []
    for n in range(1, MOST_MEASURES + 1):
        row = {part: said[f"measure_{n}_{part}"] for part in PARTS if f"measure_{n}_{part}" in said}
        if row:
            places |= {f"measures.{len(measures)}.{part}": f"measure_{n}_{part}" for part in PARTS}
            measures.append(row)
    if measures:
        body["measures"] = measures
    return "feedback.submit", body, places | {"measures": "measure_1_text"}


def _named(said: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    return {name: said[column] for name, column in names.items() if column in said}


def _faults(error: ValidationError, places: Mapping[str, str]) -> Faults:
    return {
        places.get(place, place): [(str(key), getattr(key, "params", {})) for key in keys]
        for place, keys in flat(error.messages).items()
    }
