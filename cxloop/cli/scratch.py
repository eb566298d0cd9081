"""A database of one's own for what must touch no other: a migrated SQLite file under an application without doors."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from ..extensions import db, migrate, tune_engine
from ..settings import ROOT, load_settings


@contextmanager
def scratch(file: Path) -> Iterator[Flask]:
    """The application's rules, context pushed, on a new SQLite file; whatever database is configured stays alone."""
    app = Flask("cxloop", static_folder=None, template_folder=None)
    given = {"CXLOOP_DATABASE_URL": f"sqlite:///{file}", "CXLOOP_DATA_DIR": str(file.parent)}
    # The keys of tests: what is played here goes nowhere, and nothing may be made beside the real ones.
    load_settings(app, "testing", given)
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"), render_as_batch=True)
    with app.app_context():
        tune_engine(db.engine)
        upgrade()
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
