"""When a customer counts as reached, or as not reached with proof."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cxloop.domain.contacts import APART, concerns, contact_state, counting

MORNING = datetime.fromisoformat("2026-08-24T09:00:00+08:00")


def after(*minutes: int) -> list[datetime]:
    return [MORNING + timedelta(minutes=n) for n in minutes]


@pytest.mark.parametrize(
    ("minutes", "counted"),
    [
        ((), ()),
        ((0,), (0,)),
        ((0, 5, 10), (0,)),
        ((0, 119), (0,)),
        ((0, 120), (0, 120)),
        ((0, 120, 239), (0, 120)),
        ((0, 120, 240), (0, 120, 240)),
        # A try between takes nothing from the one after it.
        ((0, 60, 125, 250), (0, 125, 250)),
        ((250, 0, 125), (0, 125, 250)),
    ],
)
def test_tries_count_two_hours_apart(minutes: tuple[int, ...], counted: tuple[int, ...]) -> None:
    assert counting(after(*minutes)) == tuple(after(*counted))


@given(st.lists(st.integers(0, 2000), max_size=12), st.integers(0, 2000))
def test_one_more_try_never_proves_less(minutes: list[int], more: int) -> None:
    fewer, all_ = counting(after(*minutes)), counting(after(*minutes, more))
    assert len(all_) >= len(fewer)
    assert all(second - first >= APART for first, second in pairwise(all_))


@pytest.mark.parametrize(
    ("tries", "state"),
    [
        ([], "none"),
        ([(0, False)], "tried"),
        ([(0, False), (10, False), (20, False), (30, False)], "tried"),
        ([(0, False), (120, False), (240, False)], "not_reached"),
        ([(0, False), (120, False), (240, False), (300, True)], "reached"),
        ([(0, True), (10, False)], "reached"),
    ],
)
def test_where_calling_stands(tries: list[tuple[int, bool]], state: str) -> None:
    assert contact_state((MORNING + timedelta(minutes=n), reached) for n, reached in tries) == state


def test_a_voice_concerns_the_units_above_it_and_without_one_anybody() -> None:
    assert concerns("/P44/P4401/", "/P44/")
    assert not concerns("/P44/", "/P44/P4401/")
    assert not concerns("/P51/", "/P44/")
    assert concerns(None, "/P44/")
