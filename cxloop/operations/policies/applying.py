"""Apply a version of the policy to clocks that run already (K12): each is stated anew by K11, in its own chain.

What an application would move can be asked before: the preview does the very same in memory and lets go of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from ...domain.clocks import RUNNING
from ...domain.permissions import Facts, Person, permitted, relate
from ...domain.vocabulary import SYSTEM, Role
from ...extensions import db
from ...models.chain import root_classes
from ...models.clock import Clock
from ...models.issue import Issue
from ...models.policy import SLA, Policy, PolicyVersion
from ...models.reference import memo
from ...models.task import Task
from ...models.user import User
from ..act import Call, Forbidden, Invalid, Unseen, act
from ..clocks.drive import show_due
from ..clocks.restating import RESTATED, restate
from ..notices import receivers, tell

ACT = "policy.apply"
MOST = 1000
# Kinds whose length a policy states. Measures run to agreed dates; filing and re-examination promise nothing.
APPLIES_TO = RESTATED | {"audit"}
NO_FIGURE, SAME = "no_figure", "same"
NAMED_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Moved:
    """A clock that was stated anew: whose it is, and from when to when its due went (they may be the same)."""

    clock: int
    subject: str
    kind: str
    owner: str
    was: datetime | None
    due: datetime | None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A clock that was left alone: it does not run (`why` is its state), has no figure, or is so already."""

    clock: int
    subject: str
    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it."""

    policy: Policy
    to_version: int
    moved: list[Moved]
    skipped: list[Skipped]


def _chosen(clocks: Sequence[int] | None, among: Mapping[str, Any] | None) -> list[Clock]:
    """The clocks that are named, or all running ones that the version could move; Invalid for too many or unknown."""
    if (clocks is None) == (among is None):
        raise Invalid("clocks", "error.policy_which")
    if clocks is not None:
        wanted = set(clocks)
        _not_too_many("clocks", len(wanted))
        found = list(db.session.scalars(select(Clock).where(Clock.id.in_(wanted))))
        unknown = sorted(wanted - {clock.id for clock in found})
        if unknown:
            raise Invalid("clocks", "error.policy_clocks", ids=", ".join(map(str, unknown[:NAMED_AT_MOST])))
    else:
        found = _running(among or {})
    if not found:
        raise Invalid("clocks" if among is None else "filter", "error.policy_none")
    return found


def _running(among: Mapping[str, Any]) -> list[Clock]:
    where = [Clock.state == RUNNING, Clock.kind.in_(APPLIES_TO)]
    where += [getattr(Clock, name) == value for name, value in among.items()]
    _not_too_many("filter", db.session.scalar(select(func.count()).select_from(Clock).where(*where)) or 0)
    return list(db.session.scalars(select(Clock).where(*where)))


def _not_too_many(field: str, count: int) -> None:
    if count > MOST:
        raise Invalid(field, "error.policy_too_many", found=count, max=MOST)


def _chains(clocks: Iterable[Clock]) -> set[tuple[str, str]]:
    """The chains that an application changes: an entry without a change would only say that somebody asked."""
    return {(clock.chain_kind, clock.chain_no) for clock in clocks if clock.state == RUNNING}


def _also(call: Call) -> Iterable[tuple[str, str]]:
    """The chains of the clocks concerned. What the call names wrongly the story refuses, with nothing locked."""
    user = db.session.get(User, call.by)
    if call.by != SYSTEM and (user is None or Role.ADMIN not in user.person().roles()):
        return ()
    try:
        found = _chosen(call.fields.get("clocks"), call.fields.get("among"))
    except Invalid:
        return ()
    # A clock that starts between here and the lock is not among them.
    memo()[ACT] = [clock.id for clock in found]
    return _chains(found)


@act(ACT, also=_also)
def apply_version(
    *, policy: Policy, by: str, at: datetime, to_version: int, text: str, clocks: Sequence[int] | None = None,
    among: Mapping[str, Any] | None = None,
) -> Applied:  # fmt: skip
    """State running clocks anew under a version of the policy (K11): what they consumed counts, the floor is left.

    Those that do not run, or have no figure in the policy, are skipped by name. Invalid for more than 1,000.
    """
    _check_version(policy, to_version, at)
    ids = memo().get(ACT)
    found = _chosen(clocks, among) if ids is None else _read(ids)
    done = _stated(policy, to_version, found, at)
    _tell(done.moved, by=by, at=at)
    return done


def preview(
    *, on: str, person: Person, at: datetime, to_version: int, clocks: Sequence[int] | None = None,
    among: Mapping[str, Any] | None = None, text: str = "",
) -> Applied:  # fmt: skip
    """What applying a version would move, from when to when; changes nothing and locks nothing.

    Unseen for an unknown policy, Forbidden for whoever could not apply it, Invalid as the act itself.
    """
    policy = db.session.get(Policy, on)
    if policy is None:
        raise Unseen(on)
    why = permitted(act=ACT, relations=relate(person=person, facts=Facts()))
    if why is not None:
        raise Forbidden(why)
    found = _chosen(clocks, among)
    chains = {*_chains(found), policy.trail_root()}
    at = max([at, *(moment for kind in dict(chains) for moment in _heads(kind, chains))])
    _check_version(policy, to_version, at)
    # Nothing is ever flushed, so nothing reaches the database; then the session forgets what it was told.
    with db.session.no_autoflush:
        done = _stated(policy, to_version, _read([clock.id for clock in found]), at)
    db.session.rollback()
    return done


def _heads(kind: str, chains: Iterable[tuple[str, str]]) -> list[datetime]:
    cls = root_classes()[kind]
    key = cls.__mapper__.primary_key[0]
    numbers = [number for found, number in chains if found == kind]
    return [moment for moment in db.session.scalars(select(cls.head_at).where(key.in_(numbers))) if moment is not None]


def _check_version(policy: Policy, n: int, at: datetime) -> None:
    if policy.code != SLA:
        raise Invalid("version", "error.policy_without_clocks", code=policy.code)
    begins = db.session.scalar(
        select(PolicyVersion.effective_from).where(PolicyVersion.policy == policy.code, PolicyVersion.n == n)
    )
    if begins is None:
        raise Invalid("version", "error.policy_version", n=n)
    if begins > at:
        raise Invalid("version", "error.policy_not_yet", moment=begins.isoformat())


def _read(ids: Sequence[int]) -> list[Clock]:
    """The clocks as they are now, under the lock, with what stating them anew needs."""
    whole = [selectinload(part) for part in (Clock.plans, Clock.spans, Clock.rungs, Clock.breaches)]
    rows = select(Clock).where(Clock.id.in_(ids)).options(*whole).execution_options(populate_existing=True)
    return list(db.session.scalars(rows))


def _stated(policy: Policy, version: int, clocks: Sequence[Clock], at: datetime) -> Applied:
    # The joint due first, as in a re-rating; then in an order that every replay repeats.
    ordered = sorted(clocks, key=lambda row: (row.chain_no, row.kind != "issue", row.subject, row.kind, row.cycle))
    issues, tasks = _subjects(ordered)
    done = Applied(policy, version, [], [])
    for clock in ordered:
        was, why = clock.due_at, _why_not(clock)
        if why is None:
            why = _restated(clock, issues[clock.chain_no], version, at)
        if why is not None:
            done.skipped.append(Skipped(clock.id, clock.subject, clock.kind, why))
            continue
        if clock.subject in tasks:
            show_due(tasks[clock.subject], clock)
        done.moved.append(Moved(clock.id, clock.subject, clock.kind, clock.owner, was, clock.due_at))
    return done


def _restated(clock: Clock, issue: Issue, version: int, at: datetime) -> str | None:
    """State one clock anew; why not, where it is so already or nothing says how long it may take."""
    try:
        return None if restate(clock, issue, version=version, at=at, why="policy", act=ACT) else SAME
    except LookupError:
        return NO_FIGURE


def _why_not(clock: Clock) -> str | None:
    if clock.state != RUNNING:
        return clock.state
    return None if clock.kind in APPLIES_TO and clock.chain_kind == "issue" else NO_FIGURE


def _subjects(clocks: Sequence[Clock]) -> tuple[dict[str, Issue], dict[str, Task]]:
    """The issues and tasks of the clocks, read at once and held: the session would ask for each again."""
    issues = db.session.scalars(select(Issue).where(Issue.no.in_({clock.chain_no for clock in clocks})))
    numbers = {clock.subject.partition("/")[0] for clock in clocks}
    tasks = db.session.scalars(select(Task).where(Task.no.in_(numbers)))
    return {issue.no: issue for issue in issues}, {task.no: task for task in tasks}


def _tell(moved: Sequence[Moved], *, by: str, at: datetime) -> None:
    """Tell whoever answers that their due went elsewhere."""
    for row in moved:
        task = db.session.get(Task, row.subject) if row.kind == "feedback" and row.was != row.due else None
        if task is None or row.was is None or row.due is None:
            continue
        told = receivers(["handler"], issue=db.session.get_one(Issue, task.issue_no), task=task)
        tell(
            told, code="notice.due_by_policy", subject=row.subject, at=at, but=by, title=task.title, kind=row.kind,
            was_at=row.was.isoformat(), due_at=row.due.isoformat(),
        )  # fmt: skip
