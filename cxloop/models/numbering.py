"""Gap-free numbers: a counter row that its transaction holds until it commits."""

from sqlalchemy import update
from sqlalchemy.orm import Mapped, mapped_column

from ..extensions import Base, db


class Numbering(Base):
    """The last number given out of a kind, by year where the kind is numbered by year (else year 0)."""

    __tablename__ = "numberings"

    kind: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


def take_numbers(kind: str, year: int, count: int = 1) -> list[int]:
    """The next `count` numbers of a kind and year; a rollback gives them back.

    The first number of a year inserts the row; two transactions doing so at once collide on its key, and the act
    that loses is run again by its runner.
    """
    last = db.session.scalar(
        update(Numbering)
        .where(Numbering.kind == kind, Numbering.year == year)
        .values(last=Numbering.last + count)
        .returning(Numbering.last)
        .execution_options(synchronize_session=False)
    )
    if last is None:
        db.session.add(Numbering(kind=kind, year=year, last=count))
        db.session.flush()
        last = count
    return list(range(last - count + 1, last + 1))
