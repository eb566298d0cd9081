"""Clocks, read only; and what would be due when."""

from flask import Response

from ..queries import clocks
from ..queries.preview import what_if
from ..schemas import views
from ..schemas.preview import PreviewBody, load_preview
from . import door
from .blueprint import list_route, noun, question_route, read_route

blueprint = noun("clocks", "Promised times, and what became of them")


def preview() -> Response:
    """What would be due when: for a calendar, a start, a target, pauses and extensions. Creates nothing."""
    door.caller()
    return door.ask(what_if(fields=load_preview(door.read_body()), at=door.now()))


list_route(blueprint, clocks.LISTING, views.ClockView)
read_route(blueprint, "/<number:id_>", "clocks.read", views.ClockView, clocks.find)
question_route(blueprint, "/preview", "clocks.preview", views.PreviewView, preview, PreviewBody)
