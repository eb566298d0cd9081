"""Policies as they are read: their versions, who published them, which is in force, and what a version changed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ..domain.differences import Difference, differences
from ..domain.permissions import Person
from ..extensions import db
from ..models.entry import Entry
from ..models.policy import Policy, PolicyVersion
from .listing import Listing, everyone

_VERSION = ("n", "effective_from", "published_at", "digest")


def views(policies: Sequence[Policy], _person: Person, _at: datetime) -> list[dict[str, Any]]:
    """Policies with the number of their newest version."""
    return [{"code": row.code, "current": row.current, "version": row.version} for row in policies]


def find(*, code: str, person: Person, at: datetime) -> dict[str, Any] | None:
    """One policy with its newest body and all its versions, or None."""
    row = db.session.get(Policy, code)
    if row is None:
        return None
    rows = _versions(code)
    view = views([row], person, at)[0]
    view["versions"] = _with_publishers(rows, at)
    view["in_force"] = _in_force(rows, at)
    view["body"] = rows[-1].body if rows else None
    return view


def find_version(*, code: str, n: int, person: Person, at: datetime) -> dict[str, Any] | None:
    """One version of a policy with its body, or None."""
    rows = _versions(code)
    if not 1 <= n <= len(rows):
        return None
    return _with_publishers(rows, at)[n - 1] | {"code": code, "body": rows[n - 1].body}


def compare(*, code: str, before: int, after: int) -> dict[str, Any] | None:
    """What differs between two versions of a policy, key by key; None where one of them does not exist."""
    bodies = {row.n: row.body for row in _versions(code)}
    if before not in bodies or after not in bodies:
        return None
    found = [asdict(row) for row in differences(bodies[before], bodies[after])]
    return {"code": code, "from": before, "to": after, "changes": found}


def changes_by(*, code: str, body: Any) -> tuple[int, list[Difference]]:
    """The number of a policy's newest version (0: there is none), and what a body would change against it."""
    rows = _versions(code)
    return (rows[-1].n, list(differences(rows[-1].body, body))) if rows else (0, [])


def _versions(code: str) -> list[PolicyVersion]:
    return list(db.session.scalars(select(PolicyVersion).where(PolicyVersion.policy == code).order_by(PolicyVersion.n)))


def _in_force(rows: Sequence[PolicyVersion], at: datetime) -> int | None:
    # Versions take effect in the order of their numbers.
    return max((row.n for row in rows if row.effective_from <= at), default=None)


def _with_publishers(rows: Sequence[PolicyVersion], at: datetime) -> list[dict[str, Any]]:
    """Who published what stands in the trail: the n-th publication of a policy made its n-th version."""
    if not rows:
        return []
    told = select(Entry.actor).where(
        Entry.chain_kind == Policy.chain_kind, Entry.chain_no == rows[0].policy, Entry.act == "policy.publish"
    )
    actors = list(db.session.scalars(told.order_by(Entry.seq)))
    holds = _in_force(rows, at)
    return [
        {name: getattr(row, name) for name in _VERSION}
        | {"published_by": actors[row.n - 1] if row.n <= len(actors) else None, "in_force": row.n == holds}
        for row in rows
    ]


LISTING = Listing(name="policies", entity=Policy, seen=everyone, view=views, sorts={"code": Policy.code}, order="code")
