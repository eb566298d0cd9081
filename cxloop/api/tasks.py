"""Tasks and their measures."""

from datetime import datetime
from typing import Any

from flask import Response
from werkzeug.exceptions import NotFound

from ..domain.permissions import Person
from ..queries import clocks, tasks
from ..schemas import clock_views, views
from . import door
from .blueprint import act_route, get_route, list_route, noun, read_route

blueprint = noun("tasks", "One unit's part of an issue")
measures = noun("measures", "What units promised")
ACTS = (
    "task.sign",
    "task.assign",
    "task.decline",
    "task.redispatch",
    "task.adjudicate",
    "task.transfer",
    "task.split",
    "appeal.file",
    "transfer.request",
    "transfer.grant",
    "transfer.refuse",
    "progress.report",
    "task.ask",
    "task.answer",
    "task.redo",
    "feedback.sign",
    "feedback.return",
    "extension.request",
    "extension.grant",
    "extension.refuse",
    "pause.request",
    "pause.grant",
    "pause.refuse",
    "clock.resume",
    "feedback.submit",
    "feedback.withdraw",
    "review.accept",
    "review.send_back",
    "task.nudge",
    "task.supervise",
    "task.cancel",
)
MEASURE = "/<string:no>/measures/<number:n>"


def _one(task: Any, person: Person, at: datetime) -> Any:
    # A unit that gave a task away, or lost it, does not see it any more: it is told so and nothing else.
    return tasks.find(no=task.no, person=person, at=at) or {"no": task.no}


def task_clocks(no: str) -> Response:
    """The clocks of a task and of its measures, with plans, spans, rungs and breaches."""
    person, at = door.person(), door.now()
    if tasks.find(no=no, person=person, at=at) is None:
        raise NotFound
    return door.ask({"items": clocks.of_task(no=no, person=person, at=at)})


def _find_measure(no: str, n: int, person: Person, at: datetime) -> Any:
    """One measure of a task."""
    return tasks.find_measure(task_no=no, n=n, person=person, at=at)


list_route(blueprint, tasks.LISTING, views.TaskView)
read_route(blueprint, "/<string:no>", "tasks.read", views.TaskView, tasks.find)
get_route(blueprint, "/<string:no>/clocks", "tasks.clocks", clock_views.ClockList, task_clocks)
read_route(blueprint, MEASURE, "tasks.measure", views.MeasureView, _find_measure)
for _act in ACTS:
    act_route(blueprint, "/<string:no>", _act, views.TaskView, _one)
for _act in ("measure.complete", "measure.confirm", "measure.send_back"):
    act_route(blueprint, MEASURE, _act, views.TaskView, _one, on=lambda no, n: f"{no}/{n}")
list_route(measures, tasks.MEASURES, views.MeasureView)
