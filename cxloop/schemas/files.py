"""Files of signals: read as they are found, mapped column by column, every bad cell named by row and field."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from .acts import SignalFields
from .fields import Invalid, Strict, flat

# As Chinese offices save them. UTF-16 is known by its mark; what is neither UTF-8 nor that is read as GB18030.
_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
MOST_ROWS = 100_000
HEADER_ROW = 1
_SPECIAL = frozenset({"columns", "format", "values", "const"})
_NESTED = ("contact", "score")


class BadFile(Exception):
    """The file or its mapping cannot be used at all: field → (message key, parameters)."""

    def __init__(self, field: str, key: str, /, **params: Any) -> None:
        super().__init__(f"{field}: {key}")
        self.errors = {field: (key, params)}


def read_mapping(text: str) -> dict[str, Any]:
    """A mapping from its JSON, {source, tz, fields: {name: column | {columns, format, values, const}}}, or BadFile."""
    try:
        mapping = json.loads(text)
    except (ValueError, RecursionError):
        raise BadFile("mapping", "error.malformed") from None
    if not isinstance(mapping, dict) or not isinstance(mapping.get("fields"), dict):
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
        _check_rule(name, rule)
    return mapping


def _check_rule(name: str, rule: Any) -> None:
    head, _, tail = name.partition(".")
    known = head in SignalFields().fields and (not tail or head in _NESTED)
    if not known:
        raise BadFile(f"mapping.fields.{name}", "error.unknown_field")
    if isinstance(rule, str):
        return
    if not isinstance(rule, dict) or not rule.keys() <= _SPECIAL or not rule.keys() & {"columns", "const"}:
        raise BadFile(f"mapping.fields.{name}", "error.invalid")


def read_rows(raw: bytes, mapping: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows as {row, fields} or {row, errors}; the header is row 1, as spreadsheets count. Else BadFile."""
    reader = csv.reader(io.StringIO(_decoded(raw), newline=""), dialect=_dialect(raw))
    try:
        header = [name.strip() for name in next(reader)]
    except StopIteration:
        raise BadFile("file", "error.empty") from None
    except csv.Error:
        raise BadFile("file", "error.malformed") from None
    wanted = {column for rule in mapping["fields"].values() for column in _columns(rule)}
    missing = sorted(wanted - set(header))
    if missing:
        raise BadFile("mapping.fields", "error.unknown_column", column=missing[0])
    return list(_rows(reader, header, mapping))


def _decoded(raw: bytes) -> str:
    for mark, encoding in _MARKS:
        if raw.startswith(mark):
            return _decode(raw, encoding)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _decode(raw, "gb18030")


def _decode(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        raise BadFile("file", "error.encoding") from None


def _dialect(raw: bytes) -> type[csv.Dialect]:
    class Found(csv.excel):
        delimiter = "\t" if raw.split(b"\n", 1)[0].count(b"\t") > raw.split(b"\n", 1)[0].count(b",") else ","

    return Found


def _columns(rule: Any) -> list[str]:
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
    if isinstance(rule, dict) and "const" in rule:
        return rule["const"]
    text = " ".join(part for column in _columns(rule) if (part := cells.get(column, "").strip()))
    if not text:
        return None
    options = rule if isinstance(rule, dict) else {}
    if "values" in options:
        values = options["values"]
        if text not in values and "*" not in values:
            raise Invalid("error.unmapped_value", value=text[:80])
        return values.get(text, values.get("*"))
    if name == "occurred_at":
        return _moment(text, options.get("format"), zone)
    return text


def _moment(text: str, formats: Any, zone: ZoneInfo) -> str:
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
