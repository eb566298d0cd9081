"""The trail: what an act changed, sealed into one entry for each chain it touched."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import event, insert, inspect
from sqlalchemy.orm import Session

from ..domain.canonical import canonical, digest, plain
from ..models.chain import ALWAYS_UNTRAILED, ChainRoot, Trailed, Versioned
from ..models.entry import Entry

_NOTED = "cxloop.noted"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Seal:
    """Who did what, when and through which door: what an act's entries have in common."""

    act: str
    subject: str
    actor: str
    actor_name: str
    at: datetime
    origin: str
    said: dict[str, Any]


class HeadNotTaken(RuntimeError):
    """An act changed a chain whose head it did not lock: what it works on grew since it was resolved."""


def listen(session: Session) -> None:
    """Start noting, at each flush, what happens to trailed records, until `seal` is called."""
    session.info[_NOTED] = {}


@event.listens_for(Session, "after_flush")
def _note(session: Session, _context: object) -> None:
    noted = session.info.get(_NOTED)
    if noted is None:
        return
    for record in session.new:
        if isinstance(record, Trailed):
            _note_new(noted, record)
    for record in session.dirty:
        if isinstance(record, Trailed):
            _note_changed(noted, record)


def _fields(record: Trailed) -> Iterable[str]:
    hidden = ALWAYS_UNTRAILED | record.untrailed
    return (column.key for column in inspect(type(record)).column_attrs if column.key not in hidden)


def _note_new(noted: dict[Any, Any], record: Trailed) -> None:
    for name in _fields(record):
        value = getattr(record, name)
        if value is not None:
            noted[id(record), name] = (record, None, value)


def _note_changed(noted: dict[Any, Any], record: Trailed) -> None:
    state = inspect(record)
    for name in _fields(record):
        history = state.attrs[name].history
        if not history.has_changes():
            continue
        before = history.deleted[0] if history.deleted else None
        if (id(record), name) in noted:
            before = noted[id(record), name][1]
        noted[id(record), name] = (record, before, history.added[0] if history.added else None)


def seal(session: Session, seal: Seal, touched: Iterable[ChainRoot]) -> list[Entry]:
    """Write one entry for each chain that the act touched or created; all bear one act id.

    The act id names the first chain (by kind and number) and its new sequence: unique, and the same in every replay.
    Raises HeadNotTaken when a chain was changed whose head the act did not take.
    """
    session.flush()
    noted = session.info.pop(_NOTED, {})
    roots = {root.trail_root(): root for root in touched}
    for record, _before, _after in noted.values():
        if isinstance(record, ChainRoot) and record.head_seq == 0:
            roots.setdefault(record.trail_root(), record)
    changes, subjects = _grouped(noted)
    missing = changes.keys() - roots.keys()
    if missing:
        raise HeadNotTaken(f"{seal.act} changed {sorted(missing)}")
    if not roots:
        return []
    ordered = sorted(roots)
    act_id = _act_id(roots[ordered[0]])
    entries = [Entry(**_append(roots[key], seal, act_id, changes.get(key, []))) for key in ordered]
    _set_versions(roots, subjects)
    session.add_all(entries)
    session.flush()
    return entries


def seal_apart(session: Session, seals: Sequence[Seal], touched: Sequence[ChainRoot]) -> None:
    """Write one entry for each of several acts, each on a chain of its own, that share nothing but a transaction.

    The entries are those that as many transactions would have written. Raises HeadNotTaken as `seal` does.
    """
    session.flush()
    changes, subjects = _grouped(session.info.pop(_NOTED, {}))
    roots = {root.trail_root(): root for root in touched}
    missing = changes.keys() - roots.keys()
    if missing:
        raise HeadNotTaken(f"{sorted(missing)} changed beside {len(seals)} acts")
    pairs = zip(seals, touched, strict=True)
    rows = [_append(root, seal, _act_id(root), changes.get(root.trail_root(), [])) for seal, root in pairs]
    _set_versions(roots, subjects)
    session.flush()
    if rows:
        session.execute(insert(Entry), rows)


def _act_id(root: ChainRoot) -> str:
    return "{}:{}:{}".format(*root.trail_root(), root.head_seq + 1)


def _set_versions(roots: dict[Any, ChainRoot], subjects: dict[Any, list[Versioned]]) -> None:
    for key, records in subjects.items():
        for record in records:
            record.version = roots[key].head_seq


def _grouped(noted: dict[Any, Any]) -> tuple[dict[Any, list[dict[str, Any]]], dict[Any, list[Versioned]]]:
    changes: dict[Any, list[dict[str, Any]]] = {}
    subjects: dict[Any, list[Versioned]] = {}
    for (_identity, name), (record, before, after) in noted.items():
        was, now = plain(before), plain(after)
        if was == now:
            continue
        key = record.trail_root()
        changes.setdefault(key, []).append({"subject": record.trail_name(), "field": name, "before": was, "after": now})
        versioned = record.read_with()
        if versioned is not None:
            subjects.setdefault(key, []).append(versioned)
    return changes, subjects


def _append(root: ChainRoot, seal: Seal, act_id: str, changes: list[dict[str, Any]]) -> dict[str, Any]:
    """Move the head, and give the entry's columns."""
    kind, number = root.trail_root()
    seq = root.head_seq + 1
    body = canonical(
        {
            "v": VERSION,
            "chain": [kind, number],
            "seq": seq,
            "prev": root.head_hash,
            "act_id": act_id,
            "act": seal.act,
            "subject": seal.subject,
            "actor": {"name": seal.actor, "display_name": seal.actor_name},
            "at": seal.at,
            "origin": seal.origin,
            "said": seal.said,
            "changes": sorted(changes, key=lambda change: (change["subject"], change["field"])),
        }
    )
    root.head_seq, root.head_hash, root.head_at = seq, digest(body), seal.at
    return {
        "chain_kind": kind, "chain_no": number, "seq": seq, "act_id": act_id, "act": seal.act, "subject": seal.subject,
        "actor": seal.actor, "actor_name": seal.actor_name, "at": seal.at, "origin": seal.origin, "body": body,
        "hash": root.head_hash,
    }  # fmt: skip


def refuse_changes(session: Session) -> None:
    """Raise HeadNotTaken when anything was changed that belongs in an entry: for writes that leave none."""
    session.flush()
    noted = session.info.get(_NOTED) or {}
    if noted:
        raise HeadNotTaken(f"changed without an act: {sorted({rec.trail_name() for rec, _, _ in noted.values()})}")


def forget(session: Session) -> None:
    """Drop what was noted (an act was refused)."""
    session.info.pop(_NOTED, None)
