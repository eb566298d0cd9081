"""Signals as people and machines read them: personal data masked."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import aliased

from ..domain.contacts import concerns, contact_state
from ..domain.masking import mask
from ..domain.permissions import Person
from ..domain.vocabulary import LINKABLE_ISSUE
from ..extensions import db
from ..models.issue import Issue
from ..models.scope import signals_seen
from ..models.signal import Contact, ContactTry, Signal
from ..models.unit import Unit
from .acts import verbs_of
from .listing import Listing, is_one_of


def views(signals: Sequence[Signal], person: Person, at: datetime) -> list[dict[str, Any]]:
    """A page of signals."""
    acts = verbs_of(kind="signal", records=signals, person=person, at=at)
    tries = _tries([signal.no for signal in signals])
    same = _same_customer(signals) if person.is_center() else {}
    return [
        _view(signal)
        | _calls(tries.get(signal.no, []))
        | {"same_customer": same.get(signal.no, []), "acts": acts[signal.no]}
        for signal in signals
    ]


def _tries(numbers: Sequence[str]) -> dict[str, list[ContactTry]]:
    """The tries to reach the customers of these signals."""
    found: dict[str, list[ContactTry]] = {}
    rows = select(ContactTry).where(ContactTry.signal_no.in_(numbers)).order_by(ContactTry.signal_no, ContactTry.n)
    for row in db.session.scalars(rows):
        found.setdefault(row.signal_no, []).append(row)
    return found


def _calls(tries: Sequence[ContactTry]) -> dict[str, Any]:
    names = ("n", "tried_at", "method", "reached", "note", "by")
    return {
        "contact_state": contact_state((row.tried_at, row.reached) for row in tries),
        "tries": [{name: getattr(row, name) for name in names} for row in tries],
    }


def _same_customer(signals: Sequence[Signal]) -> dict[str, list[str]]:
    """The open issues, other than its own, of which each signal's customer has spoken too."""
    hashes = {signal.contact.customer_hash for signal in signals if signal.contact is not None} - {None}
    rows = select(Contact.customer_hash, Signal.issue_no).join(Signal).join(Issue, Issue.no == Signal.issue_no)
    wanted = Contact.customer_hash.in_(hashes), Issue.state.in_(LINKABLE_ISSUE)
    known: dict[str | None, set[str | None]] = {}
    for customer, no in db.session.execute(rows.where(*wanted).distinct()):
        known.setdefault(customer, set()).add(no)
    return {
        signal.no: sorted(no for no in known.get(signal.contact.customer_hash, ()) if no and no != signal.issue_no)
        for signal in signals
        if signal.contact is not None
    }


def _view(signal: Signal) -> dict[str, Any]:
    score = None if signal.score_kind is None else {"kind": signal.score_kind, "value": signal.score_value}
    return {
        "no": signal.no,
        "state": signal.state,
        "version": signal.version,
        "source": signal.source,
        "external_id": signal.external_id,
        "channel": signal.channel,
        "title": signal.title,
        "text": signal.text,
        "urgency": signal.urgency,
        "occurred_at": signal.occurred_at,
        "unit": signal.unit,
        "touchpoint": signal.touchpoint,
        "product": signal.product,
        "score": score,
        "contact": None if signal.contact is None else contact_view(signal.contact, masked=True),
        "issue": signal.issue_no,
        "reason": signal.reason,
        "completion": signal.completion,
        "answer": None if signal.answered_at is None else _answer(signal),
        "registered_by": signal.registered_by,
        "registered_at": signal.registered_at,
    }


def _answer(signal: Signal) -> dict[str, Any]:
    return {
        "text": signal.answer,
        "method": signal.answer_method,
        "satisfied": signal.satisfied,
        "why": signal.dissatisfied_why,
        "by": signal.answered_by,
        "at": signal.answered_at,
    }


def callbacks(*, issue: str, person: Person) -> dict[str, Any]:
    """What an issue's customers said when they were answered, of the signals one sees: counted by result and by why."""
    rows = select(Signal.no, Signal.satisfied, Signal.dissatisfied_why).where(
        Signal.issue_no == issue, Signal.answered_at.is_not(None), signals_seen(person)
    )
    found = db.session.execute(rows.order_by(Signal.no)).all()
    return {
        "answered": len(found),
        "results": dict(sorted(Counter(result for _no, result, _why in found if result).items())),
        "why": dict(sorted(Counter(why for _no, _result, why in found if why).items())),
        "dissatisfied": [no for no, result, _why in found if result == "dissatisfied"],
    }


def to_call(*, issue: str, unit: str, person: Person) -> list[dict[str, Any]]:
    """The customers who concern a unit on an issue, as far as one sees them: the signal, how far calling has come."""
    path = db.session.scalar(select(Unit.path).where(Unit.code == unit)) or unit
    # An alias, for what one sees is asked of the units too.
    about = aliased(Unit)
    rows = select(Signal.no, about.path).join(Contact).outerjoin(about, about.code == Signal.unit)
    here = rows.where(Signal.issue_no == issue, Contact.customer_hash.is_not(None), signals_seen(person))
    numbers = [no for no, voice in db.session.execute(here.order_by(Signal.no)) if concerns(voice, path)]
    tries = _tries(numbers)
    return [{"signal": no, "state": _calls(tries.get(no, []))["contact_state"]} for no in numbers]


def contact_view(contact: Contact, *, masked: bool) -> dict[str, str | None]:
    """Personal data, masked unless it was revealed by an act."""
    show = mask if masked else (lambda text: text)
    return {"name": show(contact.name), "phone": show(contact.phone), "account": show(contact.account)}


def find(*, no: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """One signal, or None when there is none that the person may see."""
    signal = db.session.scalar(select(Signal).where(Signal.no == no, signals_seen(person)))
    return None if signal is None else views([signal], person, at)[0]


LISTING = Listing(
    name="signals",
    entity=Signal,
    seen=signals_seen,
    view=views,
    filters={
        "state": is_one_of(Signal.state),
        "channel": is_one_of(Signal.channel),
        "unit": is_one_of(Signal.unit),
        "issue": is_one_of(Signal.issue_no),
        "source": is_one_of(Signal.source),
    },
    search=(Signal.no, Signal.title, Signal.text),
    sorts={"no": Signal.no, "registered_at": Signal.registered_at, "occurred_at": Signal.occurred_at},
    order="-no",
)
