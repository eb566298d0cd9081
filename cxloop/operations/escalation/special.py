"""Rungs that are more than a stage of a ladder: whom they tell, with which notice, and what time does with them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ...domain import clocks as rules
from ...domain.vocabulary import IssueState, TaskState
from ..clocks import engine, resume_by_itself
from ..closure import archive
from ..tasks import charge_for_silence, take_by_default
from .scenes import Scene

CENTERS = ("analyst", "center_manager")
WAIT_OVER, RESUMED, RECHECK = "notice.wait_over", "notice.resumed", "notice.recheck"
SILENT, OUTSIDE = "notice.silent", "notice.outside"
# On records: the clock, what it is about, and the moment.
Effect = Callable[[Any, Scene, datetime], None]


def _deem_signed(_clock: Any, scene: Scene, at: datetime) -> None:
    if scene.task is not None and scene.task.state == TaskState.DISPATCHED:
        take_by_default(scene.task, at=at)


def _file(_clock: Any, scene: Scene, at: datetime) -> None:
    if scene.issue.state == IssueState.CLOSED:
        archive(scene.issue, at=at)


def _resume(clock: Any, _scene: Scene, at: datetime) -> None:
    if clock.state == rules.PAUSED:
        resume_by_itself(clock, at=at)


def _end(clock: Any, _scene: Scene, at: datetime) -> None:
    engine.finish(clock, at=at, how=rules.ENDED)


def _charge(clock: Any, scene: Scene, at: datetime) -> None:
    if scene.task is not None:
        charge_for_silence(clock, scene.task, at=at)


@dataclass(frozen=True, slots=True)
class Special:
    """One row: where it says nothing of notice and receivers, the ladder does."""

    notice: str | None = None
    to: tuple[str, ...] | None = None
    before_telling: Effect | None = None
    after_telling: Effect | None = None

    @property
    def has_effect(self) -> bool:
        """Whether firing changes more than the rung itself."""
        return self.before_telling is not None or self.after_telling is not None


# By rung, and clock kind where it matters.
SPECIAL: dict[tuple[str, str | None], Special] = {
    (rules.START, None): Special(WAIT_OVER, CENTERS),
    # The unit is told of its breach, not the one to whom the task then falls.
    (rules.DUE, "sign"): Special(after_telling=_deem_signed),
    (rules.FILE, None): Special(to=(), after_telling=_file),
    # They are told the new due.
    (rules.RESUME, None): Special(RESUMED, ("handler", "lead"), before_telling=_resume),
    # A promised word did not come: a reminder to both sides, and no breach.
    (rules.PROGRESS, None): Special(SILENT, ("handler", "lead", "analyst")),
    (rules.OUTSIDE, None): Special(OUTSIDE, CENTERS),
    (rules.DUE, "answer"): Special(after_telling=_charge),
    (rules.RECHECK, None): Special(RECHECK, CENTERS, after_telling=_end),
}
STAGE = Special()


def special(code: str, kind: str) -> Special:
    """The row of a rung; a plain one for a stage of a ladder."""
    stage = code.partition(".")[0]
    return SPECIAL.get((stage, kind)) or SPECIAL.get((stage, None)) or STAGE
