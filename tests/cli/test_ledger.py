"""`flask import ledger`: a dry run that leaves nothing, faults by row and field, and the same file twice."""

import json
from pathlib import Path

from cxloop.models.entry import Entry
from cxloop.models.task import Task
from tests.cli.conftest import Run
from tests.factories import fresh, shown

ROWS = [
    "原编号,事项,单位,下发,要求完成,状态",
    "2025-007,老旧小区掉线,广东,2025-11-03 10:00,2030-12-31,处理中",
    "2025-008,异地携号,四川,2025-11-03 10:00,2024-12-31,处理中",
    "2025-009,已经好了,北京,2025-11-03,2025-12-31,已销号",
]
MAPPING = {
    "source": "ledger",
    "fields": {
        "number": "原编号",
        "title": "事项",
        "channel": {"const": "hotline"},
        "unit": "单位",
        "handed_out_at": "下发",
        "due_at": "要求完成",
        "state": {"columns": "状态", "values": {"处理中": "working", "已销号": "over"}},
    },
}


def files(folder: Path) -> list[str]:
    (folder / "ledger.csv").write_bytes("\n".join(ROWS).encode("gb18030"))
    (folder / "mapping.json").write_text(json.dumps(MAPPING), encoding="utf-8")
    return ["import", "ledger", str(folder / "ledger.csv"), "--mapping", str(folder / "mapping.json")]


def test_a_ledger_is_previewed_taken_over_and_known(run: Run, tmp_path: Path) -> None:
    entries = fresh().query(Entry).count()
    preview = run(*files(tmp_path), "--dry-run")
    assert (preview.exit_code, fresh().query(Entry).count()) == (1, entries)
    assert "row 2, 2025-007: P44, due 2030-12-31T10:00" in preview.output
    assert "row 3, due_at: Must not lie before the handing out." in preview.output
    assert "1 would come, 0 known already, 1 over, 1 rows refused" in preview.output
    told = run(*files(tmp_path), "--by", "lin")
    assert "CX-2025-000001-T01" in told.output
    assert "1 taken over, 0 known already, 1 over, 1 rows refused" in told.output
    [task] = fresh().query(Task).all()
    assert (task.unit, task.state, shown(task.due_at)) == ("P44", "working", "2030-12-31 18:00")
    again = run(*files(tmp_path))
    assert "0 taken over, 1 known already, 1 over, 1 rows refused" in again.output


def test_only_the_centers_manager_or_the_system(run: Run, tmp_path: Path) -> None:
    told = run(*files(tmp_path), "--by", "chen")
    assert (told.exit_code, "may not do this" in told.output) == (1, True)
    assert fresh().query(Task).count() == 0


def test_what_is_no_ledger_is_told_in_a_line(run: Run, tmp_path: Path) -> None:
    words = files(tmp_path)
    (tmp_path / "mapping.json").write_text('{"source": "ledger", "fields": {}}', encoding="utf-8")
    told = run(*words)
    assert (told.exit_code, "mapping.fields.number" in told.output) == (1, True)
