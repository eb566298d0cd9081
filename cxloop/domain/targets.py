"""Targets: the four ways to state how long something may take (K2). They are never mixed or added up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, Self, cast, get_args

Unit = Literal["hours", "days", "natural_hours", "natural_days"]

_SHORT: Final[Mapping[Unit, str]] = {"hours": "h", "days": "d", "natural_hours": "nh", "natural_days": "nd"}
_UNITS: Final[Mapping[str, Unit]] = {short: unit for unit, short in _SHORT.items()}
_TEXT: Final = re.compile(r"([^a-z\s]+)\s*(nh|nd|h|d)", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,12}(\.\d{1,24})?|\d{1,12}/[1-9]\d{0,11}", re.ASCII)
_LARGEST: Final = 1_000_000  # more than a century in any unit: a slip of the hand, and a cheap guard
_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Target:
    """A length of time in one unit. `hours` and `natural_hours` are whole seconds, the days are whole days."""

    unit: Unit
    amount: Fraction

    def __post_init__(self) -> None:
        if self.unit not in get_args(Unit):
            raise ValueError(f"unknown unit of a target: {self.unit!r}")
        amount = Fraction(self.amount)
        if not 0 <= amount <= _LARGEST:
            raise ValueError(f"a target lies between 0 and {_LARGEST}: {self.amount}")
        if self.unit in ("hours", "natural_hours"):
            amount = _in_whole_seconds(amount)
        elif amount.denominator != 1:
            raise ValueError(f"there are no fractions of days: {self.amount}")
        object.__setattr__(self, "amount", amount)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "4 h", "0.5 h", "2 d", "24 nh" or "3 nd"; ValueError says what is wrong."""
        match = _TEXT.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"a target is a number and one of h, d, nh, nd: {text[:40]!r}")
        return cls(_UNITS[match[2]], _number(match[1]))

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Self:
        """Read {"hours": 7.5}, {"days": 3}, {"natural_hours": 24} or {"natural_days": 30}; exactly one of them."""
        if not isinstance(value, Mapping) or len(value) != 1:
            raise ValueError("a target has exactly one of " + ", ".join(_SHORT))
        [(unit, amount)] = value.items()
        if unit not in _SHORT:
            raise ValueError(f"unknown unit of a target: {unit!r}")
        return cls(cast(Unit, unit), _number(amount))

    def to_json(self) -> dict[str, int | float]:
        """Give what `from_json` reads back to an equal target."""
        whole = self.amount.denominator == 1
        return {self.unit: int(self.amount) if whole else float(self.amount)}

    @property
    def seconds(self) -> int:
        """The length in seconds; ValueError for days, whose length only a calendar knows."""
        if self.unit not in ("hours", "natural_hours"):
            raise ValueError(f"{self.unit} have no length in seconds")
        return int(self.amount * _HOUR)

    def __str__(self) -> str:
        return f"{_plain(self.amount)} {_SHORT[self.unit]}"


def _number(value: object) -> Fraction:
    """Read a number exactly; a float by its shortest decimal form. Bounded before any arithmetic is done."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError(f"a target needs a number, not {type(value).__name__}")
    if isinstance(value, str | Decimal):
        return _plain_number(str(value))
    if not 0 <= value <= _LARGEST:  # NaN compares false
        raise ValueError(f"a target lies between 0 and {_LARGEST}")
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def _plain_number(text: str) -> Fraction:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"a target needs a plain number: {text[:40]!r}")
    return Fraction(text)


def _in_whole_seconds(hours: Fraction) -> Fraction:
    """Give the hours as whole seconds; a JSON number such as 0.11666666666666667 stands for the 420 s it came from."""
    seconds = round(hours * _HOUR)
    if hours * _HOUR != seconds and float(hours) != seconds / _HOUR:
        raise ValueError(f"a target is a whole number of seconds: {_plain(hours)} h")
    return Fraction(seconds, _HOUR)


def _plain(amount: Fraction) -> str:
    """Write 4, 0.5 or, where no decimal ends, 7/60."""
    decimal = Decimal(amount.numerator) / Decimal(amount.denominator)
    return format(decimal, "f") if Fraction(decimal) == amount else str(amount)
