"""The lists people choose from, as one value. They are data: a group publishes its own version of `codes`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class CodesError(ValueError):
    """A list or an item is malformed; `field` names it."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.message = field, message


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
        """Read a policy body: list name → items {code, zh, en, parent?, …}. CodesError names what is malformed."""
        lists: dict[str, dict[str, Code]] = {}
        for name, items in body.items():
            if not isinstance(items, list):
                raise CodesError(name, "a list of items is wanted")
            lists[name] = {}
            for n, item in enumerate(items):
                code = _item(f"{name}.{n}", item)
                lists[name][code.code] = code
        _check_parents(lists)
        return cls(lists)

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


def _item(field: str, item: Any) -> Code:
    if not isinstance(item, Mapping):
        raise CodesError(field, "an item with code, zh and en is wanted")
    missing = [key for key in ("code", "zh", "en") if not isinstance(item.get(key), str) or not item[key]]
    if missing:
        raise CodesError(f"{field}.{missing[0]}", "a text is wanted")
    extra = {key: value for key, value in item.items() if key not in {"code", "zh", "en", "parent"}}
    return Code(item["code"], item["zh"], item["en"], item.get("parent"), extra)


def _check_parents(lists: Mapping[str, Mapping[str, Code]]) -> None:
    for name, items in lists.items():
        for code in items.values():
            if code.parent is not None and code.parent not in items:
                raise CodesError(f"{name}.{code.code}.parent", "the list has no such item")
