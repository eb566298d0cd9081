"""Lists: filtered, sorted and paged without repeating or losing a row, and only within what one may see."""

from typing import Any

import pytest

from cxloop.domain.permissions import Person
from cxloop.extensions import db
from cxloop.models.user import User
from cxloop.queries import group, issues, signals, tasks
from cxloop.queries.listing import BadQuery, Listing, page_of
from tests.cast import ANALYST, CHEN, WU, ZHAO
from tests.factories import Story


def _who(name: str) -> Person:
    db.session.rollback()
    return db.session.get_one(User, name).person()


def _keys(story: Story, listing: Listing, user: str, key: str = "no", **params: str) -> list[Any]:
    page = page_of(listing=listing, person=_who(user), at=story.now, params=params)
    return [item[key] for item in page.items]


def test_pages_together_are_the_list(story: Story) -> None:
    for n in range(23):
        story.signal(title=f"t{n % 3}", occurred_at=None)
    for sort in ("no", "-no", "occurred_at", "-occurred_at", "registered_at"):
        pages = [_keys(story, signals.LISTING, ANALYST, sort=sort, page=str(n), page_size="5") for n in range(1, 7)]
        found = [no for page in pages for no in page]
        assert (len(found), len(set(found)), pages[5]) == (23, 23, [])


def test_empty_values_come_last_whichever_way(story: Story) -> None:
    empty = story.signal()
    early, late = (story.signal(occurred_at=story.now.replace(hour=hour)) for hour in (1, 2))
    assert _keys(story, signals.LISTING, ANALYST, sort="occurred_at") == [early, late, empty]
    assert _keys(story, signals.LISTING, ANALYST, sort="-occurred_at") == [late, early, empty]


def test_several_values_are_either_or(story: Story) -> None:
    one, two = story.one_task("P44"), story.one_task("P51")
    assert _keys(story, tasks.LISTING, ANALYST, unit="P44,P51") == [two, one]
    assert _keys(story, tasks.LISTING, ANALYST, unit="P44,P51", state="dispatched", duty="separate") == [two, one]
    assert _keys(story, tasks.LISTING, ANALYST, unit="P44", state="accepted") == []


def test_a_filter_tells_no_more_than_reading_does(story: Story) -> None:
    """Guangdong and Sichuan work on one issue: neither can find out about the other by filtering for it."""
    issue, _tasks = story.dispatched({"P44": "separate", "P51": "separate"})
    assert _keys(story, issues.LISTING, CHEN, unit="P44") == [issue]
    assert _keys(story, issues.LISTING, CHEN, unit="P51") == []
    assert _keys(story, issues.LISTING, WU, unit="P44") == []
    assert _keys(story, issues.LISTING, ZHAO, unit="P44") == [issue]


def test_a_task_not_sent_out_yet_is_not_found(story: Story) -> None:
    issue = story.issue()
    rows = [
        {"unit": unit, "duty": "separate", "title": "t", "wanted": "w", "after": after}
        for unit, after in (("P44", []), ("P51", [0]))
    ]
    story.do("issue.dispatch", ANALYST, issue, tasks=rows)
    assert _keys(story, issues.LISTING, WU) == []
    assert _keys(story, tasks.LISTING, WU) == []


def test_people_are_listed_within_ones_subtree(story: Story) -> None:
    mine = _keys(story, group.USERS, CHEN, "name", page_size="100")
    assert {"chen", "44handler", "p4401lead"} <= set(mine)
    assert not {"wu", "lin", "zhao", "ops"} & set(mine)


@pytest.mark.parametrize(
    "params", [{"severity": "x"}, {"severity": "5"}, {"joint": "yes"}, {"x": "1"}, {"sort": "title"}]
)
def test_what_cannot_be_read_is_refused_by_name(story: Story, params: dict[str, str]) -> None:
    with pytest.raises(BadQuery) as refused:
        page_of(listing=issues.LISTING, person=_who(ANALYST), at=story.now, params=params)
    assert set(refused.value.errors) == set(params)
