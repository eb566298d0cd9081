"""Canonical bytes: one text for one content, so that a digest means something years later.

Sorted keys, no spaces, UTF-8 without escapes, integers and decimal strings, times in UTC with microseconds.
Floats are refused: two databases would not agree on their last digit.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any


def stamp(moment: datetime) -> str:
    """A moment as canonical text; naive ones are refused (ValueError)."""
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset has no place in the trail")
    return moment.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


# Nearly everything in an entry is of these very types (an enum's member is not), and a sweep seals a thousand entries.
_AS_IT_IS = frozenset({type(None), bool, int, str})


def plain(value: Any) -> Any:
    """The value in types that canonical JSON knows; TypeError for anything that has no one text."""
    if type(value) in _AS_IT_IS:
        return value
    for kind, spell in _SPELLINGS:
        if isinstance(value, kind):
            return spell(value)
    raise TypeError(f"no canonical form for {type(value).__name__}")


def decimal_text(value: Decimal) -> str:
    """A decimal without exponent or trailing zeros: 0.310 and 3.1E-1 are both "0.31"."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


# In this order: a bool is an int, and a datetime is a date.
_SPELLINGS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (bool, bool),
    (int, int),
    (str, str),
    (datetime, stamp),
    (date, date.isoformat),
    (Decimal, decimal_text),
    # A dict is told at once; the general question is a slow one.
    ((dict, Mapping), lambda value: {str(key): plain(item) for key, item in value.items()}),
    ((list, tuple), lambda value: [plain(item) for item in value]),
)


def canonical(value: Any) -> str:
    """The one text of a value."""
    return spell(plain(value))


def spell(value: Any) -> str:
    """The one text of a value that is plain already, part by part."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 of a text's UTF-8 bytes, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()
