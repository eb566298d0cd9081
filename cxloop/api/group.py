"""The group: units, people, calendars, closure reports."""

from decimal import Decimal

from flask import Response, request
from werkzeug.exceptions import NotFound

from ..domain.calendar import CalendarError, Target
from ..models.calendar import NATIONAL
from ..operations.clocks.engine import current_calendar
from ..queries import group
from ..queries.listing import BadQuery
from ..schemas import views
from . import door
from .blueprint import get_route, list_route, noun, read_route

units = noun("units", "Units of the group")
users = noun("users", "People")
calendars = noun("calendars", "Working time")
reports = noun("closure-reports", "Frozen reports of closed issues")
BLUEPRINTS = (units, users, calendars, reports)


def due(code: str) -> Response:
    """The due time after a start: `hours` of working time, or `days` as whole working days."""
    calendar, start = _calendar(code), door.read_moment("start")
    named = [name for name in ("hours", "days", "natural_hours", "natural_days") if name in request.args]
    if len(named) != 1:
        raise BadQuery("hours", "error.target")
    try:
        target = Target.from_json({named[0]: _figure(named[0])})
        found = calendar.due(start, target)
    except CalendarError as error:
        raise BadQuery(named[0], f"error.{error.message}") from None
    except ValueError:
        raise BadQuery(named[0], "error.target") from None
    return door.ask({"due_at": found, "provisional": calendar.is_provisional(found)})


def worked(code: str) -> Response:
    """The hours of working time between two moments."""
    calendar, start, end = _calendar(code), door.read_moment("start"), door.read_moment("end")
    if end < start:
        raise BadQuery("end", "error.before_start")
    return door.ask({"hours": Decimal(calendar.worked(start, end)) / 3600})


def _figure(name: str) -> int | float:
    try:
        figure = Decimal(request.args[name])
    except ArithmeticError:
        raise BadQuery(name, "error.invalid_number") from None
    if not figure.is_finite() or not 0 <= figure <= 100_000:
        raise BadQuery(name, "error.out_of_range", low=0, high=100_000)
    return int(figure) if figure == figure.to_integral_value() else float(figure)


def _calendar(code: str):  # type: ignore[no-untyped-def]
    door.caller()
    if code == NATIONAL:
        raise NotFound
    try:
        return current_calendar(code)[0]
    except LookupError:
        raise NotFound from None


_START = {"in": "query", "name": "start", "required": True, "schema": {"type": "string", "format": "date-time"}}
_END = {**_START, "name": "end"}
_TARGETS = [
    {"in": "query", "name": name, "schema": {"type": "number"}}
    for name in ("hours", "days", "natural_hours", "natural_days")
]

list_route(units, group.UNITS, views.UnitView)
read_route(units, "/<string:code>", "units.read", views.UnitView, group.find_unit)
list_route(users, group.USERS, views.UserView)
read_route(users, "/<string:name>", "users.read", views.UserView, group.find_user)
list_route(calendars, group.CALENDARS, views.CalendarView)
read_route(calendars, "/<string:code>", "calendars.read", views.CalendarView, group.find_calendar)
get_route(calendars, "/<string:code>/due", "calendars.due", views.Due, due, [_START, *_TARGETS])
get_route(calendars, "/<string:code>/worked", "calendars.worked", views.Worked, worked, [_START, _END])
list_route(reports, group.REPORTS, views.ReportView)
read_route(reports, "/<string:no>", "closure-reports.read", views.ReportView, group.find_report)
