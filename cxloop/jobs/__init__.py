"""The clockwork: APScheduler is the beat, the truth is in the rows."""

from flask import Flask

from .scheduler import worker


def register(app: Flask) -> None:
    """Give the application its worker."""
    app.cli.add_command(worker)
