"""Reminders that hang on a clock and are no stage of its ladder: a promised word, an outside due."""

from datetime import datetime, timedelta

from ...domain import clocks as rules
from ...models.clock import Clock
from .engine import arm


def promise(clock: Clock, *, note: int, at: datetime | None) -> None:
    """Remind of the next word on the way at a moment; an earlier note's reminder is dropped. No breach comes of it."""
    for rung in clock.rungs:
        if rung.state == rules.ARMED and rules.is_promise(rung.code):
            rung.state = rules.CANCELLED
    if at is not None and clock.state == rules.RUNNING:
        arm(clock, [rules.Moment(f"{rules.PROGRESS}.{note}", at)])


def watch_outside(clock: Clock, *, due: datetime | None, at: datetime) -> None:
    """Warn of an issue's outside due on its total clock, in natural time; None drops the warnings."""
    for rung in clock.rungs:
        if rung.state == rules.ARMED and rules.is_outside(rung.code):
            rung.state = rules.CANCELLED
    if due is not None:
        ahead = [(code, due - timedelta(days=days)) for code, days in rules.OUTSIDE_RUNGS]
        count = sum(1 for rung in clock.rungs if rules.is_outside(rung.code))
        arm(clock, [rules.Moment(f"{code}.{count}", moment) for code, moment in ahead if moment > at])
