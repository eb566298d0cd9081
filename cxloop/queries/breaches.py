"""What became of the promises: by unit and kind how many clocks were decided, and how many of them were missed."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import case, func, select

from ..domain.clocks import ENDED, LIVE
from ..extensions import db
from ..models.clock import Breach, Clock

# Kinds without a promise to anybody.
PROMISES_NOTHING = ("archive", "reexamine")


@dataclass(frozen=True, slots=True)
class Tally:
    """Clocks of a unit and kind.

    `judged` are those that ended or were missed: the denominator. `missed` were missed on the owner's own account,
    waived or not, however often; `elsewhere` on another's, like a dispatcher's who did not decide. `open` are neither
    ended nor missed; the rest was cancelled or moved, which is no verdict.
    """

    clocks: int = 0
    judged: int = 0
    missed: int = 0
    elsewhere: int = 0
    open: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.clocks + other.clocks,
            self.judged + other.judged,
            self.missed + other.missed,
            self.elsewhere + other.elsewhere,
            self.open + other.open,
        )

    @property
    def share(self) -> float | None:
        """Of 100 judged how many were missed; None without any."""
        return 100 * self.missed / self.judged if self.judged else None


def tally_breaches() -> Mapping[tuple[str, str], Tally]:
    """The tallies of all clocks by owner and kind."""
    own = select(Breach.id).where(Breach.clock_id == Clock.id, Breach.holder == Clock.owner).exists()
    others = select(Breach.id).where(Breach.clock_id == Clock.id, Breach.holder != Clock.owner).exists()
    judged = own | (Clock.state == ENDED)
    rows = db.session.execute(
        select(
            Clock.owner,
            Clock.kind,
            func.count(),
            *(
                func.sum(case((condition, 1), else_=0))
                for condition in (judged, own, others & ~own, Clock.state.in_(LIVE) & ~own)
            ),
        )
        .where(Clock.kind.not_in(PROMISES_NOTHING))
        .group_by(Clock.owner, Clock.kind)
        .order_by(Clock.owner, Clock.kind)
    )
    return {(owner, kind): Tally(*map(int, figures)) for owner, kind, *figures in rows}
