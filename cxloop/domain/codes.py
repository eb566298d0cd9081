"""The lists people choose from, as one value. They are data: a group publishes its own version of `codes`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .faults import Fault, Faulty

MOST_WHOLE = 2_000_000_000
DEEPEST = 6
# What no database keeps: NUL, and halves of characters.
_FORBIDDEN = re.compile("[\x00\ud800-\udfff]")


class CodesError(Faulty):
    """Lists that cannot be used."""


@dataclass(frozen=True, slots=True)
class Code:
    """One item: its code, its wording in both languages, its parent, and what else the list carries for it."""

    code: str
    zh: str
    en: str
    parent: str | None
    extra: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Codes:
    """All lists of one version."""

    lists: Mapping[str, Mapping[str, Code]]

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Codes":
        """Read a body: list name → items {code, zh, en, parent?, …}. CodesError names everything malformed."""
        faults = list(_faults(body))
        if faults:
            raise CodesError(faults)
        return cls({name: {item["code"]: _item(item) for item in items} for name, items in body.items()})

    def has(self, name: str, code: str) -> bool:
        """Whether the list knows the code."""
        return code in self.lists.get(name, {})

    def get(self, name: str, code: str) -> Code | None:
        """The item, or None."""
        return self.lists.get(name, {}).get(code)

    def label(self, name: str, code: str, locale: str) -> str:
        """The item's wording in a language; the code itself where the list has changed since."""
        found = self.get(name, code)
        return code if found is None else (found.zh if locale.startswith("zh") else found.en)


def _item(item: Mapping[str, Any]) -> Code:
    extra = {key: value for key, value in item.items() if key not in {"code", "zh", "en", "parent"}}
    return Code(item["code"], item["zh"], item["en"], item.get("parent"), extra)


def _faults(body: Any) -> Iterator[Fault]:
    if not isinstance(body, Mapping):
        yield Fault("", "not_an_object")
        return
    for name, items in body.items():
        yield from _in_leaf(str(name), name)
        if not isinstance(items, list):
            yield Fault(str(name), "not_a_list")
            continue
        for n, item in enumerate(items):
            yield from _in_item(f"{name}.{n}", item)
        yield from _among(str(name), items)


def _in_item(place: str, item: Any) -> Iterator[Fault]:
    if not isinstance(item, Mapping):
        yield Fault(place, "not_an_object")
        return
    for key in ("code", "zh", "en"):
        if not isinstance(item.get(key), str) or not item[key]:
            yield Fault(f"{place}.{key}", "required" if key not in item else "not_a_text")
    if not isinstance(item.get("parent"), str | None):
        yield Fault(f"{place}.parent", "not_a_text")
    yield from _in_value(place, item, depth=0)


def _in_value(place: str, value: Any, *, depth: int) -> Iterator[Fault]:
    """What the trail has no one text for (a fraction, a date of TOML's own), or no database a place."""
    if depth > DEEPEST:
        yield Fault(place, "policy_deep")
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _in_value(f"{place}.{key}", key, depth=depth + 1)
            yield from _in_value(f"{place}.{key}", inner, depth=depth + 1)
    elif isinstance(value, list):
        for n, inner in enumerate(value):
            yield from _in_value(f"{place}.{n}", inner, depth=depth + 1)
    else:
        yield from _in_leaf(place, value)


def _in_leaf(place: str, value: Any) -> Iterator[Fault]:
    if isinstance(value, str):
        if _FORBIDDEN.search(value):
            yield Fault(place, "characters")
    elif isinstance(value, int):
        if abs(value) > MOST_WHOLE:
            yield Fault(place, "out_of_range", {"low": -MOST_WHOLE, "high": MOST_WHOLE})
    elif value is not None:
        yield Fault(place, "policy_plain")


def _among(name: str, items: list[Any]) -> Iterator[Fault]:
    rows = [(n, item) for n, item in enumerate(items) if isinstance(item, Mapping)]
    codes = {item["code"] for _n, item in rows if isinstance(item.get("code"), str)}
    before: set[str] = set()
    for n, item in rows:
        code, parent = item.get("code"), item.get("parent")
        if isinstance(code, str) and code in before:
            yield Fault(f"{name}.{n}.code", "twice", {"code": code})
        if isinstance(parent, str) and parent not in codes:
            yield Fault(f"{name}.{n}.parent", "invalid_code", {"code": parent})
        if isinstance(code, str):
            before.add(code)
