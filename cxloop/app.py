"""create_app(): the only place where everything is put together."""

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask

from . import models
from .extensions import db, migrate, tune_engine
from .settings import ROOT, load_settings

__all__ = ["create_app", "models"]


def create_app(profile: str | None = None, given: Mapping[str, Any] | None = None) -> Flask:
    """The application of a profile (`default`, `production`, `testing`; else CXLOOP_PROFILE).

    `given` overrides settings under their environment names, like {"CXLOOP_DATABASE_URL": …}.
    """
    app = Flask(__name__, static_folder=None, template_folder=None)
    load_settings(app, profile or os.environ.get("CXLOOP_PROFILE", "default"), given or {})
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    with app.app_context():
        tune_engine(db.engine)
    return app
