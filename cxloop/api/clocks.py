"""Clocks: read, asked what would be due when, and a breach excused."""

from datetime import datetime
from typing import Any

from flask import Response

from ..domain.permissions import Person
from ..queries import clocks, why
from ..queries.preview import what_if
from ..schemas import clock_views
from ..schemas.preview import PreviewBody, load_preview
from . import door
from .blueprint import act_route, list_route, noun, question_route, read_route

blueprint = noun("clocks", "Promised times, and what became of them")


def preview() -> Response:
    """What would be due when: for a calendar, a start, a target, pauses and extensions. Creates nothing."""
    door.caller()
    return door.ask(what_if(fields=load_preview(door.read_body()), at=door.now()))


def _one(clock: Any, person: Person, at: datetime) -> Any:
    return clocks.find(id_=clock.id, person=person, at=at)


list_route(blueprint, clocks.LISTING, clock_views.ClockView)
read_route(blueprint, "/<number:id_>", "clocks.read", clock_views.ClockView, clocks.find)
read_route(blueprint, "/<number:id_>/why", "clocks.why", clock_views.WhyView, why.find)
question_route(blueprint, "/preview", "clocks.preview", clock_views.PreviewView, preview, PreviewBody)
act_route(blueprint, "/<number:id_>", "breach.waive", clock_views.ClockView, _one, on=lambda id_: f"{id_}")
