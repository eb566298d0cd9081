"""`flask sweep`, `flask replay`, `flask doctor`, `flask import` by hand."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from cxloop.extensions import db
from cxloop.models.clock import Breach, Clock, ClockRung
from cxloop.models.entry import Entry
from cxloop.models.notice import Notice
from cxloop.models.signal import Signal
from cxloop.operations import escalation
from cxloop.seeds.base import base_lines
from tests.cli.conftest import Run
from tests.factories import FOUNDED, Story
from tests.queries.lively import Lively

LATE = "2026-09-30T10:00:00+08:00"


def test_a_dry_run_lists_and_changes_nothing(run: Run, story: Story) -> None:
    task = story.one_task()
    told = run("sweep", "--dry-run", "--at", LATE)
    assert told.exit_code == 0
    lines = told.output.splitlines()
    assert any(task in line for line in lines[:-1])
    assert lines[-1] == f"{len(lines) - 1} rungs would fire"
    assert db.session.scalar(db.select(db.func.count()).where(ClockRung.fired_at.is_not(None))) == 0
    fired = run("sweep", "--at", LATE)
    assert fired.output.endswith("rungs fired\n")
    assert db.session.scalar(db.select(db.func.count()).select_from(Breach)) > 0
    assert run("sweep", "--at", LATE).output == "0 rungs fired\n"


def test_a_dry_run_says_when_in_the_groups_own_time_and_whom_it_tells(run: Run, story: Story) -> None:
    task = story.one_task()
    lines = run("sweep", "--dry-run", "--at", "2026-08-25T10:01:00Z").output.splitlines()
    assert f"2026-08-25 18:00:00+08:00 {task} sign due: tells 44handler, 44lead, chen, tang" in lines
    assert f"2026-08-25 14:30:00+08:00 {task} sign p75: collapses into a higher one" in lines
    assert not any("Z " in line or "+00:00" in line for line in lines)


def _fired() -> set[tuple[str, str, str, bool]]:
    rows = db.select(Clock.subject, Clock.kind, ClockRung.code, ClockRung.state)
    rows = rows.join(Clock, Clock.id == ClockRung.clock_id).where(ClockRung.fired_at.is_not(None))
    return {(subject, kind, code, state == "collapsed") for subject, kind, code, state in db.session.execute(rows)}


def _notices() -> set[tuple[str, str, str, str]]:
    told = {"notice.rung", "notice.breach", "notice.wait_over", "notice.resumed", "notice.recheck"}
    rows = db.session.scalars(db.select(Notice))
    return {
        (row.subject, row.params["kind"], row.params["rung"], row.user_name)
        for row in rows
        if row.code in told and "rung" in row.params
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_sweep_does_what_the_dry_run_said(group: Flask, story: Story, seed: int) -> None:
    lively = Lively(story, 700 + seed)
    lively.live(acts=60)
    _paused_for_long(story)
    for days in (1, 9, 40):
        at = story.now + timedelta(days=days)
        before, told, entries = _fired(), _notices(), db.session.scalar(db.select(db.func.count()).select_from(Entry))
        said = escalation.rehearse(at=at)
        assert (_fired(), _notices()) == (before, told)
        assert db.session.scalar(db.select(db.func.count()).select_from(Entry)) == entries
        story.sweep(at)
        assert _fired() - before == {(due.subject, due.kind, due.code, due.collapses) for due in said} - before
        wanted = {(due.subject, due.kind, due.code, name) for due in said for name in due.told}
        assert _notices() - told == wanted - told


def _paused_for_long(story: Story) -> None:
    """A task whose pause ends by itself before the sweep comes by: what it then arms is due at once."""
    task = story.one_task("P44", at=story.now)  # type: ignore[arg-type]
    story.do("task.sign", "chen", task)
    until = story.now + timedelta(days=2)
    story.do("pause.request", "chen", task, until=until, reason="third_party", text="等物业函件")
    story.do("pause.grant", "analyst", task)


@pytest.mark.parametrize("moment", ["yesterday", "2026-09-30", "2026-09-30T10:00:00"])
def test_a_moment_without_offset_is_refused(run: Run, moment: str) -> None:
    told = run("sweep", "--at", moment)
    assert told.exit_code == 1
    assert moment in told.output


def test_the_clocks_are_derived_again_and_a_difference_is_named(run: Run, story: Story) -> None:
    task = story.one_task()
    told = run("clocks", "verify")
    assert told.exit_code == 0
    assert told.output.endswith("every due time is what its history says\n")
    clock = story.clock(task, "feedback")
    assert clock.due_at is not None
    db.session.execute(db.update(Clock).where(Clock.id == clock.id).values(due_at=clock.due_at + timedelta(minutes=1)))
    db.session.commit()
    told = run("clocks", "verify")
    assert told.exit_code == 1
    assert f"clock {clock.id}, {task}/clock.feedback.1, due_at: stored 2026-09-01T10:01:00" in told.output
    assert "1 differences" in told.output


LINES = [
    {"at": "2026-08-24T10:00:00+08:00", "by": "analyst", "act": "signal.register", "source": "h", "channel": "hotline",
     "text": "掉线", "as": "s1"},
    {"at": "2026-08-24T10:10:00+08:00", "by": "analyst", "act": "issue.open", "title": "掉线", "description": "多省",
     "channel": "hotline", "signals": ["s1"], "as": "a1"},
    {"at": "2026-08-24T10:20:00+08:00", "by": "analyst", "act": "issue.analyse", "on": "a1", "severity": 3},
    {"at": "2026-08-24T10:30:00+08:00", "by": "analyst", "act": "issue.dispatch", "on": "a1",
     "tasks": [{"unit": "P44", "duty": "main", "title": "排查", "wanted": "回访"},
               {"unit": "P51", "duty": "separate", "title": "排查", "wanted": "回访"}]},
    {"at": "2026-08-24T15:00:00+08:00", "by": "chen", "act": "task.sign", "on": "a1-T01"},
    {"at": "2026-09-02T15:00:00+08:00", "by": "chen", "act": "feedback.submit", "on": "a1-T01", "outcome": "resolved",
     "cause": "参数", "result": "恢复", "measures": [{"kind": "corrective", "text": "回退"}]},
]  # fmt: skip


def _file(folder: Path, lines: list[object]) -> str:
    path = folder / "history.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return str(path)


def _heads(run: Run, file: str) -> str:
    told = run("replay", file, "--until", "2026-09-10T10:00:00+08:00")
    assert told.exit_code == 0, told.output
    return told.output.rpartition("trail head ")[2].strip()


HEADS: dict[str, str] = {}


def test_the_same_history_gives_the_same_trail(run_blank: Run, tmp_path: Path) -> None:
    """On an empty database, hash for hash: the head stands here, so that it is the same on both engines, and again."""
    file = _file(tmp_path, [*base_lines(at=FOUNDED), "# the story", "", *LINES])
    head = _heads(run_blank, file)
    assert len(head) == 64
    assert HEADS.setdefault("first", head) == head


def test_replayed_time_fires_what_fell_due_meanwhile(run: Run, tmp_path: Path) -> None:
    _heads(run, _file(tmp_path, LINES))
    told = run("trail", "verify", "--export", str(tmp_path / "export.jsonl"))
    assert "the trail is whole" in told.output
    bodies = [json.loads(line)["body"] for line in (tmp_path / "export.jsonl").read_text("utf-8").splitlines()]
    acts = [json.loads(body) for body in bodies]
    deemed = [body for body in acts if body["act"] == "task.sign" and body["actor"]["name"] == "system"]
    fired = [body for body in acts if body["act"] == "clock.fire"]
    assert deemed or fired
    assert {body["origin"] for body in acts} == {"replay"}


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("{", "no JSON"), ("[]", "no JSON object"), ({**LINES[0], "act": "signal.burn"}, "signal.burn"),
        ({**LINES[0], "at": "2026-08-24T10:00:00"}, ""), ({**LINES[0], "channel": "pigeon"}, "channel"),
        ({**LINES[0], "colour": "red"}, "colour"), ({**LINES[0], "by": "nobody"}, ""),
        ({"at": LINES[1]["at"], "act": "issue.open"}, ""), ({**LINES[2], "at": "2026-08-24T09:00:00+08:00"}, "older"),
        ({**LINES[4], "by": "wu"}, ""), ({**LINES[4], "on": "zz-T09"}, ""),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_played_is_named(run: Run, tmp_path: Path, line: object, word: str) -> None:
    told = run("replay", _file(tmp_path, [*LINES[:4], line, *LINES[4:]]))
    assert told.exit_code == 1
    assert "line 5" in told.output
    assert word in told.output
    assert db.session.scalar(db.select(db.func.count()).select_from(Signal)) == 1


def test_a_line_is_numbered_as_in_the_file(run: Run, tmp_path: Path) -> None:
    told = run("replay", _file(tmp_path, ["# the first week", "", *LINES[:2], {**LINES[2], "severity": 9}]))
    assert "line 5 (issue.analyse): severity: " in told.output
    assert ".." not in told.output


WAIVED = {"at": "2026-09-08T10:00:00+08:00", "by": "lin", "act": "breach.waive", "reason": "disaster", "text": "x"}


def test_a_line_names_a_clock_by_subject_kind_and_cycle(run: Run, tmp_path: Path) -> None:
    _heads(run, _file(tmp_path, [*LINES, {**WAIVED, "on": "a1-T02/feedback.1"}]))
    waived = db.session.scalars(db.select(Clock).join(Clock.breaches).where(Breach.waiver.has()))
    assert [clock.trail_name() for clock in waived] == ["CX-2026-000001-T02/clock.feedback.1"]


@pytest.mark.parametrize("name", ["a1-T01/feedback.2", "a1-T01/feedback", "a1-T01", "a1-T01/feedback.x", "1", "/.1"])
def test_a_clock_that_is_none_is_named(run: Run, tmp_path: Path, name: str) -> None:
    told = run("replay", _file(tmp_path, [*LINES, {**WAIVED, "on": name}]))
    assert told.exit_code == 1
    assert f"line {len(LINES) + 1} (breach.waive): " in told.output


def test_a_file_of_signals_by_command(run: Run, tmp_path: Path) -> None:
    rows, mapping = tmp_path / "a.csv", tmp_path / "m.json"
    rows.write_bytes("id,text\n1,掉线\n2,\n".encode("gbk"))
    told = {"external_id": "id", "text": "text", "channel": {"const": "hotline"}}
    mapping.write_text(json.dumps({"source": "file", "fields": told}))
    first = run("import", "signals", str(rows), "--mapping", str(mapping))
    assert first.exit_code == 1
    assert "row 3, text: " in first.output
    assert "1 imported, 0 known already, 1 rows refused" in first.output
    again = run("import", "signals", str(rows), "--mapping", str(mapping), "--by", "analyst")
    assert "0 imported, 1 known already" in again.output
    strict = run("import", "signals", str(rows), "--mapping", str(mapping), "--strict")
    assert "0 imported" in strict.output
    mapping.write_text("[]")
    assert run("import", "signals", str(rows), "--mapping", str(mapping)).output.startswith("Error: mapping")


def test_the_doctor_says_in_words_what_is_wrong(run: Run) -> None:
    told = run("doctor")
    lines = dict(line[3:].split(": ", 1) for line in told.output.splitlines())
    assert set(lines) >= {"configuration", "database", "migrations", "calendar horizon", "worker", "clock backlog"}
    assert lines["migrations"] == "at the newest"
    assert "!! worker: " in told.output
    assert told.exit_code == 1
