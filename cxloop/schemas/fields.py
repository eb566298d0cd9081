"""The fields that everything coming in is made of. Their errors are keys with parameters, worded at the door."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load

# How long a name may be.
NAME = 100
MOST_CHARACTERS = 10_000
MOST_WHOLE = 2_000_000_000
_MOST_DIGITS = 12
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
# One line means one line in every log and table, whatever they take for its end.
_CONTROL = re.compile("[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})\Z")


class Said(str):
    """A message key with its parameters; a plain string is a key without any."""

    params: dict[str, Any]

    def __new__(cls, key: str, **params: Any) -> "Said":
        """Make the key carry its parameters."""
        said = super().__new__(cls, key)
        said.params = params
        return said


class Invalid(ValidationError):
    """A field's error: a key and its parameters."""

    def __init__(self, key: str, **params: Any) -> None:
        super().__init__([Said(key, **params)])


_MESSAGES: dict[str, Any] = {
    "required": "error.required",
    "null": "error.required",
    "invalid": "error.invalid",
    "validator_failed": "error.invalid",
    "type": "error.not_an_object",
    "unknown": "error.unknown_field",
}


_BODY_MESSAGES: dict[str, Any] = {"type": "error.not_an_object", "unknown": "error.unknown_field"}
_LIST_MESSAGES = {**_MESSAGES, "invalid": "error.not_a_list"}
_PART_MESSAGES = {**_MESSAGES, "type": "error.not_an_object"}


class Strict(Schema):
    """A body in which every field is known and every error is a key."""

    class Meta:
        """Unknown fields are refused: nothing a caller sends is silently dropped or believed."""

        unknown = RAISE
        ordered = True

    # marshmallow reads these on the class, and types them as the instance's.
    error_messages: dict[str, Any] = _BODY_MESSAGES

    @post_load
    def _without_nulls(self, data: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value is not None}


class _Keyed(fields.Field[Any]):
    default_error_messages: dict[str, Any] = _MESSAGES


class Text(_Keyed):
    """A text of at most `most` characters; surrounding white space goes, NUL and lone surrogates are refused."""

    def __init__(self, *, most: int = MOST_CHARACTERS, blank: bool = False, line: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most, self.blank, self.line = most, blank, line

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise Invalid("error.not_a_text")
        if _FORBIDDEN.search(value):
            raise Invalid("error.characters")
        value = value.strip()
        if self.line and _CONTROL.search(value):
            raise Invalid("error.characters")
        if not value and not self.blank:
            raise Invalid("error.blank")
        if len(value) > self.most:
            raise Invalid("error.too_long", max=self.most)
        return str(value)


class Code(Text):
    """A code, number or user name: short, on one line."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(most=kwargs.pop("most", 80), line=True, **kwargs)


class OneOf(Code):
    """One of the codes that the rules know."""

    def __init__(self, known: Any, **kwargs: Any) -> None:
        super().__init__(metadata={"enum": [str(code) for code in known]}, **kwargs)
        self.known = frozenset(str(code) for code in known)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        if text not in self.known:
            raise Invalid("error.one_of", known=", ".join(sorted(self.known)))
        return str(text)


class Whole(_Keyed):
    """A whole number between two bounds; neither a float nor a text that looks like one."""

    def __init__(self, *, low: int = 0, high: int = MOST_WHOLE, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "integer", "minimum": low, "maximum": high}, **kwargs)
        self.low, self.high = low, high

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        # 1e999999999 is one short number in JSON and would be a billion digits as an int.
        if isinstance(value, Decimal) and value.adjusted() < _MOST_DIGITS and value == value.to_integral_value():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Invalid("error.not_whole")
        if not self.low <= value <= self.high:
            raise Invalid("error.out_of_range", low=self.low, high=self.high)
        return value


class Figure(_Keyed):
    """A decimal figure as people measure it: at most 12 digits before and 6 behind the point."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "number"}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> float | int | None:
        if value is None:
            return None
        return int(value) if value == value.to_integral_value() else float(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            raise Invalid("error.invalid_number")
        try:
            figure = Decimal(str(value))
        except InvalidOperation:
            raise Invalid("error.invalid_number") from None
        if not figure.is_finite() or figure.adjusted() >= _MOST_DIGITS:
            raise Invalid("error.invalid_number")
        if figure != figure.quantize(Decimal("0.000001")):
            raise Invalid("error.invalid_number")
        return figure


class Truth(_Keyed):
    """true or false, and nothing that only looks like it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "boolean"}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise Invalid("error.not_a_boolean")
        return value


class Moment(_Keyed):
    """A moment with its offset, as ISO 8601; stored and answered in UTC. A moment without one is refused."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "date-time"}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        return parse_moment(value)


class Day(_Keyed):
    """A local date, as 2026-11-21."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(metadata={"type": "string", "format": "date"}, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:
        return parse_day(value)


def parse_day(value: Any) -> date:
    """A date from ISO 8601 text, written out; Invalid for one that is none or lies outside the years 1970-2199."""
    if not isinstance(value, str):
        raise Invalid("error.not_a_text")
    try:
        found = date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII) else None
    except ValueError:
        found = None
    if found is None or not 1970 <= found.year <= 2199:
        raise Invalid("error.date")
    return found


def parse_moment(value: Any) -> datetime:
    """An aware moment in UTC from ISO 8601 text; Invalid for one without an offset or outside the years 1970-2199."""
    if not isinstance(value, str):
        raise Invalid("error.not_a_text")
    if not _MOMENT.match(value):
        naive = re.match(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?\Z", value)
        raise Invalid("error.naive_time" if naive else "error.date")
    try:
        moment = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid("error.date") from None
    if not 1970 < moment.year < 2199:
        raise Invalid("error.date")
    return moment


class Many(fields.List[Any]):
    """A list of at most `most` items, at least `least`."""

    default_error_messages: dict[str, Any] = _LIST_MESSAGES

    def __init__(self, inner: Any, *, most: int = 100, least: int = 0, **kwargs: Any) -> None:
        super().__init__(inner, **kwargs)
        self.most, self.least = most, least

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Invalid("error.not_a_list")
        if len(value) > self.most:
            raise Invalid("error.too_many", max=self.most)
        if len(value) < self.least:
            raise Invalid("error.too_few", min=self.least)
        return list(super()._deserialize(value, attr, data, **kwargs))


class Part(fields.Nested):
    """An object within a body."""

    default_error_messages: dict[str, Any] = _PART_MESSAGES


class Anything(fields.Raw):
    """A structure that its own rules check later (a calendar's definition, a policy's body)."""

    default_error_messages: dict[str, Any] = _MESSAGES


def flat(messages: Any, prefix: str = "") -> dict[str, list[Said | str]]:
    """marshmallow's nested messages as field path → keys, like `tasks.0.unit`."""
    if isinstance(messages, dict):
        found: dict[str, list[Said | str]] = {}
        for name, inner in messages.items():
            path = prefix if name == "_schema" else f"{prefix}.{name}" if prefix else str(name)
            found.update(flat(inner, path))
        return found
    return {prefix: [message for message in messages if isinstance(message, str)]}
