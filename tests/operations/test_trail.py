"""The trail: every chain verifies from its entries alone, nobody can rewrite it, and it bears no secret."""

import hashlib
import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import DatabaseError

from cxloop.extensions import db
from cxloop.models.chain import root_classes
from cxloop.models.entry import Entry
from cxloop.operations.act import Forbidden, Stale, Unseen, WrongState
from tests.cast import ANALYST, CHEN, LIN, WU, ZHAO
from tests.conftest import build_app, dispose
from tests.factories import Story, eventful, fresh, planned, stop_reading
from tests.postgres import fresh_database

PHONE, NAME, PASSWORD = "13812341234", "李雷", "correct horse battery staple"
VOICE = "我家宽带每晚八点掉线"


def verify(kind: str, number: str, root: Any) -> int:
    """Check a chain as a stranger would, by its entries' text alone; gives how many entries it has."""
    found = db.select(Entry).where(Entry.chain_kind == kind, Entry.chain_no == number).order_by(Entry.seq)
    before = "0" * 64
    entries = list(fresh().scalars(found))
    for seq, entry in enumerate(entries, 1):
        body = json.loads(entry.body)
        assert hashlib.sha256(entry.body.encode()).hexdigest() == entry.hash
        assert (body["prev"], body["seq"], body["chain"], entry.seq) == (before, seq, [kind, number], seq)
        assert (body["act"], body["act_id"], body["actor"]["name"]) == (entry.act, entry.act_id, entry.actor)
        before = entry.hash
    assert (root.head_seq, root.head_hash) == (len(entries), before)
    return len(entries)


def roots() -> list[tuple[str, str, Any]]:
    return [
        (kind, root.number(), root) for kind, cls in root_classes().items() for root in fresh().scalars(db.select(cls))
    ]


def told(story: Story) -> str:
    """A case with a voice, personal data, a password, a token, a breach and a report."""
    story.do("user.set_password", "system", CHEN, password=PASSWORD)
    story.do("token.issue", CHEN, CHEN)
    signal = story.signal(text=VOICE, contact={"name": NAME, "phone": PHONE, "account": "GD-778899"})
    story.do("signal.return", ANALYST, signal, reason="place_missing")
    story.do("signal.complete", ANALYST, signal, text=f"{NAME} 住天河,电话 {PHONE}")
    no, [first, second] = story.dispatched({"P44": "main", "P51": "separate"}, severity=2)
    story.do("signal.link", ANALYST, signal, issue=no)
    story.settle(first)
    story.sweep("2026-09-02 10:00")
    story.settle(second, **planned("2026-10-30 18:00"))
    story.do("measure.complete", WU, f"{second}/1", text="已更换")
    story.do("measure.confirm", ANALYST, f"{second}/1")
    story.verdict(no)
    story.do("signal.reveal", ANALYST, signal, reason="callback")
    story.close(no)
    story.do("audit.approve", ZHAO, no, opinion="同意")
    return no


def test_every_chain_verifies(story: Story) -> None:
    told(story)
    lengths = [verify(kind, number, root) for kind, number, root in roots()]
    assert len(lengths) > 100
    assert sum(lengths) == fresh().scalar(db.select(db.func.count()).select_from(Entry))


def test_every_act_of_the_loop_is_one_entry_of_the_issue(story: Story) -> None:
    no = told(story)
    acts = [entry.act for entry in story.entries("issue", no)]
    assert acts[:4] == ["issue.open", "issue.analyse", "issue.dispatch", "signal.link"]
    assert acts[-2:] == ["closure.close", "audit.approve"]
    assert len({entry.act_id for entry in story.entries("issue", no)}) == len(acts)


def test_consequences_stand_in_the_entry_of_their_cause(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"})
    story.answer(task)
    story.accept(task)
    changes = json.loads(story.entries("issue", no)[-1].body)["changes"]
    moved = {(row["subject"], row["field"]): (row["before"], row["after"]) for row in changes}
    assert moved[task, "state"] == ("submitted", "accepted")
    assert moved[no, "state"] == ("in_progress", "verifying")
    assert moved[f"{task}/clock.feedback.1", "state"] == ("stopped", "ended")
    assert moved[f"{no}/clock.issue.1", "state"] == ("running", "ended")


def test_what_people_say_and_who_they_are_stands_in_the_entry(story: Story) -> None:
    task = story.one_task()
    story.answer(task)
    story.do("review.send_back", ANALYST, task, reason="no_evidence", text="缺少数据")
    entry = story.entries("issue", task[:14])[-1]
    body = json.loads(entry.body)
    assert body["said"] == {"reason": "no_evidence", "text": "缺少数据"}
    assert body["actor"] == {"name": "analyst", "display_name": entry.actor_name}
    assert (body["subject"], body["origin"], body["at"][-1]) == (task, "api", "Z")


def test_no_secret_and_no_personal_data_is_in_it(story: Story) -> None:
    told(story)
    bodies = "\n".join(fresh().scalars(db.select(Entry.body)))
    for secret in (PHONE, NAME, PASSWORD, VOICE, "GD-778899", "$argon2", "cxl_"):
        assert secret not in bodies
    assert hashlib.sha256(VOICE.encode()).hexdigest() in bodies


def test_an_erased_voice_leaves_its_chain_whole(story: Story) -> None:
    told(story)
    with db.engine.begin() as connection:
        connection.execute(db.text("update signals set text = '', title = null, completion = null"))
        connection.execute(db.text("delete from contacts"))
    for kind, number, root in roots():
        if kind == "signal":
            assert verify(kind, number, root) > 3


def test_a_changed_entry_is_found(story: Story) -> None:
    no = told(story)
    first, second = story.entries("issue", no)[:2]
    forged = first.body.replace("掉线", "没有掉线")
    assert forged != first.body
    assert hashlib.sha256(forged.encode()).hexdigest() != json.loads(second.body)["prev"]


# The database itself refuses

CHANGES = {
    "update": "update {table} set {column} = {column}",
    "delete": "delete from {table}",
    "delete one": "delete from {table} where id = 1",
}
COLUMNS = {"entries": "body", "breaches": "holder"}


@pytest.mark.parametrize("table", list(COLUMNS))
@pytest.mark.parametrize("how", list(CHANGES))
def test_history_is_neither_changed_nor_removed(story: Story, table: str, how: str) -> None:
    task = story.one_task()
    story.sweep("2026-09-02 10:00")
    assert task
    statement = CHANGES[how].format(table=table, column=COLUMNS[table])
    with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(db.text(statement))


@pytest.mark.parametrize("table", list(COLUMNS))
def test_history_is_not_replaced(story: Story, table: str) -> None:
    story.one_task()
    story.sweep("2026-09-02 10:00")
    if db.engine.dialect.name == "sqlite":
        statement = f"insert or replace into {table} select * from {table} order by id limit 1"
    else:
        statement = f"truncate {table} cascade"
    with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(db.text(statement))


def test_replacing_under_another_id_is_refused_too(story: Story) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("INSERT OR REPLACE is SQLite's")
    story.signal()
    columns = "chain_kind, chain_no, seq, act_id, act, subject, actor, actor_name, at, origin, body, hash"
    copied = columns.replace("body", "'{}'")
    statement = f"insert or replace into entries (id, {columns}) select id + 100000, {copied} from entries limit 1"
    with pytest.raises(DatabaseError, match="append-only"), db.engine.begin() as connection:
        connection.execute(db.text(statement))


# Versions


def test_one_provinces_act_does_not_make_anothers_task_stale(story: Story) -> None:
    _no, [mine, yours] = story.dispatched({"P44": "separate", "P51": "separate"})
    read = story.task(mine).version
    story.do("task.sign", WU, yours)
    assert story.task(mine).version == read
    story.do("task.sign", CHEN, mine, version=read)
    assert story.task(mine).version == story.the_issue(_no).head_seq


def test_a_stale_write_is_refused_and_nothing_is_lost(story: Story) -> None:
    task = story.one_task()
    read = story.task(task).version
    story.do("task.assign", CHEN, task, handler="44handler")
    with pytest.raises(Stale) as refused:
        story.do("task.sign", CHEN, task, version=read)
    assert refused.value.version == story.task(task).version > read
    assert (story.task(task).state, story.task(task).handler) == ("dispatched", "44handler")


def test_the_sweep_alone_makes_no_task_stale(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    read = story.task(task).version
    story.sweep("2026-09-02 10:00")
    story.do("feedback.submit", CHEN, task, version=read, **planned("2026-10-30 18:00"))


def test_a_measure_has_its_own_version(story: Story) -> None:
    task = story.one_task()
    story.settle(task, **planned("2026-10-30 18:00", "2026-10-31 18:00"))
    read = story.measure(f"{task}/2").version
    story.do("measure.complete", CHEN, f"{task}/1", text="x")
    story.do("measure.complete", CHEN, f"{task}/2", text="x", version=read)


def test_refusals_come_in_the_order_of_the_design(story: Story) -> None:
    task = story.one_task()
    story.settle(task)
    for name, refusal in ((WU, Unseen), (LIN, Forbidden), (CHEN, Stale)):
        with pytest.raises(refusal):
            story.do("task.sign", name, task, version=0)
    with pytest.raises(WrongState):
        story.do("task.sign", CHEN, task, version=story.task(task).version, handler="nobody")


def test_a_refused_act_leaves_no_entry(story: Story) -> None:
    task = story.one_task()
    before = len(story.entries("issue", task[:14]))
    with pytest.raises(WrongState):
        story.do("feedback.withdraw", CHEN, task)
    assert len(story.entries("issue", task[:14])) == before


def test_moments_never_go_back_within_a_chain(story: Story) -> None:
    no = told(story)
    story.do("issue.analyse", ANALYST, story.issue(), at="2026-08-24 08:00", reach=1)
    for number in (no, "CX-2026-000002"):
        moments = [entry.at for entry in story.entries("issue", number)]
        assert all(one <= other for one, other in pairwise(moments))


# The same history is the same trail


def test_both_databases_give_the_same_heads(
    tmp_path: Path, group_sqlite: Path, group_postgres: str, postgres: str
) -> None:
    shutil.copyfile(group_sqlite, tmp_path / "one.sqlite")
    shutil.copyfile(group_sqlite, tmp_path / "two.sqlite")
    with fresh_database(postgres, template=group_postgres) as url:
        urls = (f"sqlite:///{tmp_path / 'one.sqlite'}", f"sqlite:///{tmp_path / 'two.sqlite'}", url)
        first, again, other = (heads_after_the_story(url, tmp_path) for url in urls)
    assert len(first) > 100
    assert first == again
    assert first == other


def heads_after_the_story(url: str, folder: Path) -> dict[tuple[str, str], str]:
    app: Flask = build_app(url, data_dir=folder)
    with app.app_context():
        story = Story()
        told(story)
        eventful(story)
        heads = {(kind, number): root.head_hash for kind, number, root in roots()}
        stop_reading()
    dispose(app)
    return heads
