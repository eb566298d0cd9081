"""Rungs fired as rows leave what rungs fired as records leave: the fast way is a way, not another rule."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.places import copy_of_database
from cxloop.extensions import db
from cxloop.models.clock import Breach, Clock, ClockRung
from cxloop.models.entry import Entry
from cxloop.models.issue import Issue
from cxloop.models.notice import Notice
from cxloop.operations.escalation import firing, rungs, sweep, sweeping
from cxloop.queries.trail import verify
from tests.cast import MARKET, lead_of
from tests.conftest import build_app, dispose
from tests.factories import Story, fresh, local, planned, stop_reading

# Late, and one after the other as a living worker would; the last finds weeks of rungs at once.
MOMENTS = ("2026-08-27 18:00", "2026-08-31 11:08", "2026-09-01 18:00", "2026-09-04 10:00", "2026-10-30 18:00")


@contextmanager
def elsewhere(folder: Path) -> Iterator[None]:
    """In a copy of the database as it is now."""
    stop_reading()
    with copy_of_database() as url:
        app = build_app(url.render_as_string(hide_password=False), data_dir=folder)
        with app.app_context():
            yield
            stop_reading()
        dispose(app)


def much_running(story: Story) -> None:
    """Clocks of nearly every kind and on every account, before any rung has fired."""
    units = {"P44": "main", "P51": "support", "P65": "separate", MARKET: "separate", "P11": "separate"}
    _no, [main, support, declined, _market, asking] = story.dispatched(units)
    story.dispatched({"P31": "separate"}, severity=1)
    follows = story.one_task("P33")
    story.settle(follows, **planned("2026-09-10 18:00", "2026-10-10 18:00"))
    story.close(_effective(story), at="2026-08-25 10:00")
    _effective(story)
    story.issue()
    story.do("task.decline", "65lead", declined, reason="not_our_region", text="x")
    for task in (main, support, asking):
        story.do("task.sign", lead_of(story.task(task).unit), task)
    story.answer(support)
    _set_aside(asking, main)


def _effective(story: Story) -> str:
    no = story.verifying()
    story.verdict(no)
    return no


def _set_aside(asking: str, rerated: str) -> None:
    # What a request that waits and a harsher rating leave on a clock.
    one = db.update(Clock).where(Clock.kind == "feedback")
    db.session.execute(one.where(Clock.subject == asking).values(asked_of="CENTER"))
    db.session.execute(one.where(Clock.subject == rerated).values(rerated_until=local("2026-12-01 18:00")))
    db.session.commit()


def left_behind() -> dict[str, list[Any]]:
    """Everything a sweep writes, in the order of its writing."""
    session = fresh()
    rows: dict[str, list[Any]] = {}
    for cls in (Entry, Notice, Breach, ClockRung):
        columns = [column for column in cls.__table__.columns if column.name != "id" or cls is ClockRung]
        order = (cls.__table__.c.chain_no, cls.__table__.c.seq) if cls is Entry else (cls.__table__.c.id,)
        rows[cls.__name__] = [tuple(row) for row in session.execute(db.select(*columns).order_by(*order))]
    rows["heads"] = [tuple(row) for row in session.execute(db.select(Issue.no, *_HEAD).order_by(Issue.no))]
    return rows


_HEAD = (Issue.head_seq, Issue.head_hash, Issue.head_at, Issue.version, Issue.state)


def fired(*moments: str, apart: bool = False) -> dict[str, list[Any]]:
    for moment in moments:
        sweep(at=local(moment), apart=apart)
    return left_behind()


def as_records(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(firing, "is_plain", lambda _rungs: False)


@pytest.mark.parametrize("moments", [MOMENTS, MOMENTS[-1:]], ids=["bit by bit", "after weeks"])
def test_rows_and_records_leave_the_same(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moments: tuple[str, ...]
) -> None:
    much_running(story)
    with elsewhere(tmp_path / "copy"), monkeypatch.context() as patch:
        as_records(patch)
        records = fired(*moments)
        assert not verify()[3]
    rows = fired(*moments)
    assert {name: len(found) for name, found in rows.items()} == {name: len(found) for name, found in records.items()}
    assert rows == records
    assert not verify()[3]


def test_the_history_that_is_compared_tells_something(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    ways: list[str] = []
    for way in ("fire_plain", "fire_recorded"):
        monkeypatch.setattr(firing, way, _counted(getattr(firing, way), ways))
    much_running(story)
    fired(*MOMENTS)
    assert min(ways.count("fire_plain"), ways.count("fire_recorded")) >= 3
    session = fresh()
    assert {"undecided", "rerated", None} == set(session.scalars(db.select(Breach.cause)))
    assert {"CENTER", "P31", "P33", MARKET} <= set(session.scalars(db.select(Breach.holder)))
    assert len(set(session.scalars(db.select(Clock.kind).join(Breach, Breach.clock_id == Clock.id)))) >= 6
    assert {"fired", "collapsed"} <= set(session.scalars(db.select(ClockRung.state)))


def _counted(fire: Callable[..., Any], ways: list[str]) -> Callable[..., Any]:
    def count(*args: Any, **fields: Any) -> Any:
        ways.append(fire.__name__)
        return fire(*args, **fields)

    return count


def test_small_batches_and_portions_leave_the_same(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    much_running(story)
    with elsewhere(tmp_path / "copy"):
        whole = fired(*MOMENTS)
    for module, name, value in ((sweeping, "BATCH", 2), (sweeping, "LOOK", 3), (rungs, "PORTION", 2)):
        monkeypatch.setattr(module, name, value)
    parts = fired(*MOMENTS, apart=True)
    # Which chain comes first may differ; what each leaves may not.
    assert {name: sorted(map(repr, found)) for name, found in parts.items()} == {
        name: sorted(map(repr, found)) for name, found in whole.items()
    }
