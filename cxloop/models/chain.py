"""Chains of the trail: what is a root, what is recorded, and in whose chain."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, Select, select
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base

GENESIS = "0" * 64


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """A named check that a column holds one of these codes: the database repeats the rule."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class Trailed:
    """A record whose changes enter the trail, field by field, under `trail_name`, in the chain of its root."""

    # Heads and versions are made by the trail itself.
    untrailed: ClassVar[frozenset[str]] = frozenset()

    def trail_root(self) -> tuple[str, str]:
        """(kind, number) of the chain that this record belongs to."""
        raise NotImplementedError

    def trail_name(self) -> str:
        """The subject's name in the trail: a number or code, never a surrogate id."""
        raise NotImplementedError

    def read_with(self) -> "Versioned | None":
        """The record whose version changes with this one, because it is read as a part of it."""
        return self if isinstance(self, Versioned) else None


class Versioned:
    """A record with a version of its own: the sequence of the last entry that touched it."""

    version: Mapped[int] = mapped_column(default=0)


class ChainRoot(Trailed, Versioned):
    """A record that carries a chain's head. The row is the lock: every act takes it first, then reads."""

    chain_kind: ClassVar[str]
    head_seq: Mapped[int] = mapped_column(default=0)
    head_hash: Mapped[str] = mapped_column(default=GENESIS)
    head_at: Mapped[datetime | None]

    def number(self) -> str:
        """The root's number, name or code."""
        raise NotImplementedError

    def trail_root(self) -> tuple[str, str]:
        """Itself."""
        return self.chain_kind, self.number()

    def trail_name(self) -> str:
        """Its own number."""
        return self.number()


ALWAYS_UNTRAILED = frozenset({"head_seq", "head_hash", "head_at", "version"})


def root_classes() -> dict[str, Any]:
    """Every kind of chain root with its class."""
    return {
        mapper.class_.chain_kind: mapper.class_
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, ChainRoot)
    }


def locking(kind: str, number: str) -> Select[Any]:
    """The statement that takes a root's row for writing, by its number; waits for whoever holds it."""
    cls = root_classes()[kind]
    key = cls.__mapper__.primary_key[0]
    return select(cls).where(key == number).with_for_update(of=cls).execution_options(populate_existing=True)
