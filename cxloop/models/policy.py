"""Policies as records: versioned bodies. Their meaning is a value: domain.policy and domain.codes."""

from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from ..domain.codes import Codes
from ..domain.policy import WALL_CLOCK
from ..domain.policy import Policy as SlaPolicy
from ..extensions import Base, JSONText, db
from .chain import ChainRoot, Trailed
from .reference import memo, refer

SLA, CODES = "sla", "codes"


class Policy(ChainRoot, Base):
    """A rule set of the group, by code: `sla` (targets and ladders), `codes` (the lists people choose from)."""

    __tablename__ = "policies"
    chain_kind = "policy"

    code: Mapped[str] = mapped_column(primary_key=True)
    current: Mapped[int] = mapped_column(default=0)

    def number(self) -> str:
        """Its code."""
        return self.code


class PolicyVersion(Trailed, Base):
    """One published version, for ever."""

    __tablename__ = "policy_versions"
    __table_args__ = (UniqueConstraint("policy", "n"),)
    untrailed = frozenset({"id", "body"})

    id: Mapped[int] = mapped_column(primary_key=True)
    policy: Mapped[str] = mapped_column(ForeignKey("policies.code"))
    n: Mapped[int]
    published_at: Mapped[datetime]
    effective_from: Mapped[datetime]
    digest: Mapped[str]
    body: Mapped[Any] = mapped_column(JSONText)

    def trail_root(self) -> tuple[str, str]:
        """The policy's chain."""
        return "policy", self.policy

    def trail_name(self) -> str:
        """The policy and the version."""
        return f"{self.policy}/{self.n}"


def _body(code: str, n: int) -> Any:
    found = db.session.scalar(select(PolicyVersion.body).where(PolicyVersion.policy == code, PolicyVersion.n == n))
    if found is None:
        raise LookupError(f"policy {code} has no version {n}")
    return found


@lru_cache(maxsize=64)
def _sla(_database: str, n: int) -> SlaPolicy:
    return SlaPolicy.parse(_body(SLA, n))


@lru_cache(maxsize=16)
def _codes(_database: str, n: int) -> Codes:
    return Codes.parse(_body(CODES, n))


def _database() -> str:
    return db.engine.url.render_as_string(hide_password=True)


def version_in_force(code: str, at: datetime) -> int:
    """The number of the version of a policy that is in force at a moment; before the first one is, the first.

    What a ledger brings with it was handed out before there was a policy. LookupError when none is published.
    """
    # An act asks for each clock it starts; within one transaction the answer is the same.
    asked = memo()
    if (code, at) not in asked:
        asked[code, at] = db.session.scalar(
            select(PolicyVersion.n)
            .where(PolicyVersion.policy == code, PolicyVersion.effective_from <= at)
            .order_by(PolicyVersion.effective_from.desc(), PolicyVersion.n.desc())
            .limit(1)
        ) or db.session.scalar(
            select(PolicyVersion.n)
            .where(PolicyVersion.policy == code)
            .order_by(PolicyVersion.effective_from, PolicyVersion.n)
            .limit(1)
        )
    found: int | None = asked[code, at]
    if found is None:
        raise LookupError(f"no version of policy {code} is in force")
    return found


def sla_policy(n: int) -> SlaPolicy:
    """The targets and ladders of a version; versions never change, so the value is kept."""
    return _sla(_database(), n)


def calendars_of_policies() -> dict[str, list[str]]:
    """The calendars that a policy names at its newest version, each with the policies that do."""
    row = db.session.get(Policy, SLA)
    promises = _body(SLA, row.current).get("severity", {}) if row is not None and row.current else {}
    named = [promise["calendar"] for promise in promises.values() if "calendar" in promise]
    # Customers are called in natural time, whatever calendars a policy names.
    return {code: [SLA] for code in [*named, *([WALL_CLOCK] if promises else [])]}


def codes(n: int | None = None) -> Codes:
    """The lists of a version of `codes`, by default the newest. LookupError before any is published."""
    if n is None:
        row = refer(Policy, CODES)
        n = row.current if row is not None else 0
        if not n:
            raise LookupError("no codes are published")
    return _codes(_database(), n)


def forget_policies() -> None:
    """Drop the parsed values (for processes that change databases: tests, benches)."""
    _sla.cache_clear()
    _codes.cache_clear()
