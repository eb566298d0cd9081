"""Policies: published in versions, compared, applied to running clocks."""

from datetime import datetime
from typing import Any

from flask import Response, request

from ..domain.permissions import Person
from ..queries import policies
from ..queries.listing import BadQuery
from ..schemas import policy_views as views
from . import door
from .blueprint import act_route, get_route, list_route, noun, read_route

blueprint = noun("policies", "Targets, ladders and lists")
MOST_VERSIONS = 1_000_000


def compare(code: str) -> Response:
    """What differs between two versions of a policy, key by key."""
    door.caller()
    return door.ask(policies.compare(code=code, before=_number("from"), after=_number("to")))


def _number(name: str) -> int:
    text = request.args.get(name)
    if text is None:
        raise BadQuery(name, "error.required")
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise BadQuery(name, "error.out_of_range", low=1, high=MOST_VERSIONS)
    return int(text)


def _one(policy: Any, person: Person, at: datetime) -> Any:
    return policies.find(code=policy.code, person=person, at=at)


_PAIR = [
    {"in": "query", "name": name, "required": True, "schema": {"type": "integer", "minimum": 1}}
    for name in ("from", "to")
]

list_route(blueprint, policies.LISTING, views.PolicyView)
read_route(blueprint, "/<string:code>", "policies.read", views.PolicyView, policies.find)
read_route(
    blueprint, "/<string:code>/versions/<number:n>", "policies.version", views.PolicyVersionView, policies.find_version
)
get_route(blueprint, "/<string:code>/compare", "policies.compare", views.PolicyChanges, compare, _PAIR)
act_route(blueprint, "/<string:code>", "policy.publish", views.PolicyView, _one, on=lambda code: code)
