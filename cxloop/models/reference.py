"""Records that acts look up again and again and that change rarely: read once a transaction, and held."""

from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from ..extensions import Base, db

MEMO = "cxloop.reference"
T = TypeVar("T", bound=Base)


def memo() -> dict[Any, Any]:
    """What this transaction has read already. The session itself holds records weakly and would ask again."""
    found: dict[Any, Any] = db.session.info.setdefault(MEMO, {})
    return found


def refer(cls: type[T], key: str) -> T | None:
    """The record of a code, or None; asked for once a transaction."""
    held = memo()
    if held.get((cls, key)) is None:
        held[cls, key] = db.session.get(cls, key)
    found: T | None = held[cls, key]
    return found


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    # A flush runs in a transaction within; only the outermost one ends what was read.
    if transaction.parent is None:
        session.info.pop(MEMO, None)
