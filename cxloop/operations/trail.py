"""The trail: what an act changed, sealed into one entry for each chain it touched."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, event, insert, inspect, update
from sqlalchemy.orm import Mapper, Session

from ..domain.canonical import digest, plain, spell, stamp
from ..models.chain import ALWAYS_UNTRAILED, ChainRoot, Trailed, Versioned
from ..models.entry import Entry

_NOTED = "cxloop.noted"
VERSION = 1
# Plain values only: a change is spelled as it stands.
Change = dict[str, Any]


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


@dataclass(frozen=True, slots=True)
class Head:
    """A chain's head as it was locked: enough for the next entry, where the root is not loaded."""

    root: type[ChainRoot]
    number: str
    head_seq: int
    head_hash: str

    def trail_root(self) -> tuple[str, str]:
        """(kind, number) of the chain."""
        return self.root.chain_kind, self.number


@dataclass(frozen=True, slots=True)
class Apart:
    """One of several acts that share a transaction: its seal, its chain, and the changes made without records."""

    seal: Seal
    head: ChainRoot | Head
    changes: Sequence[Change] = ()


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


@cache
def _fields(mapper: Mapper[Any]) -> tuple[str, ...]:
    hidden = ALWAYS_UNTRAILED | mapper.class_.untrailed
    return tuple(column.key for column in mapper.column_attrs if column.key not in hidden)


def change(subject: str, field: str, before: Any, after: Any) -> Change:
    """One field's change, as entries tell it."""
    return {"subject": subject, "field": field, "before": plain(before), "after": plain(after)}


def born(cls: type[Trailed], subject: str, row: Mapping[str, Any]) -> list[Change]:
    """The changes that a new record of this class makes, where it is written as a row."""
    told = ((name, row.get(name)) for name in _fields(inspect(cls)))
    return [change(subject, name, None, value) for name, value in told if value is not None]


def _note_new(noted: dict[Any, Any], record: Trailed) -> None:
    for name in _fields(inspect(type(record))):
        value = getattr(record, name)
        if value is not None:
            noted[id(record), name] = (record, None, value)


def _note_changed(noted: dict[Any, Any], record: Trailed) -> None:
    state = inspect(record)
    for name in _fields(inspect(type(record))):
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


def seal_apart(session: Session, acts: Sequence[Apart]) -> None:
    """Write one entry for each of several acts, each on a chain of its own, that share nothing but a transaction.

    The entries are those that as many transactions would have written. Raises HeadNotTaken as `seal` does.
    """
    session.flush()
    changes, subjects = _grouped(session.info.pop(_NOTED, {}))
    roots = {act.head.trail_root(): act.head for act in acts if isinstance(act.head, ChainRoot)}
    missing = changes.keys() - roots.keys()
    if missing:
        raise HeadNotTaken(f"{sorted(missing)} changed beside {len(acts)} acts")
    rows = [_entry_apart(act, changes.get(act.head.trail_root(), [])) for act in acts]
    _set_versions(roots, subjects)
    session.flush()
    _move_heads(session, acts, rows)
    if rows:
        session.connection().execute(insert(Entry), rows)


def _entry_apart(act: Apart, noted: list[Change]) -> dict[str, Any]:
    head, changes = act.head, [*act.changes, *noted]
    if isinstance(head, Head):
        return _entry(head, act.seal, _act_id(head), changes)
    return _append(head, act.seal, _act_id(head), changes)


def _move_heads(session: Session, acts: Sequence[Apart], rows: Sequence[Mapping[str, Any]]) -> None:
    """Move the heads of the chains whose roots are not loaded."""
    moves: dict[type[ChainRoot], list[dict[str, Any]]] = {}
    for act, row in zip(acts, rows, strict=True):
        if isinstance(act.head, Head):
            head = {"number": act.head.number, "to_seq": row["seq"], "to_hash": row["hash"], "to_at": row["at"]}
            moves.setdefault(act.head.root, []).append(head)
    for cls, heads in moves.items():
        key = inspect(cls).primary_key[0]
        session.connection().execute(update(cls).where(key == bindparam("number")).values(_MOVED), heads)


_MOVED: dict[str, Any] = {
    "head_seq": bindparam("to_seq"),
    "head_hash": bindparam("to_hash"),
    "head_at": bindparam("to_at"),
}


def _act_id(root: ChainRoot | Head) -> str:
    return "{}:{}:{}".format(*root.trail_root(), root.head_seq + 1)


def _set_versions(roots: dict[Any, ChainRoot], subjects: dict[Any, list[Versioned]]) -> None:
    for key, records in subjects.items():
        for record in records:
            record.version = roots[key].head_seq


def _grouped(noted: dict[Any, Any]) -> tuple[dict[Any, list[Change]], dict[Any, list[Versioned]]]:
    changes: dict[Any, list[Change]] = {}
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


def _append(root: ChainRoot, seal: Seal, act_id: str, changes: list[Change]) -> dict[str, Any]:
    """Move the head, and give the entry's columns."""
    row = _entry(root, seal, act_id, changes)
    root.head_seq, root.head_hash, root.head_at = row["seq"], row["hash"], row["at"]
    return row


def _entry(head: ChainRoot | Head, seal: Seal, act_id: str, changes: list[Change]) -> dict[str, Any]:
    """The columns of the entry that comes next after this head."""
    kind, number = head.trail_root()
    seq = head.head_seq + 1
    body = spell(
        {
            "v": VERSION,
            "chain": [kind, number],
            "seq": seq,
            "prev": head.head_hash,
            "act_id": act_id,
            "act": seal.act,
            "subject": seal.subject,
            "actor": {"name": seal.actor, "display_name": seal.actor_name},
            "at": stamp(seal.at),
            "origin": seal.origin,
            "said": plain(seal.said),
            "changes": sorted(changes, key=lambda change: (change["subject"], change["field"])),
        }
    )
    return {
        "chain_kind": kind, "chain_no": number, "seq": seq, "act_id": act_id, "act": seal.act, "subject": seal.subject,
        "actor": seal.actor, "actor_name": seal.actor_name, "at": seal.at, "origin": seal.origin, "body": body,
        "hash": digest(body),
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
