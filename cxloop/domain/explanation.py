"""Why this due time (K16): a clock's plans and stretches, told in the order in which they happened, with exact sums.

Pure: what was stored, or what is only imagined (a preview), is told in the same steps. Nothing is worded here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .calendar import WorkCalendar
from .clocks import PAUSED, RUNNING, STOPPED
from .stretches import Row, rows

START, WORKED, STOP, PAUSE, LEFT, OVER = "start", "worked", "stopped", "paused", "left", "over"
# How an account ends: still due, waiting without a due, or done.
DUE, STILL_PAUSED, STILL_STOPPED, DONE = "due", "still_paused", "still_stopped", "done"


@dataclass(frozen=True, slots=True)
class Plan:
    """A stated due time: None while paused, when only `left` working seconds are known."""

    at: datetime
    due: datetime | None
    consumed: int
    left: int
    why: str
    calendar: WorkCalendar
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch in one state and on one holder's account; open at its end while it lasts."""

    state: str
    begins: datetime
    ends: datetime | None
    holder: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the account: when, how long, day by day, and what came out of it."""

    code: str
    at: datetime
    until: datetime | None = None
    seconds: int = 0
    days: tuple[Row, ...] = ()
    holder: str = ""
    due: datetime | None = None
    due_before: datetime | None = None
    consumed: int = 0
    left: int = 0
    left_before: int = 0
    told: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Account:
    plan: Plan
    consumed: int
    left: int


def steps(
    *, plans: Sequence[Plan], pieces: Sequence[Piece], at: datetime, done: bool = False, owner: str = ""
) -> tuple[Step, ...]:
    """The account up to `at`, and what is ahead of it. In the end consumed + left is the whole.

    `done`: the clock is over; its pieces are closed, and nothing is ahead. What runs on another account than the
    `owner`'s says so.
    """
    return tuple(_steps(list(plans), pieces, at, done, owner))


def _steps(plans: list[Plan], pieces: Sequence[Piece], at: datetime, done: bool, owner: str) -> Iterator[Step]:
    first = plans.pop(0)
    told = {"why": first.why, **first.told}
    yield Step(START, first.at, seconds=first.left, due=first.due, consumed=first.consumed, left=first.left, told=told)
    account = _Account(first, first.consumed, first.left)
    for piece in _cut(pieces, [plan.at for plan in plans], at):
        while plans and plans[0].at <= piece.begins:
            yield _restated(account, plans.pop(0))
        yield _told(account, piece, owner)
    while plans and plans[0].at <= at:
        yield _restated(account, plans.pop(0))
    state = pieces[-1].state if pieces else RUNNING
    yield from _ending(account, state, at, done)


def _cut(pieces: Sequence[Piece], moments: Sequence[datetime], at: datetime) -> Iterator[Piece]:
    """The pieces up to `at`, cut where a due was stated anew, so that each lies within one plan."""
    for piece in pieces:
        end = at if piece.ends is None else min(piece.ends, at)
        begin = piece.begins
        for moment in sorted(moment for moment in moments if begin < moment < end):
            yield Piece(piece.state, begin, moment, piece.holder)
            begin = moment
        if end > begin:
            yield Piece(piece.state, begin, end, piece.holder)


def _told(account: _Account, piece: Piece, owner: str) -> Step:
    end = piece.ends or piece.begins
    calendar = account.plan.calendar
    seconds = calendar.worked(piece.begins, end)
    if piece.state == RUNNING:
        account.consumed += seconds
        account.left -= seconds
        return Step(
            WORKED, piece.begins, end, seconds, rows(calendar, piece.begins, end), piece.holder,
            due=account.plan.due, consumed=account.consumed, left=account.left,
            told={"charged": piece.holder not in {"", owner}},
        )  # fmt: skip
    code = PAUSE if piece.state == PAUSED else STOP
    return Step(code, piece.begins, end, seconds, holder=piece.holder, consumed=account.consumed, left=account.left)


def _restated(account: _Account, plan: Plan) -> Step:
    step = Step(
        plan.why, plan.at, due=plan.due, due_before=account.plan.due, consumed=plan.consumed, left=plan.left,
        left_before=account.left, told={"consumed_before": account.consumed, **plan.told},
    )  # fmt: skip
    account.plan, account.consumed, account.left = plan, plan.consumed, plan.left
    return step


def _ending(account: _Account, state: str, at: datetime, done: bool) -> Iterator[Step]:
    due, calendar = account.plan.due, account.plan.calendar
    code = DONE if done else STILL_PAUSED if due is None else STILL_STOPPED if state == STOPPED else DUE
    if code == DUE and due is not None:
        begin = max(at, account.plan.at)
        if due > begin:
            ahead = rows(calendar, begin, due)
            yield Step(LEFT, begin, due, account.left, ahead, due=due, consumed=account.consumed, left=account.left)
        code = DUE if due >= at else OVER
    yield Step(code, at, due=due, consumed=account.consumed, left=account.left)
