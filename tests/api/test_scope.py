"""Who sees what: nothing of Sichuan's reaches Guangdong's people, whatever they read, and the reverse."""

from collections.abc import Iterable, Iterator
from urllib.parse import quote

import pytest

from cxloop.api import PREFIX
from cxloop.extensions import db
from cxloop.models.appeal import Appeal
from cxloop.models.clock import Clock
from cxloop.models.closure import ClosureReport
from cxloop.models.entry import Entry
from cxloop.models.issue import Issue
from cxloop.models.measure import Measure
from cxloop.models.signal import Signal
from cxloop.models.task import Task
from cxloop.models.unit import Unit
from cxloop.models.user import User
from tests.api.lived import GUANGDONG_SAYS, SICHUAN_SAYS
from tests.api.world import World
from tests.cast import ANALYST, BRANCH, CHEN, HANDLER, LEADER, OPS, WU, ZHAO

KEYS = {
    "signals": Signal.no,
    "issues": Issue.no,
    "tasks": Task.no,
    "closure-reports": ClosureReport.no,
    "clocks": Clock.id,
    "appeals": Appeal.id,
    "entries": Entry.id,
    "units": Unit.code,
    "users": User.name,
}


def addresses(world: World) -> list[str]:
    """Every address that can be read, with every number there is."""
    with world.app.app_context():
        known = {noun: _some(db.session.scalars(db.select(column).order_by(column))) for noun, column in KEYS.items()}
        measures = db.session.execute(db.select(Measure.task_no, Measure.n).order_by(Measure.task_no, Measure.n)).all()
    known |= {"calendars": ["CN"], "policies": ["sla", "codes"]}
    found = ["/me"]
    for rule in world.app.url_map.iter_rules():
        path = rule.rule.removeprefix(PREFIX)
        if not rule.rule.startswith(f"{PREFIX}/") or "GET" not in rule.methods or path in {"/openapi.json", "/me"}:
            continue
        noun = path.split("/")[1]
        if not rule.arguments:
            found.append(f"{path}?page_size=100")
        elif "n" in rule.arguments:
            found += [f"/tasks/{task}/measures/{n}" for task, n in measures]
        else:
            head, _, tail = path.partition("<")
            found += [head + quote(key) + tail.partition(">")[2] for key in known[noun]]
    return found


def _some(keys: Iterable[object]) -> list[str]:
    """All, or where there are very many every n-th."""
    found = [str(key) for key in keys]
    return found[:: 1 + len(found) // 25]


def _pages(world: World, user: str, address: str) -> Iterator[str]:
    answer = world.get(user, address)
    assert answer.status_code in {200, 404, 422}, (address, answer.text)
    yield answer.text + str(answer.headers)
    total = (answer.json or {}).get("total", 0) if "page_size" in address else 0
    for page in range(2, total // 100 + 2):
        yield world.get(user, f"{address}&page={page}").text


def test_everything_there_is_can_be_read_by_the_center(still_world: World) -> None:
    read = "".join(text for address in addresses(still_world) for text in _pages(still_world, ANALYST, address))
    assert SICHUAN_SAYS in read
    assert GUANGDONG_SAYS in read


@pytest.mark.parametrize("user", [CHEN, HANDLER, LEADER, BRANCH])
def test_nothing_of_sichuans_reaches_guangdong(still_world: World, user: str) -> None:
    for address in addresses(still_world):
        for text in _pages(still_world, user, address):
            assert SICHUAN_SAYS not in text, address


@pytest.mark.parametrize("user", [WU, "11lead"])
def test_nothing_of_guangdongs_reaches_others(still_world: World, user: str) -> None:
    for address in addresses(still_world):
        for text in _pages(still_world, user, address):
            assert GUANGDONG_SAYS not in text, address


def test_who_administers_reads_no_work(still_world: World) -> None:
    for address in addresses(still_world):
        for text in _pages(still_world, OPS, address):
            assert SICHUAN_SAYS not in text, address
            assert GUANGDONG_SAYS not in text, address


def test_own_words_are_read(still_world: World) -> None:
    for user, word in ((CHEN, GUANGDONG_SAYS), (WU, SICHUAN_SAYS), (ZHAO, SICHUAN_SAYS)):
        read = "".join(text for address in addresses(still_world) for text in _pages(still_world, user, address))
        assert word in read
