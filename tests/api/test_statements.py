"""A list costs as many statements for fifty rows as for five, and a single read a handful."""

import pytest

from cxloop.operations.act import Call, perform
from tests.api.world import World
from tests.cast import ANALYST, CHEN, ZHAO
from tests.factories import Story, stop_reading

LISTS = ("signals", "issues", "tasks", "measures", "clocks", "entries", "units", "users", "closure-reports")


@pytest.fixture(scope="module")
def wide_world(still_world: World) -> World:
    """The same group with sixty tasks and more."""
    world = still_world
    with world.app.app_context():
        story = Story("2026-09-10 10:00")
        units = {f"P{n}": "separate" for n in (11, 12, 13, 14, 15, 21, 22, 23, 33, 32, 44, 51)}
        for n in range(5):
            no, tasks = story.dispatched(units, at=f"2026-09-1{n} 10:00")
            for task in tasks:
                if n < 4:
                    story.answer(task)
                    story.accept(task)
            if n < 4:
                story.verdict(no)
                story.close(no)
        rows = [{"row": k, "fields": {"source": "s", "channel": "hotline", "text": f"x{k}"}} for k in range(60)]
        perform(Call("signal.import", ANALYST, story.now, fields={"rows": rows}))
        stop_reading()
    return world


def test_lists_cost_the_same_for_five_and_fifty_rows(wide_world: World) -> None:
    for user in (ANALYST, CHEN, ZHAO):
        for noun in LISTS:
            counts = []
            for size in (5, 50):
                with wide_world.statements() as sent:
                    answer = wide_world.get(user, f"/{noun}?page_size={size}")
                assert answer.status_code == 200
                counts.append(len(sent))
            assert abs(counts[0] - counts[1]) <= 2, (user, noun, counts)
            assert max(counts) <= 16, (user, noun, counts)


def test_single_reads_do_not_grow_with_their_parts(wide_world: World) -> None:
    issues = wide_world.get(ANALYST, "/issues?page_size=100&sort=-no").json["items"]
    few, many = wide_world.no("closed"), next(one["no"] for one in issues if one["waves"] and one["state"] == "closed")
    for tail in ("", "/timeline", "/closure-report"):
        counts = []
        for no in (few, many):
            with wide_world.statements() as sent:
                assert wide_world.get(ANALYST, f"/issues/{no}{tail}").status_code == 200
            counts.append(len(sent))
        assert abs(counts[0] - counts[1]) <= 2, (tail, counts)
