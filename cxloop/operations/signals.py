"""Acts on signals: customers' voices come in, are completed, linked to an issue, or set aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from ..domain.canonical import canonical, digest
from ..domain.permissions import UNIT_ROLES
from ..domain.vocabulary import CENTER, LINKABLE_ISSUE, URGENT, Role, SignalState
from ..extensions import db, keyed_hash
from ..models.issue import Issue
from ..models.policy import codes
from ..models.reference import refer
from ..models.signal import Contact, Signal, take_signal_numbers
from ..models.unit import Unit
from ..models.user import User
from .act import Differs, Invalid, act
from .clocks import step
from .contacts import joined
from .notices import leave, people, worded

UNLINKED = frozenset({SignalState.NEW, SignalState.RETURNED})
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Registered:
    """A signal, and whether it is new."""

    signal: Signal
    is_new: bool

    @property
    def no(self) -> str:
        """The signal's number."""
        return self.signal.no


@act("signal.register")
def register(*, by: str, at: datetime, **fields: Any) -> Registered:
    """Take in one voice. A known (source, external_id) gives the first one back if it is equal; else Differs."""
    row = _row(fields, by)
    _check_codes(row, "")
    known = _known([row]).get(_identity(row))
    if known is not None:
        if known.content_digest != row["content_digest"]:
            raise Differs(known.no)
        return Registered(known, is_new=False)
    signal = _add([row], by, at)[0]
    if signal.urgency == URGENT:
        _ring(signal, by, at)
    return Registered(signal, is_new=True)


def _ring(signal: Signal, by: str, at: datetime) -> None:
    # 紧急上报: it rings whoever is on duty at the center, at whatever hour.
    told = people(CENTER, Role.ANALYST, Role.CENTER_MANAGER)
    leave(worded(set(told) - {by}, code="notice.urgent", subject=signal.no, at=at, rated=1, unit=signal.unit or CENTER))


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: the new signals, how many were known, and the rows that were refused."""

    signals: list[Signal]
    duplicates: int
    errors: list[dict[str, Any]]

    no = ""


@act("signal.import")
def import_signals(*, by: str, at: datetime, rows: Sequence[Mapping[str, Any]], strict: bool = False) -> Imported:
    """Take in the rows of a file, each {row, fields} or {row, errors}: good ones in, bad ones reported.

    `strict` takes none while one is bad. The same rows again change nothing; a known one with another content is an
    error of its row.
    """
    good, errors = [], []
    for line in rows:
        problems = list(line.get("errors", ()))
        if not problems:
            row = _row(line["fields"], by)
            problems = _code_problems(row)
            good.append((line["row"], row))
        errors += [
            {"row": line["row"], "field": field, "code": code, "params": params} for field, code, params in problems
        ]
    wrong = {error["row"] for error in errors}
    good = [(n, row) for n, row in good if n not in wrong]
    fresh, duplicates, differing = _sift(good)
    errors += [{"row": n, "field": "external_id", "code": "error.differs", "params": {}} for n in differing]
    errors.sort(key=lambda error: (error["row"], error["field"]))
    if strict and errors:
        fresh, duplicates = [], 0
    return Imported(_add(fresh, by, at), duplicates, errors)


def _sift(rows: list[tuple[int, dict[str, Any]]]) -> tuple[list[dict[str, Any]], int, list[int]]:
    """The rows that are new, how many are known, and the line numbers of those that differ from what is known."""
    seen = {identity: signal.content_digest for identity, signal in _known([row for _n, row in rows]).items()}
    fresh: list[dict[str, Any]] = []
    duplicates, differing = 0, []
    for n, row in rows:
        identity = _identity(row)
        if identity is None or identity not in seen:
            fresh.append(row)
            if identity is not None:
                seen[identity] = row["content_digest"]
        elif seen[identity] == row["content_digest"]:
            duplicates += 1
        else:
            differing.append(n)
    return fresh, duplicates, differing


def _identity(row: Mapping[str, Any]) -> tuple[str, str] | None:
    return None if row.get("external_id") is None else (row["source"], row["external_id"])


def _known(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str] | None, Signal]:
    wanted = [identity for row in rows if (identity := _identity(row)) is not None]
    found: dict[tuple[str, str] | None, Signal] = {}
    for n in range(0, len(wanted), _BATCH):
        batch = select(Signal).where(tuple_(Signal.source, Signal.external_id).in_(wanted[n : n + _BATCH]))
        for signal in db.session.scalars(batch):
            found[signal.source, str(signal.external_id)] = signal
    return found


def _row(fields: Mapping[str, Any], by: str) -> dict[str, Any]:
    """A signal's columns from its fields, with the digest by which a repetition is known."""
    row = {name: value for name, value in fields.items() if value is not None}
    score, contact = row.pop("score", None), row.pop("contact", None)
    if score is not None:
        row["score_kind"], row["score_value"] = score["kind"], score["value"]
    if row.get("unit") is None:
        row["unit"] = _own_unit(by)
    secret = keyed_hash(canonical(contact)) if contact else None
    row["content_digest"] = digest(canonical({**row, "contact": secret}))
    row["contact"] = contact
    row["text_sha256"] = digest(row["text"])
    return row


def _own_unit(by: str) -> str | None:
    """What a unit's person registers is about that unit, unless it says otherwise."""
    user = db.session.get(User, by)
    own = [] if user is None else [m.unit_code for m in user.memberships if m.role in UNIT_ROLES]
    return own[0] if own else None


def _code_problems(row: Mapping[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    lists = codes()
    found: list[tuple[str, str, dict[str, Any]]] = [
        (name, "error.invalid_code", {"code": row[name]})
        for name in ("channel", "touchpoint", "product", "urgency")
        if row.get(name) is not None and not lists.has(name, row[name])
    ]
    if row.get("unit") is not None and refer(Unit, row["unit"]) is None:
        found.append(("unit", "error.unknown_unit", {"code": row["unit"]}))
    return found


def _check_codes(row: Mapping[str, Any], prefix: str) -> None:
    for field, code, params in _code_problems(row):
        raise Invalid(prefix + field, code, **params)


def _add(rows: Sequence[Mapping[str, Any]], by: str, at: datetime) -> list[Signal]:
    added = []
    for no, row in zip(take_signal_numbers(len(rows)) if rows else (), rows, strict=True):
        columns = {name: value for name, value in row.items() if name != "contact"}
        signal = Signal(no=no, state=SignalState.NEW, registered_by=by, registered_at=at, **columns)
        contact = row.get("contact")
        signal.contact = None if not contact else _contact(no, contact)
        added.append(signal)
    db.session.add_all(added)
    db.session.flush()
    return added


def _contact(no: str, contact: Mapping[str, Any]) -> Contact:
    who = contact.get("phone") or contact.get("account")
    return Contact(
        signal_no=no, name=contact.get("name"), phone=contact.get("phone"), account=contact.get("account"),
        customer_hash=keyed_hash(who) if who else None,
    )  # fmt: skip


def take_in(*, at: datetime, by: str, content: str, **fields: Any) -> Signal:
    """Add a voice that came in with something greater; `content` is the digest by which its repetition is known."""
    row = _row(fields, by) | {"content_digest": content}
    _check_codes(row, "")
    return _add([row], by, at)[0]


def known_as(*, source: str, external_id: str) -> Signal | None:
    """The voice that came from a source under a number of its own."""
    return db.session.scalar(select(Signal).where(Signal.source == source, Signal.external_id == external_id))


@act("signal.link", also=lambda call: [("issue", call.fields["issue"])])
def link(*, signal: Signal, by: str, at: datetime, issue: str) -> Signal:
    """Make the signal part of an issue that is not closed. Invalid for an unknown one or one past linking."""
    attach(signal, find_linkable(issue, "issue"), at=at, act="signal.link")
    return signal


def find_linkable(no: str, field: str) -> Issue:
    """The issue, if signals can still be linked to it."""
    issue = db.session.get(Issue, no)
    if issue is None:
        raise Invalid(field, "error.unknown_issue", no=no)
    if issue.state not in LINKABLE_ISSUE:
        raise Invalid(field, "error.issue_not_linkable", no=no)
    return issue


def attach(signal: Signal, issue: Issue, *, at: datetime, act: str) -> None:
    """Bind a signal to an issue; its customer may be one to be called, or one who asks again."""
    signal.issue_no = issue.no
    step(signal, act="signal.link", at=at, to=SignalState.LINKED)
    joined(signal, at=at)


@act("signal.return")
def give_back(*, signal: Signal, by: str, at: datetime, reason: str, text: str | None = None) -> Signal:
    """Ask whoever registered it to complete it."""
    _reason("reason.return", reason)
    signal.reason = reason
    step(signal, act="signal.return", at=at, to=SignalState.RETURNED)
    return signal


@act("signal.set_aside")
def set_aside(*, signal: Signal, by: str, at: datetime, reason: str, text: str | None = None) -> Signal:
    """Let the signal make no issue 不立项."""
    _reason("reason.set_aside", reason)
    signal.reason = reason
    step(signal, act="signal.set_aside", at=at, to=SignalState.SET_ASIDE)
    return signal


@act("signal.complete")
def complete(*, signal: Signal, by: str, at: datetime, text: str) -> Signal:
    """Add what was missing; the signal is new again."""
    signal.completion = text
    signal.text_sha256 = digest(f"{signal.text}\n{text}")
    step(signal, act="signal.complete", at=at, to=SignalState.NEW)
    return signal


@act("signal.reveal")
def reveal(*, signal: Signal, by: str, at: datetime, reason: str, text: str | None = None) -> Signal:
    """Show the customer's personal data to one person, once, with the reason on the trail.

    To a unit: to its lead, and to the handler of the task for which the customer is to be called.
    """
    _reason("reason.reveal", reason)
    return signal


def _reason(name: str, code: str) -> None:
    if not codes().has(name, code):
        raise Invalid("reason", "error.invalid_code", code=code)
