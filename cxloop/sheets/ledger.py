"""A running ledger 台账 taken over: each open item with the due it was given, at the moments that the ledger tells."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from ..domain.canonical import stamp
from ..domain.vocabulary import Duty, TaskState
from ..models.policy import codes
from ..operations.act import REPLAY, Call, Differs, Invalid
from ..operations.idempotency import Key
from ..operations.tasks.taking_over import TakenOver
from ..queries.pages import unit_rows
from ..schemas import fields as shapes
from ..schemas.acts import load_fields
from ..schemas.files import BadFile, columns_of, read_cell
from ..schemas.files import read_mapping as read_rules
from ..schemas.files import read_moment as read_formatted
from ..wording import LOCALES, say_in
from .book import Row, read_moment
from .doing import do_row, mark

ACT = "issue.take_over"
# A row takes some 0.05 s; a request must not take minutes, a command may.
MOST_ROWS, MOST_IN_A_REQUEST = 5_000, 1_000
OVER = "over"
OPENING = time(9)
# A ledger's own words for what the act calls otherwise.
_MOMENTS = {"handed_out_at": OPENING, "due_at": time(18), "note_at": time(18)}
WANTED = ("number", "title", "channel", "unit", "handed_out_at", "due_at")
FIELDS = frozenset(WANTED) | {"description", "severity", "category", "duty", "state", "handler", "note", "note_at"}

Fault = tuple[str, str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Item:
    """A row as it was read: the act's fields and its moment, or what is wrong with it."""

    row: int
    at: datetime | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a ledger: a line for each item taken or known, the faults by row and field, and what was over."""

    lines: list[dict[str, Any]]
    faults: list[tuple[int, Fault]]
    over: int

    def count(self, *, known: bool) -> int:
        """How many items were known already, or came just now."""
        return sum(line["known"] == known for line in self.lines)


def read_mapping(text: str) -> dict[str, Any]:
    """The mapping of a ledger; BadFile names what is missing or unknown."""
    mapping = read_rules(text, known=FIELDS)
    missing = [name for name in WANTED if name not in mapping["fields"]]
    if missing:
        raise BadFile(f"mapping.fields.{missing[0]}", "error.required")
    return mapping


def read(rows: Sequence[Row], mapping: Mapping[str, Any], *, now: datetime) -> tuple[list[Item], int]:
    """The open items of a ledger, and how many were over. BadFile for columns that are not there."""
    [(_n, header), *data] = rows
    wanted = [column for rule in mapping["fields"].values() for column in columns_of(rule)]
    missing = sorted(set(wanted) - set(header))
    if missing:
        raise BadFile("mapping.fields", "error.unknown_column", column=missing[0])
    reader = _Reader(mapping, now)
    found = [reader.item(n, dict(reversed(list(zip(header, cells, strict=False))))) for n, cells in data]
    items = [item for item in found if item is not None]
    return items, len(found) - len(items)


class _Reader:
    """Reads rows by a mapping; knows units, channels and duties by their names too."""

    def __init__(self, mapping: Mapping[str, Any], now: datetime) -> None:
        self.mapping, self.now = mapping, now
        self.zone = ZoneInfo(mapping.get("tz", "Asia/Shanghai"))
        self.known = _names()
        self.numbers: dict[str, int] = {}

    def item(self, n: int, cells: Mapping[str, str]) -> Item | None:
        """One row; None when it is over."""
        body: dict[str, Any] = {}
        faults: list[Fault] = []
        for name, rule in self.mapping["fields"].items():
            try:
                value = self._value(name, rule, cells)
            except shapes.Invalid as error:
                faults += [(name, str(key), getattr(key, "params", {})) for key in error.messages]
                continue
            if value is not None:
                body[name] = value
        if body.get("state") == OVER:
            return None
        at, fields = self._loaded(body, faults)
        self._check(n, at, fields, faults)
        return Item(n, at, fields, tuple(faults))

    def _value(self, name: str, rule: Any, cells: Mapping[str, str]) -> Any:
        value = read_cell(rule, cells)
        if isinstance(value, str) and name in _MOMENTS:
            formats = rule.get("format") if isinstance(rule, dict) else None
            if formats:
                return read_formatted(value, formats, self.zone)
            return read_moment(value, zone=self.zone, closing=_MOMENTS[name])
        if isinstance(value, str):
            value = self.known.get(name, {}).get(value, value)
        if name == "severity" and isinstance(value, str) and value.isascii() and value.isdigit():
            return int(value[:9])
        return value

    def _loaded(self, body: dict[str, Any], faults: list[Fault]) -> tuple[datetime | None, dict[str, Any]]:
        """The act's moment and fields; what their shapes refuse joins the faults, unless the cell was named already."""
        named = {fault[0] for fault in faults}
        told = {name: value for name, value in body.items() if name not in {"handed_out_at", "due_at"}}
        told = {"description": body.get("title"), **told, "source": self.mapping["source"]}
        at = None
        if "handed_out_at" in body:
            at = shapes.parse_moment(body["handed_out_at"])
        elif "handed_out_at" not in named:
            faults.append(("handed_out_at", "error.required", {}))
        try:
            return at, load_fields(ACT, told | {"original_due": body.get("due_at")})
        except ValidationError as error:
            for place, keys in shapes.flat(error.messages).items():
                column = "due_at" if place == "original_due" else place
                if column not in named and column != "description":
                    faults += [(column, str(key), getattr(key, "params", {})) for key in keys]
            return at, {}

    def _check(self, n: int, at: datetime | None, fields: Mapping[str, Any], faults: list[Fault]) -> None:
        number = fields.get("number")
        if number is not None and self.numbers.setdefault(number, n) != n:
            faults.append(("number", "error.ledger_twice", {"row": self.numbers[number]}))
        for name, moment in (("handed_out_at", at), ("note_at", fields.get("note_at"))):
            if moment is not None and moment > self.now:
                faults.append((name, "error.ledger_ahead", {}))


def _names() -> dict[str, dict[str, str]]:
    """What a ledger calls things → their codes, field by field."""
    units = [(unit.code, (unit.short, unit.name, unit.name_en)) for unit in unit_rows()]
    listed = codes()
    found = {"unit": _unique(units)}
    for name in ("channel", "category"):
        found[name] = _unique([(item.code, (item.zh, item.en)) for item in listed.lists.get(name, {}).values()])
    found["duty"] = _unique([(code, _worded(f"duty.{code}")) for code in Duty])
    found["state"] = _unique(
        [(code, _worded(f"task.state.{code}")) for code in (TaskState.DISPATCHED, TaskState.WORKING)]
    )
    return found


def _worded(key: str) -> tuple[str, ...]:
    return tuple(say_in(locale, key) for locale in LOCALES)


def _unique(pairs: Iterable[tuple[str, Iterable[str]]]) -> dict[str, str]:
    """Name → code, for the names that mean one thing only."""
    meant: dict[str, set[str]] = {}
    for code, names in pairs:
        for name in names:
            meant.setdefault(name, set()).add(str(code))
    return {name: next(iter(found)) for name, found in meant.items() if len(found) == 1}


def take_over(
    items: Sequence[Item], *, by: str, at: datetime, over: int = 0, key: Key | None = None, preview: bool = False
) -> Taken:  # fmt: skip
    """Take over the items in the order in which they were handed out, each at its own moment.

    A faulty row enters in no part, and keeps no other out. Forbidden for whoever may not take over at all; `at` is the
    moment of the request.
    """
    if not preview:
        mark(key, at=at)
    faults = [(item.row, fault) for item in items for fault in item.faults]
    lines = []
    good = [(item.at, item) for item in items if item.at is not None and not item.faults]
    for moment, item in sorted(good, key=lambda pair: (pair[0], pair[1].row)):
        call = Call(ACT, by, moment, fields=item.fields, origin=REPLAY)
        try:
            lines.append(do_row(call, row=item.row, key=key, preview=preview, told=_teller(item, moment, preview)))
        except Differs:
            faults.append((item.row, ("number", "error.differs", {})))
        except Invalid as error:
            named = [("due_at" if name == "original_due" else name, *said) for name, said in error.errors.items()]
            faults += [(item.row, fault) for fault in named]
    lines.sort(key=lambda line: line["row"])
    return Taken(lines, sorted(faults, key=lambda fault: (fault[0], fault[1][0])), over)


def _teller(item: Item, at: datetime, preview: bool) -> Callable[[TakenOver], dict[str, Any]]:
    def told(result: TakenOver) -> dict[str, Any]:
        # The numbers of a preview are given back with all the rest.
        shown = not preview or not result.is_new
        return {
            "row": item.row,
            "number": item.fields["number"],
            "title": item.fields["title"],
            "unit": item.fields["unit"],
            "state": str(item.fields.get("state") or TaskState.WORKING),
            "handed_out_at": stamp(at),
            "due_at": stamp(item.fields["original_due"]),
            "issue": result.no if shown else None,
            "task": result.task if shown else None,
            "known": not result.is_new,
        }

    return told
