"""How a person stands at a moment: with roles of one's own, and those of the people one stands in for."""

from datetime import datetime

from sqlalchemy import or_, select

from ..domain.permissions import Person
from ..extensions import db
from .delegation import Delegation
from .reference import memo
from .user import User

STANDING = "who stands in"


def standing(user: User, *, at: datetime) -> Person:
    """The person behind a user at a moment, with the memberships of those for whom they stand in."""
    own = user.person()
    pairs = [pair for pair in delegations_at(at) if user.name in pair]
    if not pairs or not user.active:
        return own
    principals = frozenset(principal for principal, deputy in pairs if deputy == user.name)
    lent = [m for one in sorted(principals) for m in _person(one).memberships]
    bound = frozenset(name for pair in pairs for name in pair) - {user.name}
    return Person(own.name, (*own.memberships, *lent), principals, bound)


def principal_of(user: User, name: str) -> Person:
    """The person as whom a deputy acts for one principal alone."""
    bound = frozenset({name})
    return Person(user.name, _person(name).memberships, frozenset({name}), bound)


def _person(name: str) -> Person:
    found = db.session.get(User, name)
    return Person(name) if found is None else found.person()


def delegations_at(at: datetime) -> list[tuple[str, str]]:
    """(principal, deputy) of all that hold at a moment; asked for once a transaction."""
    held = memo()
    if (STANDING, at) not in held:
        rows = select(Delegation.principal, Delegation.deputy).where(
            Delegation.from_at <= at,
            Delegation.to_at > at,
            or_(Delegation.ended_at.is_(None), Delegation.ended_at > at),
        )
        held[STANDING, at] = [(principal, deputy) for principal, deputy in db.session.execute(rows)]
    found: list[tuple[str, str]] = held[STANDING, at]
    return found


def with_deputies(names: set[str], *, at: datetime) -> set[str]:
    """These people and whoever stands in for them."""
    return names | {deputy for principal, deputy in delegations_at(at) if principal in names}
