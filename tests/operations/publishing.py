"""Publications in a story, and the worker that comes by."""

from datetime import timedelta
from typing import Any

from cxloop.extensions import db
from cxloop.models.calendar import Calendar, definition_of
from cxloop.operations.clocks.recalendar import replan_all
from tests.cast import OPS
from tests.factories import Story, fresh, local

FRIDAY = "2026-08-28"  # within a week of the Monday on which stories begin


def holiday(date: str, name: str = "台风停工") -> dict[str, Any]:
    return {"date": date, "kind": "holiday", "name": name}


def publish(story: Story, code: str, *days: dict[str, Any], at: str | None = None) -> None:
    """Publish a calendar as it is, with these days for its own."""
    definition = definition_of(code, fresh().get_one(Calendar, code).revision)
    db.session.rollback()
    story.do("calendar.publish", OPS, code, at=at, definition={**definition, "days": list(days)})


def replan(story: Story, at: str | None = None) -> int:
    """Let the worker look, two seconds after the last act or at a moment."""
    story.now = local(at) if at else story.now + timedelta(seconds=2)
    return replan_all(at=story.now)


def signed(story: Story, unit: str = "P51", **more: Any) -> str:
    task = story.one_task(unit, **more)
    story.do("task.sign", f"{unit[1:]}lead", task)
    return task
