"""The door for people: pages that work without a script, in the reader's language."""

from flask import Flask, Response, request
from jinja2 import StrictUndefined

from .. import wording
from . import account, desk, headers, home, issues, labels, notices, tasks
from .errors import error_page

# Imported for the pages that they hang on the desk.
__all__ = ["error_page", "home", "init_web", "issues", "notices", "tasks"]

A_YEAR = 365 * 24 * 3600


def init_web(app: Flask) -> None:
    """Give the application its pages, their words and their headers. `error_page` is wired by the application."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(labels.GLOBALS)
    app.register_blueprint(account.account)
    app.register_blueprint(desk.desk)
    app.after_request(headers.protect)
    app.after_request(_remember_language)


def _remember_language(response: Response) -> Response:
    wish = wording.asked_locale()
    if wish is not None and wish != request.cookies.get(wording.COOKIE):
        secure = request.is_secure
        response.set_cookie(wording.COOKIE, wish, max_age=A_YEAR, httponly=True, samesite="Lax", secure=secure)
    return response
