"""Whose time was it? Whatever happened, the parts add up to the whole, exactly (K7)."""

from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.clock import Clock
from cxloop.models.issue import Issue
from cxloop.models.user import User
from cxloop.queries import times
from tests.cast import ANALYST, CHEN, LIN, OPS, WU, ZHAO
from tests.factories import Story, eventful, fresh, local
from tests.queries.lively import Lively


def _person(name: str) -> Any:
    db.session.rollback()
    return db.session.get_one(User, name).person()


def _issue(story: Story, no: str, by: str = ANALYST, at: datetime | None = None) -> dict[str, Any]:
    found = times.of_issue(no=no, person=_person(by), at=at or story.now)
    assert found is not None
    return found


def _sum(rows: list[dict[str, Any]]) -> int:
    return sum(int(row["seconds"]) for row in rows)


def _adds_up(story: Story, no: str) -> None:
    told = _issue(story, no)
    issue = fresh().get_one(Issue, no)
    whole = max(story.clocks(no, "issue"), key=lambda clock: clock.cycle)
    stretches = told["stretches"]
    assert told["from"] == issue.opened_at
    assert told["seconds"] == times.calendar_of(whole).worked(told["from"], told["to"])
    assert told["seconds"] == _sum(stretches) == _sum(told["by_stage"]) == _sum(told["by_holder"])
    assert all(one["to"] == following["from"] for one, following in pairwise(stretches))
    if stretches:
        assert (stretches[0]["from"], stretches[-1]["to"]) == (told["from"], told["to"])
    assert all(row["seconds"] <= told["seconds"] for row in told["by_unit"])
    for task in told["tasks"]:
        assert task["seconds"] == _sum(task["parts"])
    answers = db.session.scalar(
        db.select(db.func.count()).select_from(Clock).where(Clock.chain_no == no, Clock.kind == "feedback")
    )
    assert len(told["tasks"]) == answers


def test_an_eventful_history_adds_up(story: Story) -> None:
    no = eventful(story)
    _adds_up(story, no)
    told = _issue(story, no)
    stages = {row["stage"] for row in told["by_stage"]}
    assert {"handling", "sign_for", "review", "follow_up", "effect_wait", "triage"} <= stages
    assert {row["holder"] for row in told["by_holder"]} >= {"units", "center"}


@pytest.mark.parametrize("seed", range(40, 46))
def test_whatever_happens_adds_up(story: Story, seed: int) -> None:
    numbers = Lively(story, seed).live()
    for no in numbers:
        _adds_up(story, no)
    _units_add_up(story)


def _units_add_up(story: Story) -> None:
    """Every clock's every stretch is somewhere, once: over a period that holds everything."""
    begin, end = local("2026-08-01 00:00"), story.now
    clocks = list(fresh().scalars(db.select(Clock).where(Clock.state != "cancelled")))
    for unit in sorted({clock.owner for clock in clocks}):
        told = times.of_unit(code=unit, begin=begin, end=end, person=_person(LIN), at=end)
        assert told is not None
        for row in told["by_kind"]:
            mine = [clock for clock in clocks if (clock.owner, clock.kind) == (unit, row["kind"])]
            began = [clock for clock in mine if clock.started_at < end]
            whole = sum(
                times.calendar_of(clock).worked(clock.started_at, max(clock.started_at, clock.spans[-1].to_at or end))
                for clock in began
            )
            assert row["seconds"] == whole == row["own"] + row["others"] + row["stopped"] + row["paused"]
            assert row["ended"] == row["on_time"] + row["late"] + row["late_others"]
            assert row["waived"] <= row["late"] <= row["clocks"]


def test_a_plain_course_is_told_stage_by_stage(story: Story) -> None:
    no = story.issue(severity=3, at="2026-08-24 10:00")
    [task] = story.dispatch(no, {"P44": "separate"}, at="2026-08-24 11:00")
    story.do("task.sign", CHEN, task, at="2026-08-24 15:00")
    story.answer(task, at="2026-08-25 10:00")
    story.do("review.send_back", ANALYST, task, at="2026-08-25 11:00", reason="no_evidence")
    story.answer(task, at="2026-08-25 14:30")
    story.now = local("2026-08-25 16:30")
    told = _issue(story, no)
    assert [(row["stage"], row["holder"], row["units"], row["seconds"] / 3600) for row in told["stretches"]] == [
        ("triage", "center", [], 1.0),
        ("sign_for", "units", ["P44"], 2.5),
        ("handling", "units", ["P44"], 4.0),
        ("review", "center", [], 1.0),
        ("handling", "units", ["P44"], 2.0),
        ("review", "center", [], 2.0),
    ]
    [mine] = told["tasks"]
    assert {(row["state"], row["holder"]): row["seconds"] / 3600 for row in mine["parts"]} == {
        ("running", "P44"): 8.5,
        ("stopped", "CENTER"): 3.0,
    }
    assert {row["holder"]: row["share"] for row in told["by_holder"]} == {"center": 0.32, "units": 0.68}


def test_a_unit_learns_whose_time_it_was_and_no_more(story: Story) -> None:
    no, [_one, _two] = story.dispatched({"P44": "separate", "P31": "separate"})
    mine = _issue(story, no, CHEN)
    assert "stretches" not in mine
    assert "by_unit" not in mine
    assert [task["unit"] for task in mine["tasks"]] == ["P44"]
    assert times.of_issue(no=no, person=_person(WU), at=story.now) is None
    assert times.of_issue(no=no, person=_person(OPS), at=story.now) is None


def test_a_units_figures_are_for_itself_the_center_and_the_audit(story: Story) -> None:
    story.one_task()
    period = {"begin": local("2026-08-01 00:00"), "end": local("2026-09-01 00:00"), "at": story.now}
    told = [times.of_unit(code="P44", person=_person(name), **period) for name in (CHEN, LIN, ZHAO)]
    assert told[0] == told[1] == told[2]
    assert told[0] is not None
    assert [row["kind"] for row in told[0]["by_kind"]] == ["sign", "feedback"]
    assert times.of_unit(code="P44", person=_person(WU), **period) is None
    assert times.of_unit(code="P44", person=_person(OPS), **period) is None
    assert times.of_unit(code="P99", person=_person(LIN), **period) is None


def test_late_and_on_time_have_their_denominator(story: Story) -> None:
    one = story.one_task()
    other = story.one_task(at="2026-08-24 10:30")
    story.answer(one, at="2026-08-25 10:00")
    story.accept(one)
    story.pass_time("2026-09-03 10:00")
    story.answer(other)
    story.accept(other)
    period = {"begin": local("2026-08-01 00:00"), "end": local("2026-10-01 00:00"), "at": story.now}
    told = times.of_unit(code="P44", person=_person(LIN), **period)
    assert told is not None
    [row] = [row for row in told["by_kind"] if row["kind"] == "feedback"]
    assert {name: row[name] for name in ("clocks", "ended", "on_time", "late", "late_others", "waived")} == {
        "clocks": 2, "ended": 2, "on_time": 1, "late": 1, "late_others": 0, "waived": 0,
    }  # fmt: skip
