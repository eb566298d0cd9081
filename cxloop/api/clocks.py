"""Clocks, read only."""

from ..queries import clocks
from ..schemas import views
from .blueprint import list_route, noun, read_route

blueprint = noun("clocks", "Promised times, and what became of them")


list_route(blueprint, clocks.LISTING, views.ClockView)
read_route(blueprint, "/<number:id_>", "clocks.read", views.ClockView, clocks.find)
