"""What changed between two published bodies, key by key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

ADDED, REMOVED, CHANGED, REORDERED = "added", "removed", "changed", "reordered"


@dataclass(frozen=True, slots=True)
class Difference:
    """One key that differs: its dotted place, what became of it, and both values (None where there is none)."""

    key: str
    change: str
    before: Any
    after: Any


def differences(before: Any, after: Any, key: str = "") -> Iterator[Difference]:
    """What differs, sorted by key. Items of a list that have codes are told apart by them, whatever their places."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted({*before, *after}):
            place = f"{key}.{name}" if key else name
            if name not in before:
                yield Difference(place, ADDED, None, after[name])
            elif name not in after:
                yield Difference(place, REMOVED, before[name], None)
            else:
                yield from differences(before[name], after[name], place)
        return
    old, new = _by_code(before), _by_code(after)
    if old is not None and new is not None:
        yield from differences(old, new, key)
        was, now = [code for code in old if code in new], [code for code in new if code in old]
        if was != now:
            yield Difference(key, REORDERED, was, now)
    elif before != after:
        yield Difference(key, CHANGED, before, after)


def _by_code(items: Any) -> dict[str, Any] | None:
    if not isinstance(items, list | tuple) or not all(isinstance(x, Mapping) and "code" in x for x in items):
        return None
    found = {str(item["code"]): item for item in items}
    return found if len(found) == len(items) else None
