"""`flask trail verify` as the last guard: somebody with the database in hand took the triggers away first."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cxloop.extensions import db
from cxloop.models.entry import Entry
from tests.cli.conftest import Run
from tests.factories import Story

TRIGGERS = {
    "sqlite": ["entries_no_update", "entries_no_delete", "entries_no_replace"],
    "postgresql": ["entries_append_only", "entries_no_truncate"],
}


def _unguarded(*statements: tuple[str, dict[str, object]]) -> None:
    db.session.rollback()
    name = db.engine.dialect.name
    with db.engine.begin() as connection:
        for trigger in TRIGGERS[name]:
            connection.exec_driver_sql(f"DROP TRIGGER {trigger}" + (" ON entries" if name == "postgresql" else ""))
        for text, values in statements:
            connection.execute(db.text(text), values)


def _chain(issue: str) -> list[Entry]:
    found = db.select(Entry).where(Entry.chain_no == issue).order_by(Entry.seq)
    return list(db.session.scalars(found))


def _change(issue: str) -> None:
    second = _chain(issue)[1]
    body = second.body.replace("analyst", "nobody")
    _unguarded(("UPDATE entries SET body = :body WHERE id = :id", {"body": body, "id": second.id}))


def _change_with_its_digest(issue: str) -> None:
    second = _chain(issue)[1]
    body = second.body.replace("fault_repair", "speed")
    digest = hashlib.sha256(body.encode()).hexdigest()
    _unguarded(
        (
            "UPDATE entries SET body = :body, hash = :hash WHERE id = :id",
            {"body": body, "hash": digest, "id": second.id},
        )
    )


def _delete_first(issue: str) -> None:
    _unguarded(("DELETE FROM entries WHERE id = :id", {"id": _chain(issue)[0].id}))


def _delete_middle(issue: str) -> None:
    _unguarded(("DELETE FROM entries WHERE id = :id", {"id": _chain(issue)[1].id}))


def _truncate(issue: str) -> None:
    _unguarded(("DELETE FROM entries WHERE id = :id", {"id": _chain(issue)[-1].id}))


def _delete_all(issue: str) -> None:
    _unguarded(("DELETE FROM entries WHERE chain_no = :no", {"no": issue}))


def _swap(issue: str) -> None:
    one, two = _chain(issue)[1:3]
    put = "UPDATE entries SET seq = :seq WHERE id = :id"
    _unguarded(
        (put, {"seq": 999, "id": one.id}), (put, {"seq": one.seq, "id": two.id}), (put, {"seq": two.seq, "id": one.id})
    )


def _backdate(issue: str) -> None:
    _unguarded(("UPDATE entries SET actor = 'lin' WHERE id = :id", {"id": _chain(issue)[1].id}))


def _rechain(issue: str) -> None:
    """From the change on everything is computed anew: only the head on the issue still knows."""
    statements, before = [], None
    for entry in _chain(issue):
        told = json.loads(entry.body)
        if entry.seq == 2:
            told["at"] = told["at"].replace("2026", "2025")
        if before is not None:
            told["prev"] = before
        body = json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        before = hashlib.sha256(body.encode()).hexdigest()
        values = {"body": body, "hash": before, "id": entry.id}
        statements.append(("UPDATE entries SET body = :body, hash = :hash WHERE id = :id", values))
    _unguarded(*statements)


@pytest.mark.parametrize(
    ("harm", "seq"),
    [
        (_change, 2), (_change_with_its_digest, 3), (_delete_first, 2), (_delete_middle, 3), (_truncate, 3),
        (_delete_all, 3), (_swap, 2), (_backdate, 2), (_rechain, 2),
    ],
)  # fmt: skip
def test_what_was_done_to_history_is_found(run: Run, story: Story, harm: Callable[[str], None], seq: int) -> None:
    issue = story.dispatched({"P44": "main"})[0]
    assert run("trail", "verify").output.endswith("the trail is whole\n")
    harm(issue)
    told = run("trail", "verify")
    assert told.exit_code == 1
    assert f"issue {issue}, entry {seq}: " in told.output


def test_the_export_is_enough_to_check_the_links(run: Run, story: Story, tmp_path: Path) -> None:
    story.closed()
    assert run("trail", "verify", "--export", str(tmp_path / "trail.jsonl")).exit_code == 0
    last: dict[tuple[str, str], str] = {}
    for line in (tmp_path / "trail.jsonl").read_text("utf-8").splitlines():
        entry = json.loads(line)
        body = json.loads(entry["body"])
        assert hashlib.sha256(entry["body"].encode()).hexdigest() == entry["hash"]
        chain = tuple(body["chain"])
        assert body["prev"] == last.get(chain, "0" * 64)
        last[chain] = entry["hash"]
