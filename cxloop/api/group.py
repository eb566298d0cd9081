"""The group: units, people, closure reports."""

from datetime import datetime
from typing import Any

from ..domain.permissions import Person
from ..queries import group
from ..schemas import views
from .blueprint import act_route, list_route, noun, read_route

units = noun("units", "Units of the group")
users = noun("users", "People")
reports = noun("closure-reports", "Frozen reports of closed issues")
BLUEPRINTS = (units, users, reports)


def _unit(unit: Any, person: Person, at: datetime) -> Any:
    return group.unit_views([unit], person, at)[0]


list_route(units, group.UNITS, views.UnitView)
read_route(units, "/<string:code>", "units.read", views.UnitView, group.find_unit)
for _act in ("unit.set_days", "unit.set_sign_off"):
    act_route(units, "/<string:code>", _act, views.UnitView, _unit, on=lambda code: code)
list_route(users, group.USERS, views.UserView)
read_route(users, "/<string:name>", "users.read", views.UserView, group.find_user)
list_route(reports, group.REPORTS, views.ReportView)
read_route(reports, "/<string:no>", "closure-reports.read", views.ReportView, group.find_report)
