"""What every noun's blueprint shares: its list, its single read, and a route for each act of the lifecycle table."""

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema
from werkzeug.routing import IntegerConverter

from ..domain.lifecycle import ACTS as LIFECYCLE
from ..domain.permissions import Person
from ..operations.act import ACTS
from ..queries.listing import Listing
from ..schemas import views
from ..schemas.acts import SCHEMAS
from . import door

PREFIX = "/api/v1"
_REFUSALS = {
    401: "Nobody signed in",
    403: "Seen, but not allowed",
    404: "No such object, or none that the caller may see",
    409: "Not in this state (`state`, `allowed`)",
    412: "Changed since it was read (If-Match)",
    413: "Too large",
    415: "Not JSON",
    422: "Malformed or meaningless, field by field",
    429: "Too many requests",
    503: "The database does not answer; try again",
}
_READ_REFUSALS = {401: _REFUSALS[401], 404: _REFUSALS[404], 422: _REFUSALS[422], 503: _REFUSALS[503]}
VERSION_HEADER = [
    {"in": "header", "name": "If-Match", "schema": {"type": "string"}, "description": "The version that was read"}
]
KEY_HEADER = [{"in": "header", "name": "Idempotency-Key", "schema": {"type": "string", "maxLength": 255}}]


class NumberConverter(IntegerConverter):
    """A number in an address as the API writes it: no sign, no zero in front, and none that a database cannot hold."""

    regex = "[1-9][0-9]{0,17}"


def noun(name: str, description: str) -> Blueprint:
    """The blueprint of a noun under /api/v1."""
    return Blueprint(name, __name__, url_prefix=f"{PREFIX}/{name}", description=description)


def _refused(known: dict[int, str]) -> dict[str, Any]:
    # One dictionary a route: flask-smorest's alt_response copies a route's whole documentation once for each refusal.
    return {
        str(code): {"description": description, "content": {"application/problem+json": {"schema": views.Problem}}}
        for code, description in known.items()
    }


def list_route(blueprint: Blueprint, listing: Listing, schema: Any) -> None:
    """GET of the list: filters, `q`, `sort`, `page`, `page_size`."""

    def answer() -> Response:
        return door.page(listing)

    answer.__doc__ = f"List {listing.name} within the caller's scope."
    parameters = [*list_parameters(listing), _query("page", kind="integer"), _query("page_size", kind="integer")]
    _route(blueprint, "", "GET", f"{listing.name}.list", answer, views.page_of(schema), parameters=parameters)


def read_route(blueprint: Blueprint, rule: str, name: str, schema: Any, find: Callable[..., Any]) -> None:
    """GET of one object; `find` takes the address' parameters with `person` and `at`."""

    def answer(**found: Any) -> Response:
        door.refuse_others(())
        return door.ask(find(**found, person=door.person(), at=door.now()))

    # What a question says of None is a 404 here, which the answers list.
    answer.__doc__ = re.split(r", or None|; None", (find.__doc__ or "").strip().splitlines()[0])[0].rstrip(".") + "."
    _route(blueprint, rule, "GET", name, answer, schema)


def act_route(
    blueprint: Blueprint, rule: str, act: str, schema: Any, view: Callable[[Any, Person, datetime], Any],
    on: Callable[..., str] = lambda no: no, told: str | None = None,
) -> None:  # fmt: skip
    """POST of an act on an object: the act's fields as the body, the changed object as the answer."""

    def answer(**found: Any) -> Response:
        return door.do(act, on(**found), view)

    answer.__doc__ = told or ACTS[act].tell.__doc__
    _route(blueprint, f"{rule}/{LIFECYCLE[act].verb}", "POST", act, answer, schema, takes=act)


def _route(
    blueprint: Blueprint, rule: str, method: str, operation: str, answer: Any, schema: Any, *,
    takes: str | None = None, form: dict[str, Any] | None = None, parameters: list[dict[str, Any]] | None = None,
    code: int = 200, media_type: str | None = None,
) -> None:  # fmt: skip
    answer.__name__ = operation.replace(".", "_").replace("-", "_")
    view = blueprint.response(code, schema, content_type=media_type)(answer)
    refused = _refused(_REFUSALS if method == "POST" else _READ_REFUSALS)
    said: dict[str, Any] = {"operationId": operation, "parameters": parameters or [], "responses": refused}
    if method == "POST" and operation in LIFECYCLE:
        said["parameters"] = KEY_HEADER if LIFECYCLE[operation].creates else [*VERSION_HEADER, *KEY_HEADER]
    if takes is not None:
        said["requestBody"] = {"content": {"application/json": {"schema": SCHEMAS[takes]}}}
    if form is not None:
        said["requestBody"] = form
    blueprint.route(rule, methods=[method])(blueprint.doc(**said)(view))


def post_route(
    blueprint: Blueprint, rule: str, operation: str, schema: Any, answer: Any, *, takes: str | None = None,
    form: dict[str, Any] | None = None, code: int = 200, parameters: list[dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    """POST with an answer of its own: opening, importing."""
    _route(blueprint, rule, "POST", operation, answer, schema, takes=takes, form=form, code=code, parameters=parameters)


def question_route(
    blueprint: Blueprint, rule: str, operation: str, schema: Any, answer: Any, body: type[Schema],
) -> None:  # fmt: skip
    """POST of a question that is too long for an address: it changes nothing, so a key or version means nothing."""
    form = {"content": {"application/json": {"schema": body}}}
    _route(blueprint, rule, "POST", operation, answer, schema, form=form)


def get_route(
    blueprint: Blueprint, rule: str, operation: str, schema: Any, answer: Any,
    parameters: list[dict[str, Any]] | None = None,
) -> None:  # fmt: skip
    """GET with an answer of its own."""
    known = {parameter["name"] for parameter in parameters or ()}

    @wraps(answer)
    def guarded(**found: Any) -> Response:
        door.refuse_others(known)
        return answer(**found)  # type: ignore[no-any-return]

    _route(blueprint, rule, "GET", operation, guarded, schema, parameters=parameters)


def file_route(
    blueprint: Blueprint, rule: str, operation: str, media_type: str, answer: Any, parameters: list[dict[str, Any]]
) -> None:
    """GET of a file; whatever else is asked for than its parameters, the answer refuses."""
    schema = {"type": "string", "format": "binary"}
    _route(blueprint, rule, "GET", operation, answer, schema, parameters=parameters, media_type=media_type)


def list_parameters(listing: Listing) -> list[dict[str, Any]]:
    """What a list can be filtered, searched and sorted by."""
    parameters = [_query(name) for name in [*listing.filters, *listing.scoped, *(["q"] if listing.search else [])]]
    return [*parameters, _query("sort", enum=[f"{sign}{name}" for name in sorted(listing.sorts) for sign in ("", "-")])]


def _query(name: str, *, kind: str = "string", enum: list[str] | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": kind}
    if enum:
        schema["enum"] = enum
    return {"in": "query", "name": name, "schema": schema}
