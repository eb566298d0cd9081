"""Random calendars over the API against the oracle that walks minutes: `make clocks-trial` asks each database 10,000.

`CXLOOP_TEST_CASES` scales it, `CXLOOP_TEST_SEED=<seed>` asks that one alone. A case asks both databases, since the walk
costs more than the answer.
"""

import os
import random
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.calendar import CalendarRevision
from cxloop.operations.act import Call, perform
from tests.api.calendar_cases import Published, Question, definition, question
from tests.api.conftest import _serve
from tests.api.world import World
from tests.cast import CHEN, OPS
from tests.conftest import DATABASES
from tests.domain.minutes import Minutes
from tests.domain.test_calendar_laws import ANCHORS

CASES = int(os.environ.get("CXLOOP_TEST_CASES", "1000"))
ONLY = os.environ.get("CXLOOP_TEST_SEED")
SHARDS, OWN = 2, 40
CALENDARS = Path(__file__).parents[2] / "config" / "calendars"
# Around the holidays of three years, and past the last notice.
REAL_DAYS = tuple(date.fromisoformat(day) for day in ("2025-09-26", "2026-02-14", "2026-09-22", "2026-12-28"))


@pytest.fixture(scope="module")
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[World]]:
    """The same group on both databases, with the random calendars published."""
    serve = contextmanager(_serve)
    with ExitStack() as stack:
        folder = tmp_path_factory.mktemp("trial")
        yield [stack.enter_context(serve(engine, request, folder / engine)) for engine in DATABASES]


@pytest.fixture(scope="module")
def published(both: list[World]) -> list[Published]:
    """The group's own calendars, and as many random ones of a code each, the same on both databases."""
    dice = random.Random(0)
    found = []
    for n in range(OWN):
        around = dice.choice(ANCHORS)
        said = definition(dice, around)
        found.append(Published(f"TRIAL-{n}", said, around, Minutes(said, first=around - timedelta(days=10))))
    for world in both:
        with world.app.app_context():
            for row in found:
                perform(Call("calendar.publish", OPS, world.now, on=row.code, fields={"definition": row.definition}))
    return [*found, *_real(both[0])]


def _real(world: World) -> list[Published]:
    """The group's calendars as they are written; the national days are data, read where they are kept."""
    with world.app.app_context():
        revisions = db.select(CalendarRevision.definition).where(CalendarRevision.calendar == "CN-DAYS")
        table: Any = db.session.scalar(revisions.order_by(CalendarRevision.n.desc()))
    found = []
    for file in sorted(CALENDARS.glob("*.toml")):
        said = tomllib.loads(file.read_text("utf-8"))
        until = date.fromisoformat(table["official_until"]) if said["national"] else None
        for day in REAL_DAYS:
            minutes = Minutes(said, table["days"], first=day - timedelta(days=10))
            found.append(Published(file.stem, said, day, minutes, until))
    return found


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_answer_is_what_the_walk_finds(both: list[World], published: list[Published], shard: int) -> None:
    seeds = range(shard, CASES, SHARDS) if ONLY is None else [int(ONLY)]
    for seed in seeds:
        asked = question(seed, published)
        for world in both:
            answer = _ask(world, asked)
            if answer != asked.expected:
                there = world.app.config["SQLALCHEMY_DATABASE_URI"].partition(":")[0]
                wrong = {name: answer.get(name) for name in asked.expected if answer.get(name) != asked.expected[name]}
                pytest.fail(f"seed {seed} on {there}: {asked} answers {wrong or answer}", pytrace=False)


def _ask(world: World, asked: Question) -> dict[str, Any]:
    told = world.get(CHEN, asked.path) if asked.body is None else world.post(CHEN, asked.path, asked.body)
    if told.status_code == 422 and "refused" in asked.expected:
        return {"refused": next(iter(told.json["errors"]), "").partition(".")[0]}
    if told.status_code != 200:
        return {"refused": told.text}
    answer = {name: told.json[name] for name in asked.expected if name in told.json}
    return {"hours": round(answer["hours"] * 3600)} if "hours" in answer else answer
