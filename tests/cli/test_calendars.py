"""`flask calendar …` and what the doctor says of the year's notice."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask

from cxloop.cli import checks
from cxloop.extensions import db
from cxloop.models.calendar import NATIONAL, Calendar
from cxloop.seeds.base import base_lines
from tests.cli.conftest import Run
from tests.factories import FOUNDED, Story, fresh

DAYS = "日期,类型,名称\n2027-01-01,放假,元旦\n2027-01-03,上班,元旦调休上班\n"


def revision(code: str) -> int:
    return int(fresh().get_one(Calendar, code).revision)


def written(folder: Path, text: str, encoding: str = "utf-8") -> str:
    file = folder / "notice.csv"
    file.write_bytes(text.encode(encoding))
    return str(file)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_a_notice_from_a_spreadsheet(run: Run, tmp_path: Path, encoding: str) -> None:
    told = run("calendar", "import-days", written(tmp_path, DAYS, encoding), "--source", "国办发明电〔2026〕1号")
    assert told.exit_code == 0, told.output
    assert told.output.splitlines() == [
        "2 days added: 2027-01-01, 2027-01-03",
        "0 days changed",
        "0 days removed",
        "CN-DAYS is at revision 2",
    ]


def test_a_dry_run_tells_and_publishes_nothing(run: Run, story: Story, tmp_path: Path) -> None:
    task = story.one_task()
    at = "2026-08-28"
    file = tmp_path / "CN.json"
    definition = {"tz": "Asia/Shanghai", "national": True, "days": [{"date": at, "kind": "holiday"}]}
    definition["week"] = {str(n): [["09:00", "12:00"], ["13:30", "18:00"]] for n in range(5)}
    file.write_text(json.dumps(definition))
    told = run("calendar", "import", str(file), "--dry-run")
    assert told.exit_code == 0, told.output
    assert "nothing was published" in told.output
    assert task
    assert run("calendar", "import-days", written(tmp_path, DAYS), "--dry-run").output.startswith("2 days added")
    assert (revision("CN"), revision(NATIONAL)) == (1, 1)


def test_bad_rows_are_named(run: Run, tmp_path: Path) -> None:
    told = run("calendar", "import-days", written(tmp_path, "日期,类型\n2027-01-32,放假\n2027-01-01,春游\n"))
    assert told.exit_code == 1
    assert "row 2, date: " in told.output
    assert "row 3, kind: " in told.output
    assert "2 rows refused; nothing was taken" in told.output
    assert revision(NATIONAL) == 1


def test_a_day_of_another_year_is_named_by_its_row(run: Run, tmp_path: Path) -> None:
    told = run("calendar", "import-days", written(tmp_path, DAYS + "2025-05-01,放假,劳动节\n"))
    assert (told.exit_code, "row 4, date: " in told.output) == (1, True)
    assert run("calendar", "import-days", written(tmp_path, "名称\n元旦\n")).exit_code == 1
    assert run("calendar", "import-days", written(tmp_path, DAYS.replace("2027", "2028"))).exit_code == 1


@pytest.mark.parametrize(
    ("today", "mark", "word"),
    [
        ("2026-10-31T15:59:59", "ok", "up to 2026-12-31"), ("2026-10-31T16:00:00", "??", "2027 is missing"),
        ("2026-12-31T15:59:59", "??", "2027 is missing"), ("2026-12-31T16:00:00", "!!", "provisional"),
    ],
)  # fmt: skip
def test_the_doctor_warns_from_the_first_of_november(
    run: Run, monkeypatch: pytest.MonkeyPatch, today: str, mark: str, word: str
) -> None:
    monkeypatch.setattr(checks, "now", lambda: datetime.fromisoformat(today).replace(tzinfo=UTC))
    [line] = [line for line in run("doctor").output.splitlines() if "calendar horizon" in line]
    assert line.startswith(f"{mark} ")
    assert word in line


def test_the_horizon_is_a_figure_and_no_reason_to_be_unready(group: Flask) -> None:
    told = group.test_client().get("/metrics").get_data(as_text=True)
    assert "cxloop_national_days_end_seconds 1.7987328e+09" in told
    assert "horizon" not in group.test_client().get("/readyz").get_data(as_text=True)
    assert db.session is not None


LINES = [
    *base_lines(at=FOUNDED),
    {"at": "2026-08-24T10:10:00+08:00", "by": "analyst", "act": "issue.open", "title": "掉线", "description": "多省",
     "channel": "hotline", "as": "a1"},
    {"at": "2026-08-24T10:20:00+08:00", "by": "analyst", "act": "issue.analyse", "on": "a1", "severity": 3},
    {"at": "2026-08-24T10:30:00+08:00", "by": "analyst", "act": "issue.dispatch", "on": "a1",
     "tasks": [{"unit": unit, "duty": "separate", "title": "排查", "wanted": "回访"} for unit in ("P35", "P51")]},
    {"at": "2026-08-25T20:00:00+08:00", "by": "ops", "act": "unit.set_days", "on": "P35",
     "days": [{"date": "2026-08-26", "kind": "holiday", "name": "台风"}]},
    {"at": "2026-08-26T20:00:00+08:00", "by": "ops", "act": "calendar.publish", "on": "X",
     "definition": {"base": "CN"}},
    {"at": "2026-08-26T21:00:00+08:00", "by": "ops", "act": "calendar.import_days", "on": "CN-DAYS",
     "days": [{"date": "2026-08-28", "kind": "holiday", "name": "x"}, {"date": "2027-01-01", "kind": "holiday"},
              {"date": "2027-01-02", "kind": "holiday"}], "year": 2027},
]  # fmt: skip
HEADS: dict[str, str] = {}


def test_a_replayed_publication_re_plans_at_its_own_moment(run_blank: Run, tmp_path: Path) -> None:
    """Hash for hash the same on both engines; a line that makes no sense stops the replay."""
    file = tmp_path / "history.jsonl"
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in LINES[:-1]), encoding="utf-8")
    told = run_blank("replay", str(file), "--until", "2026-09-10T10:00:00+08:00")
    assert told.exit_code == 0, told.output
    head = told.output.rpartition("trail head ")[2].strip()
    assert HEADS.setdefault("head", head) == head
    export = tmp_path / "export.jsonl"
    assert "the trail is whole" in run_blank("trail", "verify", "--export", str(export)).output
    bodies = [json.loads(json.loads(line)["body"]) for line in export.read_text("utf-8").splitlines()]
    moved = [(body["subject"], body["at"]) for body in bodies if body["act"] == "clock.replan"]
    assert ("CX-2026-000001-T01", "2026-08-25T12:00:00.000000Z") in moved
    assert {subject for subject, _at in moved} == {"CX-2026-000001-T01"}
