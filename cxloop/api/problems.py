"""Refusals as RFC 9457 problems, worded in the caller's language. The one place where they become answers."""

import json
import logging
from typing import Any

from flask import Response
from flask_wtf.csrf import CSRFError
from marshmallow import ValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from ..operations import act, idempotency, policies
from ..queries.listing import BadQuery
from ..schemas.fields import flat
from ..wording import say

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = "5"
# Where the fault is the body's and no single field's.
WHOLE = "body"
_KEYS = {
    400: "error.malformed",
    401: "error.unauthenticated",
    403: "error.forbidden",
    404: "error.not_found",
    405: "error.method",
    409: "error.state",
    412: "error.stale",
    413: "error.too_large",
    415: "error.media_type",
    422: "error.validation",
    429: "error.too_many_requests",
    500: "error.internal",
    503: "error.busy",
}


def problem(code: int, detail: str | None = None, **members: Any) -> Response:
    """A problem answer: `title` is the kind, `detail` what happened here, further members as the kind has them."""
    title = say(_KEYS.get(code, "error.internal"))
    body = {"type": "about:blank", "title": title, "status": code, "detail": detail or title, **members}
    response = Response(json.dumps(body, ensure_ascii=True), status=code, content_type=MEDIA_TYPE)
    if code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if code == 503:
        response.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return response


def invalid(errors: dict[str, list[tuple[str, dict[str, Any]]]]) -> Response:
    """422, field by field."""
    worded = {field: [say(key, **params) for key, params in said] for field, said in errors.items()}
    return problem(422, errors=worded)


def answer_for(error: Exception) -> Response:
    """The problem for any exception; a fault of ours is logged and gives away nothing."""
    for kind, word in _ANSWERS:
        if isinstance(error, kind):
            found: Response = word(error)
            return found
    log.exception("unexpected fault", exc_info=error)
    return problem(500)


def _malformed(error: Any) -> Response:
    messages = error.messages
    if isinstance(messages, dict) and set(messages) <= {"json", "query", "form", "files", "headers"}:
        messages = next(iter(messages.values()))
    said = flat(messages)
    return invalid(
        {field or WHOLE: [(str(key), getattr(key, "params", {})) for key in keys] for field, keys in said.items()}
    )


def _wrong_state(error: act.WrongState) -> Response:
    key = "error.state" if error.why == "state" else f"error.{error.why}"
    return problem(409, say(key, state=error.state), state=error.state, allowed=error.allowed)


def _http(error: HTTPException) -> Response:
    if error.response is not None and isinstance(error.response, Response):
        return error.response
    response = problem(error.code or 500)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _key_reused(_error: Exception) -> Response:
    return invalid({"Idempotency-Key": [("error.idempotency_mismatch", {})]})


def _down(error: Exception) -> Response:
    log.error("the database does not answer: %s", type(error).__name__)
    return problem(503)


_ANSWERS: tuple[tuple[type[Exception], Any], ...] = (
    (act.Unseen, lambda _error: problem(404)),
    (act.Forbidden, lambda error: problem(403, say(f"error.{error.why}"))),
    (act.Stale, lambda error: problem(412, say("error.stale"), version=error.version)),
    (act.WrongState, _wrong_state),
    (policies.Unsound, lambda error: invalid(error.faults)),
    (act.Invalid, lambda error: invalid({field: [said] for field, said in error.errors.items()})),
    (act.Differs, lambda _error: problem(409, say("error.differs"), state="", allowed=[])),
    (BadQuery, lambda error: invalid({field: [said] for field, said in error.errors.items()})),
    (idempotency.KeyReused, _key_reused),
    (idempotency.KeyInFlight, lambda _error: problem(409, say("error.idempotency_in_flight"), state="", allowed=[])),
    (ValidationError, _malformed),
    (CSRFError, lambda _error: problem(403, say("error.csrf"))),
    (HTTPException, _http),
    # A broken constraint is our fault and no reason to try again; these are the database's absence.
    (OperationalError, _down),
    (InterfaceError, _down),
    (PoolTimeout, _down),
)
