"""A POST that is sent again gets its first answer, and nothing happens twice."""

from datetime import timedelta

import pytest
from flask import Flask

from cxloop.extensions import db
from cxloop.models.entry import Entry
from cxloop.models.idempotency import IdempotencyKey
from cxloop.models.issue import Issue
from cxloop.operations.act import Call, Invalid, perform
from cxloop.operations.idempotency import Answer, Key, KeyInFlight, KeyReused, claim, purge
from tests.cast import ANALYST, XU
from tests.factories import Story, fresh, local

AT = local("2026-08-24 10:00")


def opening(story: Story, key: str = "k1", body: str = "a", at=AT, by: str = ANALYST, channel: str = "hotline"):  # type: ignore[no-untyped-def]
    call = Call(
        "issue.open",
        by,
        at,
        fields={"title": "t", "description": "d", "channel": channel},
        key=Key(by, "POST", "/api/v1/issues", key, body),
    )
    return perform(call, answer=lambda issue: Answer(201, issue.no, (("Location", issue.no),)))


def count(cls: type) -> int:
    return fresh().scalar(db.select(db.func.count()).select_from(cls)) or 0


def test_the_second_time_gives_the_first_answer(story: Story) -> None:
    first, entries = opening(story), count(Entry)
    again = opening(story, at=AT + timedelta(hours=1))
    assert again == first == Answer(201, "CX-2026-000001", (("Location", "CX-2026-000001"),))
    assert (count(Issue), count(Entry)) == (1, entries)


def test_no_answer_lies_in_the_clear(story: Story) -> None:
    """That to a reveal is a customer's name and number."""
    opening(story)
    [kept] = fresh().scalars(db.text("SELECT body FROM idempotency_keys"))
    assert "CX-2026" not in kept
    assert [row.body for row in fresh().scalars(db.select(IdempotencyKey))] == ["CX-2026-000001"]


def test_another_body_under_the_same_key_is_refused(story: Story) -> None:
    opening(story)
    with pytest.raises(KeyReused):
        opening(story, body="b")
    assert count(Issue) == 1


def test_keys_are_a_persons_own(story: Story) -> None:
    opening(story)
    assert opening(story, by=XU).body == "CX-2026-000002"


@pytest.mark.parametrize(("after", "number"), [(86399, 1), (86400, 2)])
def test_a_key_is_kept_for_a_day(story: Story, after: int, number: int) -> None:
    opening(story)
    assert opening(story, at=AT + timedelta(seconds=after)).body == f"CX-2026-00000{number}"


def test_refusals_are_not_stored(story: Story) -> None:
    with pytest.raises(Invalid):
        opening(story, channel="smoke")
    assert count(IdempotencyKey) == 0
    assert opening(story).body == "CX-2026-000001"


def test_the_answer_and_the_act_stand_or_fall_together(story: Story) -> None:
    def fail(_issue: Issue) -> Answer:
        raise RuntimeError("rendering failed")

    key = Key(ANALYST, "POST", "/x", "k", "a")
    call = Call("issue.open", ANALYST, AT, fields={"title": "t", "description": "d", "channel": "hotline"}, key=key)
    with pytest.raises(RuntimeError):
        perform(call, answer=fail)
    assert (count(Issue), count(IdempotencyKey)) == (0, 0)


def test_while_the_first_is_under_way_the_second_is_told(story: Story, group: Flask) -> None:
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite's writers wait for one another: the second finds the first one's answer")
    key = Key(ANALYST, "POST", "/x", "k", "a")
    assert claim(key, at=AT) is None  # holds until this transaction ends
    with group.app_context(), pytest.raises(KeyInFlight):
        claim(key, at=AT)
    db.session.rollback()


def test_old_keys_are_dropped(story: Story) -> None:
    opening(story)
    assert purge(at=AT + timedelta(hours=23)) == 0
    assert purge(at=AT + timedelta(hours=24)) == 1
    db.session.rollback()
