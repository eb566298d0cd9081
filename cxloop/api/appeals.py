"""Appeals: listed, read, upheld or refused. A unit files one on its task."""

from datetime import datetime
from typing import Any

from ..domain.permissions import Person
from ..queries import appeals
from ..schemas import views
from .blueprint import act_route, list_route, noun, read_route

blueprint = noun("appeals", "What units contest")


def _one(appeal: Any, person: Person, at: datetime) -> Any:
    return appeals.find(id_=appeal.id, person=person, at=at)


list_route(blueprint, appeals.LISTING, views.AppealView)
read_route(blueprint, "/<number:id_>", "appeals.read", views.AppealView, appeals.find)
for _act in ("appeal.uphold", "appeal.refuse"):
    act_route(blueprint, "/<number:id_>", _act, views.AppealView, _one, on=lambda id_: f"{id_}")
