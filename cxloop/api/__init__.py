"""The door for machines: /api/v1, its OpenAPI document, and a reference page that works offline."""

import json
from functools import cache

from flask import Flask, Response, g, request
from flask_login import current_user
from flask_smorest import Api
from werkzeug.exceptions import NotFound, Unauthorized

from ..wording import LOCALES
from . import appeals, calendars, clocks, entries, group, issues, policies, sheets, signals, tasks
from .blueprint import PREFIX, NumberConverter
from .docs import blueprint as docs
from .problems import answer_for

# What describes the API says nothing about the group.
OPEN = frozenset({f"{PREFIX}/openapi.json"})
BLUEPRINTS = (
    signals.blueprint,
    issues.blueprint,
    tasks.blueprint,
    tasks.measures,
    sheets.blueprint,
    appeals.blueprint,
    clocks.blueprint,
    *group.BLUEPRINTS,
    calendars.blueprint,
    policies.blueprint,
    entries.blueprint,
    entries.me,
)


class QuietApi(Api):
    """flask-smorest without its own error pages: refusals become problems in one place, ours."""

    def _register_error_handlers(self) -> None:
        """Leave errors to the application."""


def register(app: Flask) -> None:
    """Hang the API into the application."""
    app.url_map.converters["number"] = NumberConverter
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    app.add_url_rule(f"{PREFIX}/openapi.json", "openapi", _openapi)
    app.register_blueprint(docs)
    app.before_request(_enter)


def _openapi() -> Response:
    """The OpenAPI document of this API."""
    return Response(openapi_text(), content_type="application/json")


@cache
def openapi_text() -> str:
    """The OpenAPI document, made when it is first asked for: commands, workers and tests never pay for it."""
    described = Flask(__name__, static_folder=None)
    described.config.update(
        API_TITLE="cxloop",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        API_SPEC_OPTIONS={
            "security": [{"bearer": []}, {"session": []}],
            "components": {
                "securitySchemes": {
                    "bearer": {"type": "http", "scheme": "bearer"},
                    "session": {"type": "apiKey", "in": "cookie", "name": "session"},
                }
            },
        },
    )
    described.url_map.converters["number"] = NumberConverter
    api = QuietApi(described)
    api.register_converter(NumberConverter, lambda _converter: {"type": "integer", "minimum": 1})
    for blueprint in BLUEPRINTS:
        api.register_blueprint(blueprint)
    with described.app_context():
        return json.dumps(api.spec.to_dict(), ensure_ascii=False)


def is_api(path: str) -> bool:
    """Whether an address belongs to this door."""
    return path.startswith("/api/")


def _enter() -> None:
    """Before anything is read: no NUL in the address, and somebody signed in."""
    if not request.path.startswith(f"{PREFIX}/") or request.path in OPEN:
        return
    if "\x00" in request.path:
        raise NotFound
    if not current_user.is_authenticated:
        raise Unauthorized
    # Browsers send Accept-Language unasked, and the person's own choice is stronger; a machine means what it sends.
    wish = request.accept_languages.best_match(LOCALES)
    if wish is not None and "Authorization" in request.headers:
        g.reader_locale = wish


__all__ = ["PREFIX", "answer_for", "is_api", "register"]
