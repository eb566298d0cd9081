"""The group: units, people, closure reports."""

from datetime import datetime
from typing import Any

from flask import Response

from ..domain.permissions import Person
from ..queries import group, times
from ..queries.listing import BadQuery
from ..schemas import clock_views, views
from . import door
from .blueprint import act_route, get_route, list_route, noun, read_route

units = noun("units", "Units of the group")
users = noun("users", "People")
reports = noun("closure-reports", "Frozen reports of closed issues")
BLUEPRINTS = (units, users, reports)


def _unit(unit: Any, person: Person, at: datetime) -> Any:
    return group.unit_views([unit], person, at)[0]


def unit_times(code: str) -> Response:
    """A unit's working time over a period by kind of clock: whose it was, and what ended in time or late."""
    begin, end = door.read_moment("from"), door.read_moment("to")
    if end < begin:
        raise BadQuery("to", "error.before_start")
    return door.ask(times.of_unit(code=code, begin=begin, end=end, person=door.person(), at=door.now()))


def unit_duty(code: str) -> Response:
    """Who is on duty for a unit from one local date to another."""
    begin, end = door.read_day("from"), door.read_day("to")
    return door.ask(group.duty(code=code, begin=begin, end=end, person=door.person(), at=door.now()))


def _user(user: Any, person: Person, at: datetime) -> Any:
    return group.user_views([user], person, at)[0]


_DAYS = [
    {"in": "query", "name": name, "required": True, "schema": {"type": "string", "format": "date"}}
    for name in ("from", "to")
]
_PERIOD = [
    {"in": "query", "name": name, "required": True, "schema": {"type": "string", "format": "date-time"}}
    for name in ("from", "to")
]
list_route(units, group.UNITS, views.UnitView)
read_route(units, "/<string:code>", "units.read", views.UnitView, group.find_unit)
get_route(units, "/<string:code>/times", "units.times", clock_views.UnitTimesView, unit_times, _PERIOD)
for _act in ("unit.set_days", "unit.set_sign_off", "unit.set_duty"):
    act_route(units, "/<string:code>", _act, views.UnitView, _unit, on=lambda code: code)
get_route(units, "/<string:code>/duty", "units.duty", views.DutyList, unit_duty, _DAYS)
list_route(users, group.USERS, views.UserView)
read_route(users, "/<string:name>", "users.read", views.UserView, group.find_user)
for _act in ("delegation.set", "delegation.end"):
    act_route(users, "/<string:name>", _act, views.UserView, _user, on=lambda name: name)
list_route(reports, group.REPORTS, views.ReportView)
read_route(reports, "/<string:no>", "closure-reports.read", views.ReportView, group.find_report)
