"""The trail as it is read, and whether it is whole."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, select, true

from ..domain.permissions import Person
from ..domain.vocabulary import SYSTEM, Role
from ..extensions import db
from ..models.chain import GENESIS, root_classes
from ..models.entry import Entry
from ..models.measure import Measure
from ..models.scope import tasks_seen
from ..models.task import Feedback, Task
from .holding import held_since
from .listing import Listing, is_one_of

_ADMINISTERED = ("unit", "user", "policy", "calendar")
# What an answer has in common with another unit's is between the trail and whoever judges it.
_UNTOLD = frozenset({"like_no", "like_share"})


def entries_seen(person: Person) -> ColumnElement[bool]:
    """Center and audit read the whole trail; an admin that of what he administers; a unit reads its timelines."""
    if person.name == SYSTEM or person.reads_all():
        return true()
    return Entry.chain_kind.in_(_ADMINISTERED) if Role.ADMIN in person.roles() else false()


def view(entry: Entry) -> dict[str, Any]:
    """An entry with what was said and changed."""
    body = json.loads(entry.body)
    return {
        "id": entry.id,
        "chain": {"kind": entry.chain_kind, "no": entry.chain_no},
        "seq": entry.seq,
        "act_id": entry.act_id,
        "act": entry.act,
        "subject": entry.subject,
        "actor": {"name": entry.actor, "display_name": entry.actor_name},
        "at": entry.at,
        "origin": entry.origin,
        "said": body["said"],
        "changes": body["changes"],
        "prev": body["prev"],
        "hash": entry.hash,
    }


def views(entries: Sequence[Entry], _person: Person, _at: datetime) -> list[dict[str, Any]]:
    """A page of entries."""
    return [view(entry) for entry in entries]


def find(*, id_: int, person: Person) -> dict[str, Any] | None:
    """One entry, or None."""
    entry = db.session.scalar(select(Entry).where(Entry.id == id_, entries_seen(person)))
    return None if entry is None else view(entry)


def timeline(*, issue_no: str, person: Person) -> list[dict[str, Any]]:
    """What happened to an issue, oldest first; a unit reads what concerns the issue's head and its own tasks.

    The caller has seen to it that the person may see the issue.
    """
    rows = select(Entry).where(Entry.chain_kind == "issue", Entry.chain_no == issue_no).order_by(Entry.seq)
    entries = [view(entry) for entry in db.session.scalars(rows)]
    if person.reads_all():
        return entries
    mine = set(db.session.scalars(select(Task.no).where(Task.issue_no == issue_no, tasks_seen(person))))
    foreign, since = _answers_of_others(mine), held_since(mine)
    entries = [entry for entry in entries if not _was_anothers(entry, since)]
    return [told for entry in entries if (told := _told(entry, issue_no, mine, foreign)) is not None]


def _was_anothers(entry: dict[str, Any], since: dict[str, datetime]) -> bool:
    """Whether an entry is of a time when another unit had the task: then only what sent the task on is told."""
    begin = since.get(_task_of(entry["subject"]))
    return begin is not None and entry["at"] < begin and entry["act"] not in _SENT_ON


_SENT_ON = frozenset({"task.decline", "task.redispatch", "task.adjudicate", "task.transfer", "transfer.grant"})


def _answers_of_others(mine: set[str]) -> set[str]:
    """What units submitted that had one of these tasks before, under the names that the trail gives it."""
    rows = select(Feedback.task_no, Feedback.n, Measure.n).join(Task, Task.no == Feedback.task_no)
    rows = rows.outerjoin(Measure, and_(Measure.task_no == Feedback.task_no, Measure.feedback_n == Feedback.n))
    found = set()
    for task, answer, measure in db.session.execute(rows.where(Task.no.in_(mine), Feedback.unit != Task.unit)):
        found |= {f"{task}/feedback.{answer}", f"{task}/measure.{measure}", f"{task}/{measure}"}
    return found


def _told(entry: dict[str, Any], issue_no: str, mine: set[str], foreign: set[str]) -> dict[str, Any] | None:
    """An entry without what belongs to other units; None when nothing is left."""
    if entry["subject"] in foreign or (_task_of(entry["subject"]) not in mine and entry["subject"] != issue_no):
        return None
    told = (change for change in entry["changes"] if change["field"] not in _UNTOLD)
    changes = [change for change in told if _is_told(change["subject"], issue_no, mine, foreign)]
    others = any(change["subject"] in foreign for change in entry["changes"])
    own = _task_of(entry["subject"]) in mine and not others
    return {**entry, "changes": changes, "said": entry["said"] if own else {}}


def _task_of(subject: str) -> str:
    return subject.split("/", 1)[0]


def _is_told(subject: str, issue_no: str, mine: set[str], foreign: set[str]) -> bool:
    # A measure's clock is named behind the measure: CX-2026-000123-T02/1/clock.measure.1.
    whose = {subject, "/".join(subject.split("/")[:2])}
    return (_task_of(subject) in mine and not whose & foreign) or subject == issue_no


@dataclass(frozen=True, slots=True)
class Fault:
    """The first place at which a chain is not what was written."""

    kind: str
    number: str
    seq: int
    what: str


def verify() -> tuple[int, int, str, list[Fault]]:
    """Check every chain: (entries, chains, the digest over all heads, faults).

    Each body's digest, its link to the one before, the columns beside it, and the head on the root's row must agree.
    """
    faults: list[Fault] = []
    heads: dict[tuple[str, str], tuple[int, str]] = {}
    count = 0
    for entry in _all_entries():
        count += 1
        key = (entry.chain_kind, entry.chain_no)
        seq, last = heads.get(key, (0, GENESIS))
        what = _fault(entry, seq, last)
        if what is not None:
            faults.append(Fault(*key, entry.seq, what))
        heads[key] = (entry.seq, entry.hash)
    faults += _root_faults(heads)
    spelled = "".join(f"{kind} {number} {seq} {last}\n" for (kind, number), (seq, last) in sorted(heads.items()))
    return count, len(heads), hashlib.sha256(spelled.encode()).hexdigest(), faults


def _all_entries() -> Iterator[Any]:
    columns = (
        Entry.chain_kind,
        Entry.chain_no,
        Entry.seq,
        Entry.act,
        Entry.act_id,
        Entry.subject,
        Entry.actor,
        Entry.origin,
        Entry.at,
        Entry.body,
        Entry.hash,
    )
    rows = select(*columns).order_by(Entry.chain_kind, Entry.chain_no, Entry.seq)
    yield from db.session.execute(rows.execution_options(yield_per=2000))


def _fault(entry: Any, seq: int, last: str) -> str | None:
    if entry.seq != seq + 1:
        return "missing"
    if hashlib.sha256(entry.body.encode()).hexdigest() != entry.hash:
        return "changed"
    body = json.loads(entry.body)
    if body["prev"] != last:
        return "unlinked"
    beside = {
        "chain": [entry.chain_kind, entry.chain_no],
        "seq": entry.seq,
        "act": entry.act,
        "act_id": entry.act_id,
        "subject": entry.subject,
        "origin": entry.origin,
    }
    agrees = all(body[name] == value for name, value in beside.items()) and body["actor"]["name"] == entry.actor
    return None if agrees and datetime.fromisoformat(body["at"]) == entry.at else "columns"


def _root_faults(heads: dict[tuple[str, str], tuple[int, str]]) -> list[Fault]:
    faults, rooted = [], set()
    for kind, cls in root_classes().items():
        key = cls.__mapper__.primary_key[0]
        for number, seq, last in db.session.execute(select(key, cls.head_seq, cls.head_hash)):
            rooted.add((kind, number))
            if heads.get((kind, number), (0, GENESIS)) != (seq, last):
                faults.append(Fault(kind, number, seq, "truncated"))
    return faults + [Fault(*key, heads[key][0], "rootless") for key in sorted(heads.keys() - rooted)]


LISTING = Listing(
    name="entries",
    entity=Entry,
    seen=entries_seen,
    view=views,
    filters={
        "act": is_one_of(Entry.act),
        "actor": is_one_of(Entry.actor),
        "chain": is_one_of(Entry.chain_no),
        "subject": is_one_of(Entry.subject),
        "act_id": is_one_of(Entry.act_id),
    },
    search=(Entry.subject, Entry.actor_name),
    sorts={"id": Entry.id, "at": Entry.at},
    order="-id",
)
