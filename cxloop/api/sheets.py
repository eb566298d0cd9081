"""Tables in and out: the answer sheet, and the ledger taken over."""

from typing import Any
from urllib.parse import quote

from flask import Response, request
from flask_smorest import Blueprint
from marshmallow import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from ..queries import sheets, tasks
from ..queries.listing import BadQuery
from ..schemas import sheet_views
from ..schemas.fields import Invalid
from ..schemas.files import BadFile
from ..sheets import answers, ledger
from ..sheets.book import MEDIA_TYPE, read_table
from ..sheets.returning import Line, give_back
from ..wording import say
from . import door
from .blueprint import KEY_HEADER, PREFIX, file_route, list_parameters, post_route

blueprint = Blueprint("sheets", __name__, url_prefix=PREFIX, description="Tables in and out")


def answer_sheet() -> Response:
    """The tasks that the caller's units hold, as a workbook with empty cells for the answers; by the list's filters."""
    for name in request.args:
        if len(request.args.getlist(name)) > 1:
            raise BadQuery(name, "error.duplicate")
    at = door.now()
    held = sheets.held(person=door.person(), at=at, params=request.args.to_dict(), most=answers.MOST_ROWS)
    named = quote(f"{say('sheet.title')}.xlsx")
    headers = {"Content-Disposition": f"attachment; filename=\"answers.xlsx\"; filename*=UTF-8''{named}"}
    return Response(answers.fill(held, at=at), headers=headers, content_type=MEDIA_TYPE)


def return_sheet() -> Response:
    """Send the sheet back: the act that each filled row amounts to, by the rules of one by one, and a line for each."""
    user = door.caller()
    raw, preview = _sent()
    try:
        filled, untouched = answers.read(read_table(raw, most=answers.MOST_ROWS + answers.FIRST))
    except BadFile as error:
        raise _bad(error) from None
    key = door.idempotency_key(user)
    lines = give_back(filled, by=user, at=door.now(), key=key, preview=preview)
    view = {
        "dry_run": preview,
        "done": sum(line.done for line in lines),
        "already": sum(line.already for line in lines),
        "refused": sum(not line.done and not line.already for line in lines),
        "untouched": untouched,
        "rows": [_line(line) for line in lines],
    }
    return door.reply(view)


def take_ledger() -> Response:
    """Take over a running ledger: each open item with its original due, row by row; faults by row and field.

    The same ledger again changes nothing. `dry_run` tells what would come.
    """
    user, at = door.caller(), door.now()
    raw, preview = _sent()
    if "mapping" not in request.form:
        raise ValidationError({"mapping": Invalid("error.required").messages})
    try:
        mapping = ledger.read_mapping(request.form["mapping"])
        items, over = ledger.read(read_table(raw, most=ledger.MOST_IN_A_REQUEST + 1), mapping, now=at)
    except BadFile as error:
        raise _bad(error) from None
    key = door.idempotency_key(user)
    return door.reply(
        ledger_view(ledger.take_over(items, by=user, at=at, over=over, key=key, preview=preview), preview)
    )


def ledger_view(taken: ledger.Taken, preview: bool) -> dict[str, Any]:
    """What became of a ledger, in words."""
    errors = [{"row": row, "field": name, "message": say(key, **params)} for row, (name, key, params) in taken.faults]
    return {
        "dry_run": preview,
        "taken": taken.count(known=False),
        "known": taken.count(known=True),
        "over": taken.over,
        "errors": errors,
        "rows": taken.lines,
    }


def _sent() -> tuple[bytes, bool]:
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType
    found = request.files.get("file")
    if found is None:
        raise ValidationError({"file": Invalid("error.required").messages})
    return found.read(), _truth("dry_run")


def _truth(name: str) -> bool:
    text = request.form.get(name, "false")
    if text not in {"true", "false"}:
        raise ValidationError({name: Invalid("error.not_a_boolean").messages})
    return text == "true"


def _bad(error: BadFile) -> ValidationError:
    return ValidationError({field: Invalid(key, **params).messages for field, (key, params) in error.errors.items()})


def _line(line: Line) -> dict[str, Any]:
    worded = {name: [say(key, **params) for key, params in said] for name, said in line.faults.items()}
    view: dict[str, Any] = {"row": line.row, "task": line.task, "act": line.act, "done": line.done}
    if line.already:
        view["already"] = True
    if worded:
        view["error"] = " ".join(text for said in worded.values() for text in said)
        view["errors"] = worded
    return view


def form_of(**parts: dict[str, Any]) -> dict[str, Any]:
    """A multipart body with a file, in the words of OpenAPI."""
    properties = {"file": {"type": "string", "format": "binary", "description": "XLSX or CSV"}, **parts}
    properties["dry_run"] = {"type": "string", "enum": ["true", "false"]}
    wanted = ["file", *(name for name in parts if name == "mapping")]
    schema = {"type": "object", "required": wanted, "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}


file_route(blueprint, "/tasks/sheet.xlsx", "tasks.sheet", MEDIA_TYPE, answer_sheet, [*list_parameters(tasks.LISTING)])
post_route(
    blueprint,
    "/tasks/sheet",
    "tasks.return-sheet",
    sheet_views.Returned,
    return_sheet,
    form=form_of(),
    parameters=KEY_HEADER,
)
_MAPPING = {"type": "string", "description": "JSON: {source, tz, fields: {name: column | {...}}}"}
post_route(
    blueprint, "/issues/ledger", "issue.take_over", sheet_views.TakenOver, take_ledger, form=form_of(mapping=_MAPPING)
)
