"""`flask policy apply`, and one history under two policies."""

import copy
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cxloop.cli.comparison import AFTER, Played, Tolerant, compare, end_of, replaced
from cxloop.cli.player import Stopped
from cxloop.extensions import db
from cxloop.models.clock import Clock
from cxloop.models.entry import Entry
from cxloop.models.policy import PolicyVersion
from cxloop.operations.act import Unseen
from cxloop.queries.breaches import Tally
from cxloop.seeds.base import base_lines
from tests.cli.conftest import Run
from tests.factories import FOUNDED

FILE = Path(__file__).parents[2] / "config/policies/sla.toml"
BODY = tomllib.loads(FILE.read_text(encoding="utf-8"))
TASK = {"duty": "separate", "title": "排查", "wanted": "回访"}
HISTORY: list[dict[str, Any]] = [
    {"at": "2026-08-24T10:00:00+08:00", "by": "analyst", "act": "issue.open", "title": "掉线", "description": "多省",
     "channel": "hotline", "as": "a1"},
    {"at": "2026-08-24T10:20:00+08:00", "by": "analyst", "act": "issue.analyse", "on": "a1", "severity": 3},
    {"at": "2026-08-24T16:00:00+08:00", "by": "analyst", "act": "issue.dispatch", "on": "a1",
     "tasks": [{"unit": "P44", **TASK}, {"unit": "P51", **TASK}]},
    {"at": "2026-08-25T10:00:00+08:00", "by": "wu", "act": "task.decline", "on": "a1-T02", "reason": "not_our_region",
     "text": "x"},
    {"at": "2026-08-25T11:00:00+08:00", "by": "analyst", "act": "task.redispatch", "on": "a1-T02", "unit": "P11"},
    {"at": "2026-08-25T15:00:00+08:00", "by": "chen", "act": "task.sign", "on": "a1-T01"},
]  # fmt: skip


def history() -> list[dict[str, Any]]:
    return [*base_lines(at=FOUNDED), *copy.deepcopy(HISTORY)]


def stricter(**figures: str) -> dict[str, Any]:
    body = copy.deepcopy(BODY)
    del body["code"]
    body["severity"]["3"].update(figures)
    return body


def played(tmp_path: Path, body: dict[str, Any]) -> tuple[Played, Played]:
    lines = history()
    other, left_out = replaced(lines, body)
    assert left_out == 0
    return compare(lines, other, until=end_of(lines), folder=tmp_path)


def test_clocks_are_judged_by_the_other_policy(tmp_path: Path) -> None:
    # Triaged after 4.5 h of work: in time under a day, late under four hours; severity 2 keeps its four.
    stands, other = played(tmp_path, stricter(triage="4 h"))
    assert (stands.stopped, other.stopped, other.passed_over) == (None, None, 0)
    assert stands.lines == other.lines == len(history())
    assert stands.tallies["CENTER", "triage"] == Tally(clocks=1, judged=1, missed=0)
    assert other.tallies["CENTER", "triage"] == Tally(clocks=1, judged=1, missed=1)
    assert stands.tallies["P11", "sign"] == other.tallies["P11", "sign"] == Tally(clocks=1, open=1)
    assert stands.head != other.head


def test_what_the_other_policy_makes_impossible_is_passed_over_and_counted(tmp_path: Path) -> None:
    stands, other = played(tmp_path, stricter(decline_window="1 h"))
    first = len(base_lines(at=FOUNDED))
    assert (stands.passed_over, other.lines) == (0, stands.lines - 2)
    assert other.skipped == {
        ("task.decline", "window_over:dispatched"): [first + 4],
        ("task.redispatch", "state:dispatched"): [first + 5],
    }
    assert ("P11", "sign") in stands.tallies.keys() - other.tallies.keys()


def test_a_comparison_touches_no_database_of_yours(run_blank: Run, tmp_path: Path) -> None:
    file, less, found = tmp_path / "history.jsonl", tmp_path / "less.json", tmp_path / "found.json"
    file.write_text("\n".join(json.dumps(line) for line in history()), encoding="utf-8")
    less.write_text(json.dumps(stricter(triage="4 h")), encoding="utf-8")
    told = run_blank("replay", str(file), "--policy", str(less), "--out", str(tmp_path / "out"), "--json", str(found))
    assert told.exit_code == 0, told.output
    assert [line.replace(" ", "") for line in told.output.splitlines() if line.startswith("| triage")] == [
        "|triage|1|0|0.0|1|1|100.0|+1|"
    ]
    data = json.loads(found.read_text(encoding="utf-8"))
    assert {row["unit"] for row in data["rows"]} == {"CENTER", "P44", "P51", "P11"}
    assert [data[side]["total"]["missed"] for side in ("as_it_stands", "other")] == [0, 1]
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {
        "as_it_stands.sqlite",
        "other.sqlite",
        "breaches.csv",
    }
    again = run_blank("replay", str(file), "--policy", str(less), "--out", str(tmp_path / "out"))
    assert "holds databases already" in again.output
    assert db_is_empty(run_blank)


def db_is_empty(run_blank: Run) -> bool:
    return "played 0 lines: 0 entries" in run_blank("replay", "/dev/null").output


def test_a_policy_that_could_not_be_published_is_not_played(run_blank: Run, tmp_path: Path) -> None:
    file, bad = tmp_path / "history.jsonl", tmp_path / "bad.json"
    file.write_text("", encoding="utf-8")
    bad.write_text(json.dumps(stricter(issue_single="4 d", floor="20 d")), encoding="utf-8")
    told = run_blank("replay", str(file), "--policy", str(bad))
    assert told.exit_code == 1
    assert "body.severity.3.issue_single: review 2 d + gather 1 d + units_min 2 d do not fit into 4 d." in told.output
    assert "body.severity.3.floor: 20 d is longer than severity.3.units_min" in told.output
    bad.write_text(json.dumps(stricter()), encoding="utf-8")
    assert "no history that publishes sla" in run_blank("replay", str(file), "--policy", str(bad)).output
    assert run_blank("replay", str(file), "--json", str(bad)).exit_code == 2


def test_later_versions_are_left_out_and_keep_their_place() -> None:
    lines: list[Any] = [
        None,
        {"act": "policy.publish", "on": "sla", "body": 1},
        {"act": "policy.publish", "on": "codes"},
    ]
    lines += [{"act": "policy.publish", "on": "sla", "body": 2}, {"act": "policy.apply", "on": "sla"}]
    other, left_out = replaced(lines, 3)
    assert (other, left_out) == ([None, {**lines[1], "body": 3}, lines[2], None, None], 2)
    with pytest.raises(ValueError, match="sla"):
        replaced([lines[2]], 3)


def test_what_hangs_on_a_skipped_line_is_told_apart() -> None:
    player = Tolerant()
    player.refuse(3, {"act": "issue.open", "as": "a1"}, Unseen("x"))
    player.refuse(5, {"act": "task.sign", "on": "a1-T01"}, Unseen("x"))
    player.refuse(6, {"act": "issue.open", "signals": ["d1/3", "a1"]}, Unseen("x"))
    player.refuse(7, {"act": "issue.merge", "on": "a2", "into": "a2"}, Unseen("x"))
    assert player.skipped == {
        ("issue.open", "not_found"): [3],
        ("task.sign", AFTER): [5],
        ("issue.open", AFTER): [6],
        ("issue.merge", "not_found"): [7],
    }
    for act, error in (("unit.add", Unseen("x")), ("task.sign", KeyError("at"))):
        with pytest.raises(Stopped):
            player.refuse(8, {"act": act}, error)


def test_a_dry_run_says_what_would_change(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "sla.json"
    body = stricter(triage="7 h")
    del body["severity"]["4"]["extension_lead"]
    file.write_text(json.dumps({"code": "sla", **body}), encoding="utf-8")
    told = run("policy", "apply", str(file), "--dry-run")
    assert told.output.splitlines() == [
        "  severity.3.triage: 1 d -> 7 h",
        "- severity.4.extension_lead = 1 d",
        "sla: 2 changes to version 1; nothing was published",
    ]
    assert db.session.scalar(db.select(db.func.count()).select_from(PolicyVersion)) == 2
    assert (
        run("policy", "apply", str(FILE), "--dry-run").output == "sla: 0 changes to version 1; nothing was published\n"
    )


def test_a_version_is_published_from_a_day_on(run: Run) -> None:
    begins = "2199-01-01T00:00:00+08:00"
    told = run("policy", "apply", str(FILE), "--effective-from", begins, "--by", "ops")
    assert told.output == f"sla is at version 2, in force from {begins}\n"
    last = db.session.scalars(db.select(Entry).where(Entry.chain_no == "sla").order_by(Entry.seq.desc())).first()
    assert last is not None
    assert (last.act, last.actor) == ("policy.publish", "ops")
    for words in (["--effective-from", "2026-01-01T00:00:00+08:00"], ["--effective-from", "today"], []):
        told = run("policy", "apply", str(FILE), *words)
        assert told.exit_code == 1
        assert "effective" in told.output


def test_every_fault_is_printed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "codes.toml"
    file.write_text("[[channel]]\ncode = 'x'\nshare = 0.5\nsince = 2026-01-01\nzh = 'x'\n", encoding="utf-8")
    for words in ([], ["--dry-run"]):
        told = run("policy", "apply", str(file), *words)
        assert told.exit_code == 1
        assert sorted(line.removeprefix("Error: ").split(":")[0] for line in told.output.splitlines()) == [
            "body.channel.0.en",
            "body.channel.0.share",
            "body.channel.0.since",
        ]


def test_a_replayed_line_applies_a_version_to_clocks_by_their_names(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    at = "2026-08-24T10:30:00+08:00"
    more = [
        {"at": at, "by": "ops", "act": "policy.publish", "on": "sla", "body": stricter(triage="7 h")},
        {
            "at": at,
            "by": "ops",
            "act": "policy.apply",
            "on": "sla",
            "version": 2,
            "clocks": ["a1/triage.1"],
            "text": "x",
        },
    ]
    file.write_text("\n".join(json.dumps(line) for line in [*HISTORY[:2], *more]), encoding="utf-8")
    assert run("replay", str(file)).output.startswith("played 4 lines")
    clock = db.session.scalars(db.select(Clock).where(Clock.policy_version == 2)).one()
    assert (clock.kind, clock.target) == ("triage", "7 h")
    missing = {**more[1], "clocks": ["a1/triage.2"]}
    file.write_text(json.dumps(missing), encoding="utf-8")
    told = run("replay", str(file))
    assert (told.exit_code, "a1/triage.2: Not found." in told.output) == (1, True)
