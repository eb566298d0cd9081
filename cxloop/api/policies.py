"""Policies: published in versions, compared, applied to running clocks."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from flask import Response, request

from ..domain.permissions import Person
from ..operations.policies import Applied
from ..operations.policies import preview as foresee
from ..queries import policies
from ..queries.listing import BadQuery
from ..schemas import policy_views as views
from ..schemas.acts import load_fields
from ..schemas.group import PolicyApply
from . import door
from .blueprint import act_route, get_route, list_route, noun, question_route, read_route

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


def preview(code: str) -> Response:
    """What applying a version to running clocks would move, from when to when; nothing is changed."""
    person = door.person()
    door.refuse_others(())
    fields = load_fields("policy.apply", door.read_body())
    return door.reply(_applied(foresee(on=code, person=person, at=door.now(), **fields)))


def _applied(applied: Applied, *_reader: Any) -> dict[str, Any]:
    return {
        "code": applied.policy.code,
        "to_version": applied.to_version,
        "moved": [
            {"clock": row.clock, "subject": row.subject, "kind": row.kind, "owner": row.owner, "from": row.was,
             "to": row.due}
            for row in applied.moved
        ],
        "skipped": [asdict(row) for row in applied.skipped],
    }  # fmt: skip


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
act_route(blueprint, "/<string:code>", "policy.apply", views.AppliedView, _applied, on=lambda code: code)
question_route(blueprint, "/<string:code>/preview", "policies.preview", views.AppliedView, preview, PolicyApply)
