"""The database repeats the rules: each of these attempts passes every act and is refused all the same."""

import pytest
from sqlalchemy.exc import DatabaseError

from cxloop.extensions import db
from tests.cast import ANALYST, CHEN
from tests.factories import Story, parked, planned

ATTEMPTS = {
    "issue state": "update issues set state = 'resolved'",
    "issue severity": "update issues set severity = 5",
    "issue cycle": "update issues set cycle = 0",
    "merged without survivor": "update issues set state = 'merged'",
    "survivor without merging": "update issues set merged_into = no",
    "task state": "update tasks set state = 'open'",
    "task duty": "update tasks set duty = 'chief'",
    "task of no issue": "update tasks set issue_no = 'CX-2026-999999'",
    "task of no unit": "update tasks set unit = 'P99'",
    "two mains": "update tasks set duty = 'main'",
    "child without count": "update tasks set parent = no",
    "signal state": "update signals set state = 'open'",
    "linked to nothing": "update signals set state = 'linked'",
    "linked without the state": "update signals set issue_no = 'CX-2026-000001'",
    "measure state": "update measures set state = 'closed'",
    "measure kind": "update measures set kind = 'wish'",
    "clock kind": "update clocks set kind = 'mood'",
    "clock state": "update clocks set state = 'late'",
    "running without due": "update clocks set due_at = null where state = 'running'",
    "ended without moment": "update clocks set state = 'ended' where state = 'running'",
    "moment without end": "update clocks set ended_at = started_at where state = 'running'",
    "two clocks of one cycle": "update clocks set cycle = 1, kind = 'sign', subject = 'x'",
    "rung state": "update clock_rungs set state = 'gone'",
    "rung twice": "update clock_rungs set code = 'due', plan = 1",
    "span backwards": "update clock_spans set to_at = '2000-01-01 00:00:00' where to_at is not null",
    "unit kind": "update units set kind = 'club'",
    "role": "update memberships set role = 'boss'",
    "user of no unit": "update memberships set unit_code = 'P99'",
    "report state": "update closure_reports set state = 'lost'",
    "opinion": "update opinions set verdict = 'maybe'",
    "entry twice": (
        "insert into entries"
        " (chain_kind, chain_no, seq, act_id, act, subject, actor, actor_name, at, origin, body, hash)"
        " values ('issue', 'CX-2026-000001', 1, 'x', 'x', 'x', 'x', 'x', '2026-08-24 00:00:00+00', 'x', '{}', 'x')"
    ),
}


@pytest.fixture
def lived(story: Story) -> Story:
    """One record of each kind at least."""
    story.signal()
    no, [task, other] = story.dispatched({"P44": "separate", "P51": "separate"})
    story.settle(task, **planned("2026-10-30 18:00"))
    story.settle(other, **parked())
    story.do("measure.complete", CHEN, f"{task}/1", text="x")
    story.do("measure.confirm", ANALYST, f"{task}/1")
    closed = story.closed()
    story.do("audit.return", "zhao", closed, findings=["x"])
    assert no != closed
    return story


def refused(statement: str) -> bool:
    try:
        with db.engine.begin() as connection:
            connection.execute(db.text(statement))
    except DatabaseError:
        return True
    return False


def test_the_database_refuses(lived: Story) -> None:
    assert [attempt for attempt, statement in ATTEMPTS.items() if not refused(statement)] == []
