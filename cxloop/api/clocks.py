"""Clocks, read only."""

from datetime import datetime
from typing import Any

from werkzeug.exceptions import NotFound

from ..domain.permissions import Person
from ..queries import clocks
from ..schemas import views
from .blueprint import list_route, noun, read_route

blueprint = noun("clocks", "Promised times, and what became of them")
LARGEST_ID = 2**63 - 1


def find(id_: int, person: Person, at: datetime) -> Any:
    """One clock with its plans, spans, rungs and breaches."""
    if id_ > LARGEST_ID:
        raise NotFound
    return clocks.find(id_=id_, person=person, at=at)


list_route(blueprint, clocks.LISTING, views.ClockView)
read_route(blueprint, "/<int:id_>", "clocks.read", views.ClockView, find)
