"""How a request becomes an act or a question: the caller, the body, the version, the key; and the answer as JSON."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask import Response, request
from flask_login import current_user
from marshmallow import ValidationError
from werkzeug.exceptions import NotFound, Unauthorized, UnsupportedMediaType

from ..domain.lifecycle import ACTS as LIFECYCLE
from ..domain.permissions import Person
from ..operations.act import Call, perform
from ..operations.idempotency import Answer, Key
from ..queries.listing import BadQuery, Listing, page_of
from ..schemas.acts import load_fields
from ..schemas.fields import Invalid, Said, parse_day, parse_moment

KEY_LENGTH = 255


def now() -> datetime:
    """The moment a request is answered at; the rules get it as an argument."""
    return datetime.now(UTC)


def caller() -> str:
    """The user name of whoever calls; Unauthorized when nobody signed in."""
    if not current_user.is_authenticated:
        raise Unauthorized
    return str(current_user.name)


def person() -> Person:
    """The caller as the permission rules see one."""
    caller()
    found: Person = current_user.person
    return found


def as_json(value: Any) -> str:
    """JSON text: moments in UTC with Z, decimals as numbers."""
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(type(value).__name__)


def reply(view: Any, *, code: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer; a view with a version bears it as ETag too."""
    return _respond(_answer(view, code, headers or {}))


def _answer(view: Any, code: int, headers: Mapping[str, str]) -> Answer:
    found = dict(headers)
    if isinstance(view, Mapping) and "version" in view:
        found["ETag"] = f'"{view["version"]}"'
    return Answer(code, as_json(view), tuple(found.items()))


def _respond(answer: Answer) -> Response:
    return Response(answer.body, status=answer.code, headers=dict(answer.headers), content_type="application/json")


def read_body() -> Any:
    """The JSON body, {} when there is none. Refuses other media types, repeated keys, NaN and bottomless nesting."""
    raw = request.get_data(cache=True)
    if not raw:
        return {}
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        return json.loads(raw, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=Decimal)
    except (ValueError, RecursionError):
        raise Invalid("error.malformed") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(name for n, (name, _value) in enumerate(pairs) if name in dict(pairs[:n]))
        raise Twice(twice)
    return found


class Twice(Invalid):
    """A key stands twice in a body: which one was meant?"""

    def __init__(self, name: str) -> None:
        super().__init__("error.duplicate")
        self.messages = {name: [Said("error.duplicate")]}


def _no_constant(_text: str) -> Any:
    raise ValueError


def expected_version() -> int | None:
    """The version that If-Match names; None without the header. One that is no version of ours matches nothing."""
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    text = header.strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1


def idempotency_key(user: str) -> Key | None:
    """The caller's Idempotency-Key with what it was sent with; None without the header."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not key or len(key) > KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise ValidationError({"Idempotency-Key": Invalid("error.idempotency_key").messages})
    return Key(user, request.method, request.path, key, _digest_of_body())


def _digest_of_body() -> str:
    """What makes two requests the same: of a form its parts, for whoever sends one again draws a new boundary."""
    if request.mimetype != "multipart/form-data":
        return hashlib.sha256(request.get_data(cache=True)).hexdigest()
    parts = [[name, "", hashlib.sha256(text.encode()).hexdigest()] for name, text in request.form.items(multi=True)]
    for name, file in request.files.items(multi=True):
        file.stream.seek(0)
        parts.append([name, file.filename or "", hashlib.sha256(file.stream.read()).hexdigest()])
    return hashlib.sha256(json.dumps(sorted(parts)).encode()).hexdigest()


def do(
    act: str,
    on: str | None,
    view: Callable[[Any, Person, datetime], Any],
    *,
    fields: Mapping[str, Any] | None = None,
    code: int | Callable[[Any], int] = 200,
    headers: Callable[[Any], Mapping[str, str]] | None = None,
) -> Response:
    """Run an act for the caller and answer with `view(result, person, at)`, rendered inside the act's transaction."""
    user, who, at = caller(), person(), now()
    if fields is None:
        fields = load_fields(act, read_body())

    def answer(result: Any) -> Answer:
        status = code(result) if callable(code) else code
        shown = view(result, who, at)
        found = _answer(shown, status, headers(shown) if headers is not None else {})
        # An act on a measure answers with its task: that version is not the one the next such act is asked for.
        return replace(found, headers=()) if LIFECYCLE[act].on == "measure" else found

    call = Call(act, user, at, on=on, fields=fields, version=expected_version(), key=idempotency_key(user))
    return _respond(perform(call, answer=answer))


def ask(view: Any) -> Response:
    """Answer a question; 404 when the answer is None: there is none, or none that the caller may see."""
    if view is None:
        raise NotFound
    # No 304: what one may do now, and what is overdue, change with time while the version stays.
    return reply(view)


def page(listing: Listing) -> Response:
    """Answer with a page of a list."""
    params = request.args
    for name in params:
        if len(params.getlist(name)) > 1:
            raise BadQuery(name, "error.duplicate")
    found = page_of(listing=listing, person=person(), at=now(), params=params.to_dict())
    return reply({"items": found.items, "total": found.total, "page": found.page, "page_size": found.page_size})


def refuse_others(known: Iterable[str]) -> None:
    """Refuse a question with a parameter that it does not know, or twice the same: nobody is misunderstood silently."""
    for name in request.args:
        if name not in known or len(request.args.getlist(name)) > 1:
            raise BadQuery(name, "error.duplicate" if name in known else "error.unknown_field")


def read_day(name: str) -> date:
    """A local date from the address; BadQuery names the parameter."""
    text = request.args.get(name)
    if text is None:
        raise BadQuery(name, "error.required")
    try:
        return parse_day(text)
    except Invalid as error:
        raise BadQuery(name, str(error.messages[0])) from None


def read_moment(name: str) -> datetime:
    """A moment from the address; Invalid names the parameter."""
    from_address = request.args.get(name)
    if from_address is None:
        raise BadQuery(name, "error.required")
    try:
        return parse_moment(from_address.replace(" ", "+"))
    except Invalid as error:
        raise BadQuery(name, str(error.messages[0])) from None
