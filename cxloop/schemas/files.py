"""Files of signals: read as they are found, mapped column by column, every bad cell named by row and field."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from .acts import Contact, Score, SignalFields
from .fields import Invalid, Strict, flat

# As Chinese offices save them. UTF-16 is known by its mark; what is neither UTF-8 nor that is read as GB18030.
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
MOST_ROWS = 100_000
HEADER_ROW = 1
_SPECIAL = frozenset({"columns", "format", "values", "const"})
_PARTS = {"contact": Contact, "score": Score}
_PLAIN = frozenset(SignalFields().fields) - _PARTS.keys()
_MAPPED = _PLAIN | {f"{head}.{tail}" for head, part in _PARTS.items() for tail in part().fields}
# How many bytes are looked at to see which of two is always zero.
_PROBE = 4000


class BadFile(Exception):
    """The file or its mapping cannot be used at all: field → (message key, parameters)."""

    def __init__(self, field: str, key: str, /, **params: Any) -> None:
        super().__init__(f"{field}: {key}")
        self.errors = {field: (key, params)}


def read_mapping(text: str, *, known: Collection[str] = _MAPPED) -> dict[str, Any]:
    """A mapping from its JSON, {source, tz, fields: {name: column | {columns, format, values, const}}}, or BadFile.

    `known` are the names that fields may have: a signal's, unless said otherwise.
    """
    try:
        mapping = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise BadFile("mapping", "error.malformed") from None
    if not isinstance(mapping, dict):
        raise BadFile("mapping", "error.not_an_object")
    if not isinstance(mapping.get("fields"), dict):
        raise BadFile("mapping.fields", "error.required")
    unknown = sorted(mapping.keys() - {"source", "tz", "fields"})
    if unknown:
        raise BadFile(f"mapping.{unknown[0]}", "error.unknown_field")
    if not isinstance(mapping.get("source"), str) or not mapping["source"].strip():
        raise BadFile("mapping.source", "error.required")
    try:
        ZoneInfo(mapping.get("tz", "Asia/Shanghai"))
    except (KeyError, ValueError, TypeError, OSError):
        raise BadFile("mapping.tz", "error.bad_zone") from None
    for name, rule in mapping["fields"].items():
        _check_rule(name, rule, known)
    return mapping


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


def _check_rule(name: str, rule: Any, known: Collection[str]) -> None:
    if name not in known:
        raise BadFile(f"mapping.fields.{name}", "error.unknown_field")
    if isinstance(rule, str):
        return
    if not isinstance(rule, dict) or not rule.keys() <= _SPECIAL or len(rule.keys() & {"columns", "const"}) != 1:
        raise BadFile(f"mapping.fields.{name}", "error.invalid")
    for option, value in rule.items():
        if not _OPTIONS[option](value):
            raise BadFile(f"mapping.fields.{name}.{option}", "error.invalid")


def _is_texts(value: Any) -> bool:
    """A text, or a list of some."""
    return isinstance(value, str) or (
        isinstance(value, list) and bool(value) and all(isinstance(part, str) for part in value)
    )


def _is_formats(value: Any) -> bool:
    """strptime formats that can be read at all: a slip in one is told once, not for every row."""
    if not _is_texts(value):
        return False
    for form in [value] if isinstance(value, str) else value:
        try:
            datetime.strptime(datetime(2026, 1, 2, tzinfo=UTC).strftime(form), form)  # noqa: DTZ007 - only tried
        except (ValueError, re.error):
            return False
    return True


def _is_values(value: Any) -> bool:
    return isinstance(value, dict) and all(to is None or isinstance(to, str) for to in value.values())


_OPTIONS: dict[str, Callable[[Any], bool]] = {
    "columns": _is_texts,
    "format": _is_formats,
    "values": _is_values,
    "const": lambda value: isinstance(value, str | int | float) and not isinstance(value, bool),
}


def read_rows(raw: bytes, mapping: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows as {row, fields} or {row, errors}; the header is row 1, as spreadsheets count. Else BadFile."""
    reader = csv.reader(io.StringIO(decoded(raw), newline=""), dialect=dialect_of(raw))
    try:
        header = [name.strip() for name in next(reader)]
    except StopIteration:
        raise BadFile("file", "error.empty") from None
    except csv.Error:
        raise BadFile("file", "error.malformed") from None
    wanted = {column for rule in mapping["fields"].values() for column in columns_of(rule)}
    missing = sorted(wanted - set(header))
    if missing:
        raise BadFile("mapping.fields", "error.unknown_column", column=missing[0])
    rows = list(_rows(reader, header, mapping))
    _name_the_nameless(rows)
    return rows


def _name_the_nameless(rows: Sequence[dict[str, Any]]) -> None:
    """Give rows without an id of their own one made of what they say, so that the same file again changes nothing.

    Rows that say the same are told apart by their order. Personal data stays out: a digest of it could be guessed.
    """
    counts: dict[str, int] = {}
    for row in rows:
        fields = row.get("fields")
        if fields is None or fields.get("external_id") is not None:
            continue
        said = sorted((name, str(value)) for name, value in fields.items() if name != "contact")
        digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
        counts[digest] = counts.get(digest, 0) + 1
        fields["external_id"] = f"row-{digest}-{counts[digest]}"


def decoded(raw: bytes) -> str:
    """The text of a file as it was saved: UTF-8, UTF-16 or GB18030, with or without its mark; else BadFile."""
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _decode(raw, encoding)
    unmarked = _unmarked_utf16(raw)
    if unmarked is not None:
        return _decode(raw, unmarked)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _decode(raw, "gb18030")


def _unmarked_utf16(raw: bytes) -> str | None:
    """UTF-16 without its mark is full of NULs, which no text is: commas and line ends have one in front or behind."""
    even, odd = raw[:_PROBE:2].count(0), raw[1:_PROBE:2].count(0)
    if len(raw) % 2 or max(even, odd) < 3 or min(even, odd) * 10 > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise BadFile("file", "error.encoding") from None


def dialect_of(raw: bytes) -> type[csv.Dialect]:
    """Commas or tabs, as the first line has more of."""

    class Found(csv.excel):
        delimiter = "\t" if raw.split(b"\n", 1)[0].count(b"\t") > raw.split(b"\n", 1)[0].count(b",") else ","

    return Found


def columns_of(rule: Any) -> list[str]:
    """The columns that a field's rule reads."""
    if isinstance(rule, str):
        return [rule]
    columns = rule.get("columns", [])
    return [columns] if isinstance(columns, str) else list(columns)


def _rows(reader: Iterator[list[str]], header: Sequence[str], mapping: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    zone, n = ZoneInfo(mapping.get("tz", "Asia/Shanghai")), HEADER_ROW
    while True:
        n += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield {"row": n, "errors": [("", "error.malformed", {})]}
            continue
        if n - HEADER_ROW > MOST_ROWS:
            raise BadFile("file", "error.too_many", max=MOST_ROWS)
        if any(cell.strip() for cell in cells):
            yield _row(n, cells, header, mapping, zone)


def _row(
    n: int, cells: Sequence[str], header: Sequence[str], mapping: Mapping[str, Any], zone: ZoneInfo
) -> dict[str, Any]:
    if len(cells) > len(header):
        return {"row": n, "errors": [("", "error.too_many_cells", {"max": len(header)})]}
    # Where a column's name repeats, the first one counts.
    by_name = dict(reversed(list(zip(header, cells, strict=False))))
    body: dict[str, Any] = {"source": mapping["source"]}
    errors: list[tuple[str, str, dict[str, Any]]] = []
    for name, rule in mapping["fields"].items():
        try:
            value = _cell(name, rule, by_name, zone)
        except Invalid as error:
            errors += [(name, str(said), getattr(said, "params", {})) for said in error.messages]
            continue
        if value is not None:
            _put(body, name, value)
    if errors:
        return {"row": n, "errors": errors}
    try:
        return {"row": n, "fields": _loaded(body)}
    except ValidationError as error:
        said = flat(error.messages)
        return {"row": n, "errors": [(f, str(k), getattr(k, "params", {})) for f, keys in said.items() for k in keys]}


def _loaded(body: dict[str, Any]) -> dict[str, Any]:
    schema: Strict = SignalFields()
    return dict(schema.load(body))


def _put(body: dict[str, Any], name: str, value: Any) -> None:
    head, _, tail = name.partition(".")
    if tail:
        body.setdefault(head, {})[tail] = value
    else:
        body[name] = value


def _cell(name: str, rule: Any, cells: Mapping[str, str], zone: ZoneInfo) -> Any:
    value = read_cell(rule, cells)
    options = rule if isinstance(rule, dict) else {}
    if name == "occurred_at" and isinstance(value, str) and not options.keys() & {"values", "const"}:
        return read_moment(value, options.get("format"), zone)
    return value


def read_cell(rule: Any, cells: Mapping[str, str]) -> Any:
    """What a field's rule finds in a row: a constant, the columns' text, what the text stands for; None for nothing."""
    if isinstance(rule, dict) and "const" in rule:
        return rule["const"]
    text = " ".join(part for column in columns_of(rule) if (part := cells.get(column, "").strip()))
    if not text:
        return None
    values = rule.get("values") if isinstance(rule, dict) else None
    if values is None:
        return text
    if text not in values and "*" not in values:
        raise Invalid("error.unmapped_value", value=text[:80])
    return values.get(text, values.get("*"))


def read_moment(text: str, formats: Any, zone: ZoneInfo) -> str:
    """A moment in one of these formats, or in ISO 8601, in a zone where it names none. Invalid for others."""
    for form in [formats] if isinstance(formats, str) else formats or ():
        try:
            moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is the mapping's, set below
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
    if formats:
        raise Invalid("error.date")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid("error.date") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat()
