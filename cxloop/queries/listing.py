"""Lists: filter, search, sort and page over what one person may see, in a constant number of statements."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true

from ..domain.permissions import Person
from ..extensions import db

MOST_PER_PAGE = 100
LAST_PAGE = 100_000


class BadQuery(Exception):
    """A parameter that the list does not know or cannot read: name → (message key, parameters)."""

    def __init__(self, name: str, key: str, /, **params: Any) -> None:
        super().__init__(f"{name}: {key}")
        self.errors = {name: (key, params)}


@dataclass(frozen=True, slots=True)
class Listing:
    """One kind of list: what is selected, who sees what, and by what it can be filtered, searched and sorted."""

    name: str
    entity: Any
    seen: Callable[[Person], ColumnElement[bool]]
    view: Callable[[Sequence[Any], Person, datetime], list[dict[str, Any]]]
    filters: Mapping[str, Callable[[str], ColumnElement[bool]]] = field(default_factory=dict)
    # Filters that look into other records, of which one may not learn more than by reading them.
    scoped: Mapping[str, Callable[[str, Person], ColumnElement[bool]]] = field(default_factory=dict)
    search: tuple[Any, ...] = ()
    sorts: Mapping[str, Any] = field(default_factory=dict)
    order: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    items: list[dict[str, Any]]
    total: int
    page: int
    page_size: int


def everyone(_person: Person) -> ColumnElement[bool]:
    """What all may see: units, calendars, policies."""
    return true()


def page_of(*, listing: Listing, person: Person, at: datetime, params: Mapping[str, str]) -> Page:
    """The page that the parameters name. BadQuery for an unknown or malformed one."""
    params = dict(params)
    page = _whole(params, "page", 1, LAST_PAGE)
    size = _whole(params, "page_size", 20, MOST_PER_PAGE)
    order = _order(listing, params.pop("sort", "") or listing.order)
    chosen: Select[Any] = select(listing.entity).where(listing.seen(person), *_conditions(listing, person, params))
    total = db.session.scalar(select(func.count()).select_from(chosen.order_by(None).subquery())) or 0
    rows = list(db.session.scalars(chosen.order_by(*order).limit(size).offset((page - 1) * size)))
    return Page(listing.view(rows, person, at), total, page, size)


def rows_of(
    *, listing: Listing, person: Person, params: Mapping[str, str], most: int, kept: Sequence[ColumnElement[bool]] = ()
) -> list[Any]:  # fmt: skip
    """The first `most` records that the parameters choose, in their order, for a table that has no pages.

    `kept` are conditions of the table's own. BadQuery as for a page.
    """
    params = dict(params)
    order = _order(listing, params.pop("sort", "") or listing.order)
    chosen = select(listing.entity).where(listing.seen(person), *_conditions(listing, person, params), *kept)
    return list(db.session.scalars(chosen.order_by(*order).limit(most)))


def _whole(params: dict[str, str], name: str, default: int, most: int) -> int:
    text = params.pop(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise BadQuery(name, "error.out_of_range", low=1, high=most)
    return int(text)


def _order(listing: Listing, text: str) -> list[Any]:
    name = text.removeprefix("-")
    if name not in listing.sorts:
        raise BadQuery("sort", "error.sort", known=", ".join(sorted(listing.sorts)))
    column, key = listing.sorts[name], listing.entity.__mapper__.primary_key[0]
    # NULLs last on both engines, and the key last of all, so that a page never repeats or loses a row.
    if text.startswith("-"):
        return [column.is_(None), column.desc(), key.desc()]
    return [column.is_(None), column.asc(), key.asc()]


def _conditions(listing: Listing, person: Person, params: Mapping[str, str]) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, text in params.items():
        if "\x00" in text or len(text) > 200:
            raise BadQuery(name, "error.characters")
        if name == "q" and listing.search:
            found.append(or_(*(column.icontains(text, autoescape=True) for column in listing.search)))
        elif name in listing.filters:
            found.append(listing.filters[name](text))
        elif name in listing.scoped:
            found.append(listing.scoped[name](text, person))
        else:
            raise BadQuery(name, "error.unknown_field")
    return found


def is_one_of(column: Any) -> Callable[[str], ColumnElement[bool]]:
    """A filter by codes, several with commas between."""

    def condition(text: str) -> ColumnElement[bool]:
        return column.in_(text.split(","))  # type: ignore[no-any-return]

    return condition


def is_true(column: Any) -> Callable[[str], ColumnElement[bool]]:
    """A filter by yes or no."""

    def condition(text: str) -> ColumnElement[bool]:
        if text not in {"true", "false"}:
            raise BadQuery(column.key, "error.not_a_boolean")
        return column.is_(text == "true")  # type: ignore[no-any-return]

    return condition


def is_number(column: Any, *, low: int, high: int) -> Callable[[str], ColumnElement[bool]]:
    """A filter by a small whole number."""

    def condition(text: str) -> ColumnElement[bool]:
        if not (text.isascii() and text.isdigit() and len(text) < 7 and low <= int(text) <= high):
            raise BadQuery(column.key, "error.out_of_range", low=low, high=high)
        return column == int(text)  # type: ignore[no-any-return]

    return condition
