"""Calendars as records: a root and its immutable revisions. The arithmetic is a value: domain.calendar."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from ..domain.calendar import WorkCalendar
from ..domain.calendar_base import BASE, WITHDRAWN, hours_only
from ..domain.calendar_national import read_national
from ..extensions import Base, JSONText, db
from .chain import ChainRoot, Trailed

NATIONAL = "CN-DAYS"


class Calendar(ChainRoot, Base):
    """A work calendar, or the table of national days (code CN-DAYS) that others build on."""

    __tablename__ = "calendars"
    chain_kind = "calendar"
    untrailed = frozenset({"replanned"})

    code: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(default=0)
    # Up to which revision the running clocks were looked at: the worker's note, not an act.
    replanned: Mapped[int] = mapped_column(default=0)

    def number(self) -> str:
        """Its code."""
        return self.code


class CalendarRevision(Trailed, Base):
    """One published state of a calendar, for ever."""

    __tablename__ = "calendar_revisions"
    __table_args__ = (UniqueConstraint("calendar", "n"),)
    untrailed = frozenset({"id", "definition"})

    id: Mapped[int] = mapped_column(primary_key=True)
    calendar: Mapped[str] = mapped_column(ForeignKey("calendars.code"))
    n: Mapped[int]
    published_at: Mapped[datetime]
    digest: Mapped[str]
    definition: Mapped[Any] = mapped_column(JSONText)

    def trail_root(self) -> tuple[str, str]:
        """The calendar's chain."""
        return "calendar", self.calendar

    def trail_name(self) -> str:
        """The calendar and the revision."""
        return f"{self.calendar}/{self.n}"


def definition_of(code: str, revision: int) -> Any:
    """A calendar's stored definition at a revision; LookupError when there is none."""
    found = db.session.scalar(
        select(CalendarRevision.definition).where(CalendarRevision.calendar == code, CalendarRevision.n == revision)
    )
    if found is None:
        raise LookupError(f"calendar {code} has no revision {revision}")
    return found


def has_hours(code: str) -> bool:
    """Whether a unit may work by a calendar, or another be built on it: there is one, and it is not withdrawn."""
    revision = None if code == NATIONAL else current_revision(code)
    return revision is not None and WITHDRAWN not in definition_of(code, revision)


def newest_definitions() -> dict[str, Any]:
    """The stored definition of every calendar at its newest revision, by code; without the national table."""
    newest = (CalendarRevision.calendar == Calendar.code) & (CalendarRevision.n == Calendar.revision)
    rows = select(Calendar.code, CalendarRevision.definition).join(CalendarRevision, newest).order_by(Calendar.code)
    return dict(db.session.execute(rows.where(Calendar.code != NATIONAL)).all())


def based_on(code: str, definitions: Mapping[str, Any]) -> list[str]:
    """The calendars built on one, directly or through others, each after the one it is built on."""
    found, above = [], {code}
    while below := sorted(one for one, told in definitions.items() if told.get(BASE) in above and one not in found):
        found += below
        above = set(below)
    return found


@lru_cache(maxsize=512)
def _built(_database: str, code: str, revision: int, national: int) -> WorkCalendar:
    # Revisions never change, so a value once built serves the process's whole life.
    return value_of(definition_of(code, revision), definition_of(NATIONAL, national) if national else None, code=code)


def value_of(definition: Mapping[str, Any], table: Mapping[str, Any] | None, *, code: str) -> WorkCalendar:
    """The value of a stored definition on a table of national days, which counts where the definition asks for it."""
    hours = hours_only(definition)
    if table is None or not hours.get("national"):
        return WorkCalendar.from_definition(hours, code=code)
    days = read_national(table)
    return WorkCalendar.from_definition(hours, national=days.days, official_until=days.official_until, code=code)


def work_calendar(code: str, revision: int, national: int) -> WorkCalendar:
    """The calendar's value at a revision, on a revision of the national days (0: none)."""
    return _built(db.engine.url.render_as_string(hide_password=True), code, revision, national)


def forget_work_calendars() -> None:
    """Drop the built values (for processes that change databases: tests, benches)."""
    _built.cache_clear()


def current_revision(code: str) -> int | None:
    """The newest revision of a calendar; None where there is no such calendar."""
    return db.session.scalar(select(Calendar.revision).where(Calendar.code == code))
