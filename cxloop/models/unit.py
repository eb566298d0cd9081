"""Units: the center, the audit, and those who carry out."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from ..domain.vocabulary import UnitKind
from ..extensions import Base
from .chain import ChainRoot, one_of


class Unit(ChainRoot, Base):
    """A unit 承办单位 of the group; `path` is its place in the tree, like /P44/P4401/."""

    __tablename__ = "units"
    __table_args__ = (one_of("kind", UnitKind),)
    chain_kind = "unit"

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    short: Mapped[str]
    kind: Mapped[str]
    parent: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    path: Mapped[str] = mapped_column(index=True)
    calendar: Mapped[str] = mapped_column(ForeignKey("calendars.code"))
    owns: Mapped[str] = mapped_column(default="")
    # Whose signature this unit's answers need, where it is stricter than the policy.
    sign_off: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)

    def number(self) -> str:
        """Its code."""
        return self.code

    def is_department(self) -> bool:
        """HQ departments have their own targets and ladder (K13)."""
        return self.kind == UnitKind.DEPARTMENT
