"""Signals: one by one, or from a file."""

from datetime import datetime
from typing import Any

from flask import Response, request
from marshmallow import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from ..domain.permissions import Person
from ..operations.signals import Imported, Registered
from ..queries import signals
from ..schemas import views
from ..schemas.fields import Invalid
from ..schemas.files import BadFile, read_mapping, read_rows
from ..wording import say
from . import door
from .blueprint import act_route, list_route, noun, post_route, read_route

blueprint = noun("signals", "Customers' voices")


def _one(result: Any, person: Person, at: datetime) -> Any:
    return signals.views([result], person, at)[0]


def register() -> Response:
    """Take in one voice; a known (source, external_id) answers 200 with the first if it is equal, else 409."""

    def view(result: Registered, person: Person, at: datetime) -> Any:
        return _one(result.signal, person, at)

    return door.do(
        "signal.register",
        None,
        view,
        code=lambda result: 201 if result.is_new else 200,
        headers=lambda shown: {"Location": f"/api/v1/signals/{shown['no']}"},
    )


def import_file() -> Response:
    """Take in a file: multipart `file`, `mapping` (JSON), `strict`; good rows in, bad ones reported."""
    door.caller()
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    found = request.files.get("file")
    if found is None:
        raise _bad("file", "error.required")
    if "mapping" not in request.form:
        raise _bad("mapping", "error.required")
    strict = request.form.get("strict", "false")
    if strict not in {"true", "false"}:
        raise _bad("strict", "error.not_a_boolean")
    try:
        rows = read_rows(found.read(), read_mapping(request.form["mapping"]))
    except BadFile as error:
        ((field, (key, params)),) = error.errors.items()
        raise _bad(field, key, **params) from None
    return door.do("signal.import", None, imported_view, fields={"rows": rows, "strict": strict == "true"})


def _bad(field: str, key: str, **params: Any) -> ValidationError:
    return ValidationError({field: Invalid(key, **params).messages})


def imported_view(result: Imported, _person: Person, _at: datetime) -> dict[str, Any]:
    """What became of a file: counts, and each refused row with its field and words."""
    errors = [
        {"row": row["row"], "field": row["field"], "message": say(row["code"], **row["params"])}
        for row in result.errors
    ]
    return {"imported": len(result.signals), "duplicates": result.duplicates, "errors": errors}


def _revealed(signal: Any, _person: Person, _at: datetime) -> dict[str, Any]:
    return {"no": signal.no, "contact": signals.contact_view(signal.contact, masked=False)}


list_route(blueprint, signals.LISTING, views.SignalView)
_FORM = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file", "mapping"],
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "CSV"},
                    "mapping": {"type": "string", "description": "JSON: {source, tz, fields: {name: column | {...}}}"},
                    "strict": {"type": "string", "enum": ["true", "false"]},
                },
            }
        }
    },
}
register = blueprint.alt_response(200, schema=views.SignalView, description="Known already, and equal", success=True)(
    register
)
post_route(blueprint, "", "signal.register", views.SignalView, register, takes="signal.register", code=201)
post_route(blueprint, "/import", "signal.import", views.Imported, import_file, form=_FORM)
read_route(blueprint, "/<string:no>", "signals.read", views.SignalView, signals.find)
for _act in ("signal.link", "signal.return", "signal.set_aside", "signal.complete", "signal.contact", "signal.answer"):
    act_route(blueprint, "/<string:no>", _act, views.SignalView, _one)
act_route(blueprint, "/<string:no>", "signal.reveal", views.Revealed, _revealed)
