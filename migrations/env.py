"""Runs the migrations on the application's own engine; SQLite tables are rebuilt in batches, without foreign keys."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

from cxloop.extensions import Base

current_app.extensions["migrate"]


def _configure(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run() -> None:
    """Upgrade or compare, on the engine that the application uses."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # A rebuilt table would take its child rows with it by cascade; the pragma must stand outside a transaction.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
        _configure(connection)
        connection.commit()
        if sqlite:
            connection.exec_driver_sql("PRAGMA foreign_keys=ON")


run()
