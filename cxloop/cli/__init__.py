"""The door for operators: `flask …`. Commands translate; acts and questions do the work."""

from flask import Flask

from . import calendars, checks, clockwork, files, people, policies, replay, seed, up


def register(app: Flask) -> None:
    """Give the application its commands."""
    for command in (
        up.up,
        seed.seed,
        replay.replay,
        files.import_,
        calendars.calendar,
        policies.policy,
        people.user,
        people.token,
        clockwork.sweep,
        clockwork.clocks,
        checks.trail,
        checks.doctor,
    ):
        app.cli.add_command(command)
