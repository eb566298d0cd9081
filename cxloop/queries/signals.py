"""Signals as people and machines read them: personal data masked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ..domain.masking import mask
from ..domain.permissions import Person
from ..extensions import db
from ..models.scope import signals_seen
from ..models.signal import Contact, Signal
from .acts import verbs_of
from .listing import Listing, is_one_of


def views(signals: Sequence[Signal], person: Person, at: datetime) -> list[dict[str, Any]]:
    """A page of signals."""
    acts = verbs_of(kind="signal", records=signals, person=person, at=at)
    return [_view(signal) | {"acts": acts[signal.no]} for signal in signals]


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
        "registered_by": signal.registered_by,
        "registered_at": signal.registered_at,
    }


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
