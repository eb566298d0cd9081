"""The trail, and who the caller is."""

from datetime import datetime
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint
from flask_wtf.csrf import generate_csrf

from ..domain.permissions import Person
from ..queries import group, trail
from ..schemas import views
from . import door
from .blueprint import PREFIX, get_route, list_route, noun, read_route

blueprint = noun("entries", "The trail")
me = Blueprint("me", __name__, url_prefix=PREFIX, description="The caller")


def find(id_: int, person: Person, at: datetime) -> Any:
    """One entry with what was said and changed."""
    return trail.find(id_=id_, person=person)


def who() -> Response:
    """The caller, with roles and units; to a browser's session also the token that its writes must carry."""
    found = group.find_user(name=door.caller(), person=door.person(), at=door.now())
    if found is not None and "Authorization" not in request.headers:
        found["csrf_token"] = generate_csrf()
    return door.ask(found)


list_route(blueprint, trail.LISTING, views.EntryView)
read_route(blueprint, "/<number:id_>", "entries.read", views.EntryView, find)
get_route(me, "/me", "me.read", views.MeView, who)
