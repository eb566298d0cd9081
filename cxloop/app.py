"""create_app(): the only place where everything is put together."""

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from . import api, cli, health, jobs, models, web
from .extensions import db, let_go, migrate, tune_engine
from .identity import init_identity
from .settings import ROOT, load_settings

__all__ = ["create_app", "models"]


def create_app(profile: str | None = None, given: Mapping[str, Any] | None = None) -> Flask:
    """The application of a profile (`default`, `production`, `testing`; else CXLOOP_PROFILE).

    `given` overrides settings under their environment names, like {"CXLOOP_DATABASE_URL": …}.
    """
    app = Flask(__name__, static_folder=None, template_folder=None)
    load_settings(app, profile or os.environ.get("CXLOOP_PROFILE", "default"), given or {})
    db.init_app(app)
    app.teardown_appcontext(let_go)  # before the extension's own, which would make a 500 of it
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    with app.app_context():
        tune_engine(db.engine)
    init_identity(app)
    api.register(app)
    web.init_web(app)
    app.register_blueprint(health.blueprint)
    cli.register(app)
    jobs.register(app)
    for kind in (HTTPException, DBAPIError, PoolTimeout, Exception):
        app.register_error_handler(kind, _refuse)
    if app.config["TRUSTED_PROXIES"]:
        hops = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    return app


def _refuse(error: Exception) -> Response:
    return api.answer_for(error) if api.is_api(request.path) else web.error_page(error)
