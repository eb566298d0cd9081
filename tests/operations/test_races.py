"""Many at once: one winner and clear refusals, nothing twice, nothing lost, no gap (real threads, both databases)."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from cxloop.extensions import db
from cxloop.models.clock import Breach, ClockRung
from cxloop.models.issue import Issue
from cxloop.models.notice import Notice
from cxloop.models.signal import Signal
from cxloop.operations.act import Call, Invalid, Refused, WrongState, perform
from cxloop.operations.escalation import sweep
from cxloop.operations.idempotency import Answer, Key, KeyInFlight
from tests.cast import ANALYST, CHEN, LIN
from tests.factories import Story, fresh, local
from tests.operations.test_trail import roots, verify

AT = local("2026-08-24 12:00")
OPENING = {"title": "t", "description": "d", "channel": "hotline"}


def together(app: Flask, *works: Callable[[], Any]) -> list[Any]:
    """Run all at once, each in a thread and application context of its own; a result or an exception for each."""
    results: list[Any] = [None] * len(works)
    start = threading.Barrier(len(works))

    def run(n: int, work: Callable[[], Any]) -> None:
        with app.app_context():
            start.wait()
            try:
                results[n] = work()
            except Exception as error:
                results[n] = error
            finally:
                db.session.remove()

    threads = [threading.Thread(target=run, args=(n, work)) for n, work in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return results


def act(name: str, by: str, number: str | None = None, **fields: Any) -> Callable[[], Any]:
    return lambda: perform(
        Call(name, by, AT, on=number, fields=fields), answer=lambda result: getattr(result, "no", None)
    )


def test_two_last_acceptances_advance_the_issue_once(story: Story, group: Flask) -> None:
    for _ in range(3):
        no, tasks = story.dispatched({"P44": "separate", "P51": "separate"})
        for task in tasks:
            story.answer(task)
        assert together(group, *(act("review.accept", ANALYST, task) for task in tasks)) == tasks
        entries = story.entries("issue", no)
        assert sum('"after":"verifying"' in entry.body for entry in entries) == 1
        assert (story.the_issue(no).state, len(story.clocks(no, "verify"))) == ("verifying", 1)


def race_for_signing(story: Story, group: Flask, rounds: int) -> None:
    no = story.issue(at="2026-08-24 10:00")
    rows = [{"unit": "P44", "duty": "separate", "title": "t", "wanted": "w"}] * min(rounds, 99)
    story.do("issue.dispatch", ANALYST, no, at="2026-08-24 10:00", tasks=rows)
    for task in story.task_numbers(no):
        results = together(group, *[act("task.sign", CHEN, task)] * 8)
        refusals = [result for result in results if result != task]
        assert len(refusals) == 7, results
        assert {(type(one), one.state) for one in refusals} == {(WrongState, "working")}
    assert verify("issue", no, story.the_issue(no)) == 3 + len(rows)


def test_eight_race_for_one_act_and_one_wins(story: Story, group: Flask) -> None:
    race_for_signing(story, group, rounds=20)


@pytest.mark.torture
def test_eight_race_two_hundred_times(story: Story, group: Flask) -> None:
    for rounds in (99, 99, 2):
        race_for_signing(story, group, rounds=rounds)


def write_side_by_side(group: Flask, acts: int) -> None:
    def writer(n: int) -> Callable[[], int]:
        def work() -> int:
            for m in range(acts):
                told = {"source": f"w{n}", "external_id": str(m), "channel": "hotline", "text": "x"}
                perform(Call("signal.register", ANALYST, AT, fields=told))
            return acts

        return work

    assert together(group, *(writer(n) for n in range(4))) == [acts] * 4
    assert fresh().scalar(db.select(db.func.count()).select_from(Signal)) == 4 * acts


def test_four_writers_side_by_side(story: Story, group: Flask) -> None:
    write_side_by_side(group, acts=50)


@pytest.mark.torture
def test_four_writers_of_two_hundred_acts(story: Story, group: Flask) -> None:
    write_side_by_side(group, acts=200)


def test_numbers_have_no_gap_under_parallel_opening(story: Story, group: Flask) -> None:
    works = [act("issue.open", ANALYST, **OPENING) for _ in range(12)]
    works += [act("issue.open", ANALYST, **OPENING, signals=["SG-99999999"]) for _ in range(4)]
    results = together(group, *works)
    assert Counter(type(result) for result in results) == {str: 12, Invalid: 4}
    numbers = sorted(fresh().scalars(db.select(Issue.no)))
    assert numbers == [f"CX-2026-{n:06d}" for n in range(1, 13)]


def test_workers_at_once_fire_each_rung_once(story: Story, group: Flask) -> None:
    for _ in range(4):
        task = story.one_task()
        story.do("task.sign", CHEN, task)
    at = local("2026-09-01 18:00")
    counts = together(group, *[lambda: sweep(at=at)] * 4)
    assert not [count for count in counts if isinstance(count, Exception)]
    sweep(at=at)  # what one left to another that was about to finish
    due = db.select(db.func.count()).select_from(ClockRung)
    assert fresh().scalar(due.where(ClockRung.state == "armed", ClockRung.moment <= at)) == 0
    assert fresh().scalar(db.select(db.func.count()).select_from(Breach)) == 4
    told = Counter(
        fresh().execute(db.select(Notice.user_name, Notice.subject).where(Notice.code == "notice.breach")).all()
    )
    assert set(told.values()) == {1}


def test_acts_and_the_sweep_side_by_side(story: Story, group: Flask) -> None:
    tasks = [story.one_task() for _ in range(6)]
    at = local("2026-08-25 18:00")

    def sign(task: str) -> Callable[[], Any]:
        return lambda: perform(Call("task.sign", CHEN, at, on=task), answer=lambda row: row.no)

    results = together(group, *(sign(task) for task in tasks), lambda: sweep(at=at), lambda: sweep(at=at))
    sweep(at=at)
    for task, result in zip(tasks, results, strict=False):
        row = story.task(task)
        assert row.state == "working"
        assert row.deemed == isinstance(result, Refused), result


def test_one_key_sent_many_times_at_once_is_one_issue(story: Story, group: Flask) -> None:
    key = Key(ANALYST, "POST", "/api/v1/issues", "k", "a")
    call = Call("issue.open", ANALYST, AT, fields=OPENING, key=key)
    results = together(group, *[lambda: perform(call, answer=lambda issue: Answer(201, issue.no))] * 6)
    answers = [result for result in results if not isinstance(result, KeyInFlight)]
    assert answers
    assert set(answers) == {Answer(201, "CX-2026-000001")}
    assert fresh().scalar(db.select(db.func.count()).select_from(Issue)) == 1


def test_merging_crosswise_neither_hangs_nor_makes_a_circle(story: Story, group: Flask) -> None:
    for _ in range(3):
        one, other = story.issue(), story.issue()
        results = together(
            group, act("issue.merge", ANALYST, one, into=other), act("issue.merge", LIN, other, into=one)
        )
        assert sum(isinstance(result, Refused) for result in results) == 1, results
        assert {story.the_issue(no).state for no in (one, other)} == {"merged", "analysing"}


def test_a_signal_goes_to_one_of_two_issues(story: Story, group: Flask) -> None:
    one, other, signal = story.issue(), story.issue(), story.signal()
    results = together(
        group, act("signal.link", ANALYST, signal, issue=one), act("signal.link", LIN, signal, issue=other)
    )
    assert sorted(type(result).__name__ for result in results) == ["WrongState", "str"]
    assert story.the_signal(signal).issue_no in {one, other}
    assert len(story.entries("signal", signal)) == 2


def test_after_all_that_every_chain_verifies(story: Story, group: Flask) -> None:
    no, tasks = story.dispatched({"P44": "separate", "P51": "separate", "P11": "separate"})
    later = AT + timedelta(days=1)
    works = [act("task.nudge", ANALYST, task) for task in tasks for _ in range(4)]
    results = together(group, *works, lambda: sweep(at=later))
    assert not [result for result in results if isinstance(result, Exception)]
    assert len(story.entries("issue", no)) >= 3 + 12
    for kind, number, root in roots():
        if kind == "issue":
            verify(kind, number, root)
