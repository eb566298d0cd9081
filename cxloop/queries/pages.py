"""What the pages for people show: lists with the pressing work on top, each row with the clock that matters now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from ..domain.clocks import LIVE, PAUSED, RUNNING
from ..domain.numbers import SHANGHAI
from ..domain.permissions import Person
from ..domain.vocabulary import OPEN_TASK, IssueState, TaskState
from ..extensions import db
from ..models.calendar import work_calendar
from ..models.clock import Clock
from ..models.issue import Issue
from ..models.notice import Notice
from ..models.scope import clocks_seen, issues_seen, tasks_seen, units_of
from ..models.task import Task
from ..models.unit import Unit
from ..models.user import User
from . import issues, tasks
from .listing import LAST_PAGE, BadQuery, Listing, Page

PER_PAGE = 25
# Above so many working days hours are no longer what people count in.
DAYS_FROM = 3
FARTHEST = timedelta(days=400)

# Which clock of an object matters in which state, the first that runs. A unit sees its own only.
_TASK_CLOCKS: dict[str, tuple[str, ...]] = {
    TaskState.DISPATCHED: ("feedback",),
    TaskState.WORKING: ("feedback",),
    TaskState.SIGNING: ("feedback",),
    TaskState.SUBMITTED: ("review", "feedback"),
    TaskState.DECLINED: ("decide", "feedback"),
    TaskState.FOLLOWING: ("measure",),
}
_ISSUE_CLOCKS: dict[str, tuple[str, ...]] = {
    IssueState.NEW: ("triage", "issue"),
    IssueState.ANALYSING: ("triage", "issue"),
    IssueState.IN_PROGRESS: ("triage", "issue"),
    IssueState.VERIFYING: ("verify",),
    IssueState.CLOSED: ("audit",),
}
_OPEN_ISSUE = frozenset(IssueState) - {IssueState.ARCHIVED, IssueState.DISMISSED, IssueState.MERGED, IssueState.CLOSED}
_LEVELS = ("red", "yellow", "blue")


@dataclass(frozen=True, slots=True)
class Due:
    """A due time as a person reads it: in working seconds of the clock's calendar, in days where they are many."""

    kind: str
    state: str
    due_at: datetime | None
    over: bool = False
    seconds: int = 0
    days: int = 0
    provisional: bool = False


def task_page(*, person: Person, at: datetime, wishes: Mapping[str, str]) -> Page:
    """A page of tasks: open supervised ones on top, then by due. What cannot be read in `wishes` is left out."""
    open_ = Task.state.in_(OPEN_TASK)
    supervised = case(
        {level: n for n, level in enumerate(_LEVELS)}, value=case((open_, Task.supervision)), else_=len(_LEVELS)
    )
    extra = {
        "open": open_,
        "mine": Task.handler == person.name,
        "overdue": _overdue(Task.no, person, at),
        "supervised": and_(open_, Task.supervision.is_not(None)),
    }
    sorts = {"due": (Task.due_at, "asc"), "newest": (Task.dispatched_at, "desc"), "no": (Task.no, "asc")}
    # What one's own unit owes comes before what it may read of a joint issue.
    own = Task.unit.in_(units_of(person))
    rank = [case((own, 0), else_=1), supervised, case((open_, 0), else_=1)]
    return _page(tasks.LISTING, person, at, wishes, extra, sorts, rank)


def issue_page(*, person: Person, at: datetime, wishes: Mapping[str, str]) -> Page:
    """A page of issues: those with supervised open tasks on top, then the open ones, the newest first."""
    supervised = (
        select(Task.no)
        .where(Task.issue_no == Issue.no, Task.supervision.is_not(None), Task.state.in_(OPEN_TASK), tasks_seen(person))
        .exists()
    )
    open_ = Issue.state.in_(_OPEN_ISSUE)
    extra = {
        "open": open_,
        "mine": Issue.analyst == person.name,
        "overdue": _overdue(Issue.no, person, at),
        "supervised": supervised,
    }
    due = (
        select(func.min(Clock.due_at))
        .where(Clock.subject == Issue.no, Clock.state == RUNNING, Clock.kind != "archive", clocks_seen(person))
        .scalar_subquery()
    )
    sorts = {"newest": (Issue.opened_at, "desc"), "due": (due, "asc"), "severity": (Issue.severity, "asc")}
    rank = [case((supervised, 0), else_=1), case((open_, 0), else_=1)]
    return _page(issues.LISTING, person, at, wishes, extra, sorts, rank)


def _overdue(number: Any, person: Person, at: datetime) -> ColumnElement[bool]:
    late = select(Clock.id).where(
        Clock.subject == number,
        Clock.state == RUNNING,
        Clock.kind != "archive",
        Clock.due_at < at,
        clocks_seen(person),
    )
    return late.exists()


def _page(
    listing: Listing, person: Person, at: datetime, wishes: Mapping[str, str], extra: Mapping[str, Any],
    sorts: Mapping[str, tuple[Any, str]], rank: Sequence[Any],
) -> Page:  # fmt: skip
    chosen: Select[Any] = select(listing.entity).where(
        listing.seen(person), *_conditions(listing, person, wishes, extra)
    )
    total = db.session.scalar(chosen.with_only_columns(func.count(), maintain_column_froms=True)) or 0
    page = min(_page_number(wishes.get("page", "")), max(1, -(-total // PER_PAGE)))
    key = listing.entity.__mapper__.primary_key[0]
    column, direction = sorts.get(wishes.get("sort", ""), next(iter(sorts.values())))
    order = [*rank, column.is_(None), column.desc() if direction == "desc" else column.asc(), key.desc()]
    rows = list(db.session.scalars(chosen.order_by(*order).limit(PER_PAGE).offset((page - 1) * PER_PAGE)))
    return Page(listing.view(rows, person, at), total, page, PER_PAGE)


def _page_number(text: str) -> int:
    return max(1, min(int(text), LAST_PAGE)) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _conditions(
    listing: Listing, person: Person, wishes: Mapping[str, str], extra: Mapping[str, ColumnElement[bool]]
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for name, text in wishes.items():
        text = text.replace("\0", "")[:200].strip()  # noqa: PLW2901 - a person's slip is no error page
        if not text:
            continue
        if name == "show" and text in extra:
            found.append(extra[text])
        elif name == "q":
            found.append(or_(*(column.icontains(text, autoescape=True) for column in listing.search)))
        elif name in listing.scoped:
            found.append(listing.scoped[name](text, person))
        elif name in listing.filters:
            try:
                found.append(listing.filters[name](text))
            except BadQuery:
                continue
    return found


def task_dues(*, rows: Sequence[Mapping[str, Any]], person: Person, at: datetime) -> dict[str, Due]:
    """Number → the clock that matters now, for a page of tasks; a followed one's is its next measure's."""
    return _dues(rows, {row["issue"] for row in rows}, _TASK_CLOCKS, person, at)


def issue_dues(*, rows: Sequence[Mapping[str, Any]], person: Person, at: datetime) -> dict[str, Due]:
    """Number → the clock that matters now, for a page of issues."""
    return _dues(rows, {row["no"] for row in rows}, _ISSUE_CLOCKS, person, at)


def _dues(
    rows: Sequence[Mapping[str, Any]], chains: Iterable[str], kinds: Mapping[str, tuple[str, ...]], person: Person,
    at: datetime,
) -> dict[str, Due]:  # fmt: skip
    subjects = [row["no"] for row in rows]
    concerned = or_(Clock.subject.in_(subjects), Clock.kind == "measure")
    live = select(Clock).where(
        Clock.chain_kind == "issue", Clock.chain_no.in_(set(chains)), Clock.state.in_(LIVE), concerned
    )
    ticking: dict[tuple[str, str], list[Clock]] = {}
    for clock in db.session.scalars(live.where(clocks_seen(person))):
        ticking.setdefault((clock.subject.split("/")[0], clock.kind), []).append(clock)
    found = {}
    for row in rows:
        wanted = kinds.get(row["state"], ())
        clocks = next((ticking[row["no"], kind] for kind in wanted if (row["no"], kind) in ticking), [])
        if clocks:
            found[row["no"]] = due_of(min(clocks, key=_urgency), at)
    return found


def _urgency(clock: Clock) -> tuple[bool, bool, float]:
    due = clock.due_at.timestamp() if clock.due_at else 0.0
    return clock.state != RUNNING, clock.due_at is None, due


def due_of(clock: Clock, at: datetime) -> Due:
    """What a person reads of a clock at a moment."""
    due = clock.due_at
    if clock.state == PAUSED:
        return Due(clock.kind, clock.state, None, seconds=clock.remaining or 0)
    if clock.state != RUNNING or due is None or abs(due - at) > FARTHEST:
        return Due(clock.kind, clock.state, due, provisional=clock.provisional)
    calendar = work_calendar(clock.calendar, clock.calendar_revision, clock.national_revision)
    low, high = sorted((at, due))
    first, last = (moment.astimezone(SHANGHAI).date() for moment in (low, high))
    dates = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    around_the_clock = calendar.hours_on(last) == (("00:00", "24:00"),)
    days = 0 if around_the_clock else sum(1 for day in dates if calendar.hours_on(day))
    return Due(clock.kind, clock.state, due, due < at, calendar.worked(low, high), days, clock.provisional)


def clocks_of(*, no: str, person: Person, at: datetime) -> list[tuple[Due, Clock]]:
    """The clocks of one issue or task as a person reads them, the running ones first."""
    rows = select(Clock).where(or_(Clock.subject == no, Clock.subject.startswith(f"{no}/", autoescape=True)))
    rows = rows.where(clocks_seen(person), Clock.kind != "archive")
    found = sorted(db.session.scalars(rows), key=lambda clock: (clock.state not in LIVE, clock.started_at, clock.id))
    return [(due_of(clock, at), clock) for clock in found]


def supervised_issues(*, numbers: Sequence[str], person: Person) -> dict[str, str]:
    """Issue → the highest level at which one of its open tasks that the person sees is supervised."""
    rows = select(Task.issue_no, Task.supervision).where(
        Task.issue_no.in_(numbers), Task.supervision.is_not(None), Task.state.in_(OPEN_TASK), tasks_seen(person)
    )
    found: dict[str, str] = {}
    for number, level in db.session.execute(rows):
        if level and (number not in found or _rank(level) < _rank(found[number])):
            found[number] = level
    return found


def _rank(level: str) -> int:
    return _LEVELS.index(level) if level in _LEVELS else len(_LEVELS)


def task_counts(*, numbers: Sequence[str], person: Person) -> dict[str, tuple[int, int]]:
    """Issue → (accepted, all but the cancelled) among the tasks that the person sees."""
    done = func.sum(case((Task.state == TaskState.ACCEPTED, 1), else_=0))
    rows = (
        select(Task.issue_no, done, func.count())
        .where(Task.issue_no.in_(numbers), Task.state != TaskState.CANCELLED, Task.parent.is_(None), tasks_seen(person))
        .group_by(Task.issue_no)
    )
    return {number: (int(accepted), count) for number, accepted, count in db.session.execute(rows)}


def unit_rows() -> list[Unit]:
    """All units in the group's order; codes and names are seen by all."""
    return list(db.session.scalars(select(Unit).order_by(Unit.position, Unit.code)))


def people_named(names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """User name → display names (Chinese, English), for those named on a page."""
    rows = select(User.name, User.display_name, User.display_name_en).where(User.name.in_(set(names)))
    return {name: (zh, en) for name, zh, en in db.session.execute(rows)}


def unread_count(*, name: str, at: datetime) -> int:
    """How many notices wait for a person at a moment."""
    return db.session.scalar(select(func.count()).where(*_shown_to(name, at), Notice.read_at.is_(None))) or 0


def _shown_to(name: str, at: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    # What comes outside a person's working hours waits for them.
    return Notice.user_name == name, Notice.visible_at <= at


def seen_numbers(*, numbers: Sequence[str], person: Person) -> set[str]:
    """Those of the tasks and issues that the person sees."""
    found = set(db.session.scalars(select(Task.no).where(Task.no.in_(numbers), tasks_seen(person))))
    return found | set(db.session.scalars(select(Issue.no).where(Issue.no.in_(numbers), issues_seen(person))))


def notice_page(*, name: str, page: str, at: datetime) -> tuple[list[Notice], int, int]:
    """A page of a person's notices at a moment, unread first, the newest first: (rows, how many in all, page)."""
    total = db.session.scalar(select(func.count()).where(*_shown_to(name, at))) or 0
    number = min(_page_number(page), max(1, -(-total // PER_PAGE)))
    rows = (
        select(Notice)
        .where(*_shown_to(name, at))
        .order_by(Notice.read_at.is_not(None), Notice.visible_at.desc(), Notice.at.desc(), Notice.id.desc())
        .limit(PER_PAGE)
        .offset((number - 1) * PER_PAGE)
    )
    return list(db.session.scalars(rows)), total, number
