"""A running ledger is taken over with the dues it gave: previewed, faults named cell by cell, and only once."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from openpyxl import Workbook

from cxloop.models.clock import Clock
from cxloop.models.entry import Entry
from cxloop.models.issue import Issue
from cxloop.models.signal import Signal
from cxloop.models.task import Task
from cxloop.queries.verification import verify_clocks
from tests.api.world import World
from tests.cast import ANALYST, CHEN, LIN, WU, ZHAO
from tests.factories import fresh, shown, stop_reading

HEADER = ["原编号", "事项", "说明", "来源", "级别", "责任单位", "下发时间", "要求完成时间", "状态", "最近进展"]
MAPPING: dict[str, Any] = {
    "source": "ledger",
    "fields": {
        "number": "原编号",
        "title": "事项",
        "description": "说明",
        "channel": {"const": "hotline"},
        "severity": {"columns": "级别", "values": {"一级": "1", "二级": "2", "三级": "3", "四级": "4"}},
        "unit": "责任单位",
        "handed_out_at": "下发时间",
        "due_at": "要求完成时间",
        "state": {"columns": "状态", "values": {"办理中": "working", "未签收": "dispatched", "已销号": "over"}},
        "note": "最近进展",
    },
}
ITEMS: list[list[Any]] = [
    [
        "2025-007",
        "老旧小区掉线",
        "=逐户整改",
        "热线",
        "三级",
        "广东",
        datetime.fromisoformat("2025-11-03 10:00"),
        "2026/10/30",
        "办理中",
        "已六成",
    ],
    [
        "2025-008",
        "异地携号",
        "逐省核查",
        "热线",
        "二级",
        "四川",
        "2026年9月1日",
        datetime.fromisoformat("2026-09-09 18:00"),
        "办理中",
        None,
    ],
    ["2025-009", "已经好了", "x", "热线", "四级", "北京", "2026-09-01", "2026-09-09", "已销号", None],
    ["2025-010", "账单口径", "统一口径", "热线", None, "P11", "2026-09-14 15:00", "2026-09-25 12:00", "未签收", None],
]


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    book = Workbook()
    page = book.worksheets[0]
    for row in [HEADER, *rows]:
        page.append(row)
    for cells in page.iter_rows():
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def send(world: World, raw: bytes, user: str = LIN, *, mapping: Any = MAPPING, **form: Any) -> Any:
    headers = form.pop("headers", None)
    data = {"file": (io.BytesIO(raw), "台账.xlsx"), "mapping": json.dumps(mapping), **form}
    kind = "multipart/form-data"
    return world.call(user, "POST", "/issues/ledger", data=data, content_type=kind, headers=headers)


def counts(told: Any) -> tuple[int, int, int, int]:
    return told.json["taken"], told.json["known"], told.json["over"], len(told.json["errors"])


def stored(world: World) -> list[int]:
    return [world.count(cls) for cls in (Signal, Issue, Task, Clock, Entry)]


def test_a_ledger_comes_in_once_and_with_its_dues(world: World) -> None:
    before = stored(world)
    preview = send(world, workbook(ITEMS), dry_run="true")
    assert (preview.status_code, counts(preview), stored(world)) == (200, (3, 0, 1, 0), before)
    assert [row["issue"] for row in preview.json["rows"]] == [None, None, None]
    told = send(world, workbook(ITEMS))
    assert counts(told) == (3, 0, 1, 0)
    assert [(row["row"], row["number"], row["unit"], row["due_at"][:16]) for row in told.json["rows"]] == [
        (2, "2025-007", "P44", "2026-10-30T10:00"), (3, "2025-008", "P51", "2026-09-09T10:00"),
        (5, "2025-010", "P11", "2026-09-25T04:00"),
    ]  # fmt: skip
    after = stored(world)
    again = send(world, workbook(ITEMS))
    assert (counts(again), stored(world)) == ((0, 3, 1, 0), after)
    assert [row["task"] for row in again.json["rows"]] == [row["task"] for row in told.json["rows"]]
    guangdong, sichuan, beijing = (row["task"] for row in told.json["rows"])
    shown_to = {
        (user, no): world.get(user, f"/tasks/{no}").status_code for user in (CHEN, WU) for no in (guangdong, sichuan)
    }
    assert list(shown_to.values()) == [200, 404, 404, 200]
    task = world.get(CHEN, f"/tasks/{guangdong}").json
    assert (task["state"], task["due_at"], task["overdue"]) == ("working", "2026-10-30T10:00:00Z", False)
    assert world.get(WU, f"/tasks/{sichuan}").json["overdue"]
    assert world.get(ANALYST, f"/tasks/{beijing}").json["state"] == "dispatched"
    [signal] = world.get(ANALYST, "/signals?source=ledger&q=老旧").json["items"]
    assert (signal["external_id"], signal["text"], signal["issue"]) == ("2025-007", "=逐户整改", guangdong[:-4])
    entries = world.get(ZHAO, f"/entries?chain={guangdong[:-4]}").json["items"]
    assert [(row["act"], row["origin"], row["at"]) for row in entries] == [
        ("issue.take_over", "replay", "2025-11-03T02:00:00Z")
    ]
    with world.app.app_context():
        assert verify_clocks().differences == ()
        [clock] = fresh().query(Clock).filter_by(subject=guangdong, kind="feedback")
        assert shown(clock.due_at) == "2026-10-30 18:00"
        stop_reading()


BAD: list[tuple[str, list[Any], str]] = [
    (
        "a due before the start",
        ["L1", "x", "x", "", "三级", "广东", "2026-09-01", "2026-08-01", "办理中", ""],
        "due_at",
    ),
    ("no due", ["L1", "x", "x", "", "三级", "广东", "2026-09-01", "", "办理中", ""], "due_at"),
    ("no moment", ["L1", "x", "x", "", "三级", "广东", "上周", "2026-09-20", "办理中", ""], "handed_out_at"),
    ("ahead", ["L1", "x", "x", "", "三级", "广东", "2026-09-17", "2026-09-20", "办理中", ""], "handed_out_at"),
    ("no such unit", ["L1", "x", "x", "", "三级", "广东省某局", "2026-09-01", "2026-09-20", "办理中", ""], "unit"),
    ("a branch", ["L1", "x", "x", "", "三级", "P4401", "2026-09-01", "2026-09-20", "办理中", ""], "unit"),
    ("no such severity", ["L1", "x", "x", "", "特级", "广东", "2026-09-01", "2026-09-20", "办理中", ""], "severity"),
    ("no such state", ["L1", "x", "x", "", "三级", "广东", "2026-09-01", "2026-09-20", "黄灯", ""], "state"),
    ("no number", ["", "x", "x", "", "三级", "广东", "2026-09-01", "2026-09-20", "办理中", ""], "number"),
    ("no title", ["L1", "", "x", "", "三级", "广东", "2026-09-01", "2026-09-20", "办理中", ""], "title"),
]


@pytest.mark.parametrize(("row", "field"), [(row, field) for _what, row, field in BAD], ids=[what for what, *_ in BAD])
def test_a_faulty_row_is_named_and_enters_in_no_part(world: World, row: list[Any], field: str) -> None:
    before = stored(world)
    told = send(world, workbook([row]))
    assert [(error["row"], error["field"]) for error in told.json["errors"]] == [(2, field)]
    assert (told.json["taken"], stored(world)) == (0, before)


def test_the_good_rows_come_all_the_same(world: World) -> None:
    rows = [ITEMS[0], BAD[0][1], ["2025-007", *ITEMS[1][1:]], ITEMS[3]]
    told = send(world, workbook(rows))
    assert counts(told) == (2, 0, 0, 2)
    assert [(error["row"], error["field"]) for error in told.json["errors"]] == [(3, "due_at"), (4, "number")]
    changed = send(world, workbook([[*ITEMS[0][:7], "2027-01-29", *ITEMS[0][8:]]]))
    assert [(error["row"], error["field"]) for error in changed.json["errors"]] == [(2, "number")]
    task = told.json["rows"][0]["task"]
    assert world.get(CHEN, f"/tasks/{task}").json["due_at"] == "2026-10-30T10:00:00Z"


def test_a_csv_as_offices_save_it_is_the_same_ledger(world: World) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([HEADER, *[["" if cell is None else cell for cell in row] for row in ITEMS]])
    assert counts(send(world, out.getvalue().encode("gb18030"))) == (3, 0, 1, 0)
    assert counts(send(world, workbook(ITEMS))) == (0, 3, 1, 0)


def test_the_same_key_tells_the_same(world: World) -> None:
    raw, key = workbook(ITEMS), {"Idempotency-Key": "move"}
    first = send(world, raw, headers=key)
    assert send(world, raw, headers=key).json["rows"] == first.json["rows"]
    assert send(world, workbook(ITEMS[:1]), headers=key).status_code == 422


@pytest.mark.parametrize("user", [ANALYST, CHEN, ZHAO])
def test_only_the_centers_manager(still_world: World, user: str) -> None:
    assert send(still_world, workbook(ITEMS), user).status_code == 403


WRONG: list[tuple[Any, str]] = [
    ({"source": "ledger", "fields": {"number": "原编号"}}, "mapping.fields.title"),
    ({**MAPPING, "fields": {**MAPPING["fields"], "colour": "事项"}}, "mapping.fields.colour"),
    ({**MAPPING, "fields": {**MAPPING["fields"], "note": "没有这列"}}, "mapping.fields"),
    ({"fields": MAPPING["fields"]}, "mapping.source"),
    ([], "mapping"),
]


@pytest.mark.parametrize(("mapping", "place"), WRONG, ids=[place for _mapping, place in WRONG])
def test_a_wrong_mapping_is_named(still_world: World, mapping: Any, place: str) -> None:
    told = send(still_world, workbook(ITEMS), mapping=mapping)
    assert (told.status_code, list(told.json["errors"])) == (422, [place])
