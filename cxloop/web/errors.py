"""What becomes of refusals and failures in the door for people: one page in words, whatever happened."""

import logging

from flask import Response, make_response, render_template
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from ..operations.act import Differs, Forbidden, Invalid, Refused, Stale, Unseen, WrongState
from ..wording import is_worded, say

_log = logging.getLogger(__name__)
RETRY_SECONDS = 5
_REFUSALS: dict[type[Refused], int] = {
    Unseen: 404,
    Forbidden: 403,
    Stale: 409,
    WrongState: 409,
    Differs: 409,
    Invalid: 422,
}


def error_page(error: Exception) -> Response:
    """The page of an error, with the HTTP code it stands for."""
    if isinstance(error, HTTPException) and error.response is not None:
        return make_response(error.response)
    code = _code(error)
    # No database, no names: whatever failed must not fail again while saying so.
    page = make_response(render_template("error.html", code=code, text=_text(error, code)), code)
    if isinstance(error, HTTPException):
        kept = {"Allow", "Retry-After", "Location"}
        page.headers.update({name: value for name, value in error.get_headers() if name in kept})
    if code == 503:
        page.headers["Retry-After"] = str(RETRY_SECONDS)
    return page


def _code(error: Exception) -> int:
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        _log.error("the database does not answer: %s", type(error).__name__)
        return 503
    if isinstance(error, Refused):
        return next((code for kind, code in _REFUSALS.items() if isinstance(error, kind)), 409)
    if isinstance(error, HTTPException):
        return error.code or 500
    _log.error("unexpected fault", exc_info=error)
    return 500


def _text(error: Exception, code: int) -> str:
    if isinstance(error, CSRFError):
        return say("error.csrf")
    if isinstance(error, Forbidden):
        return say(f"error.{error.why}")
    if isinstance(error, Stale):
        return say("error.stale")
    if isinstance(error, WrongState) and is_worded(f"error.{error.why}") and error.why != "state":
        return say(f"error.{error.why}")
    key = f"page.error.{code}"
    return say(key if is_worded(key) else "page.error.500" if code >= 500 else "page.error.400")
