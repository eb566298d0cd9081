"""Who hears of a rung that fires, and what. It reads names only: of records, or of bare rows."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from ...domain import clocks as rules
from ...domain.policy import RungSpec
from ..clocks import engine
from ..notices import people, receivers, worded
from .scenes import Scene
from .special import CENTERS, special


@dataclass(slots=True)
class Telling:
    """One batch's telling: what was looked up is kept until the batch is through, and so are the notices."""

    notices: list[dict[str, Any]] = field(default_factory=list)
    _ladders: dict[Any, tuple[RungSpec, ...]] = field(default_factory=dict)
    _late: dict[int, int] = field(default_factory=dict)
    _people: Any = field(default_factory=lambda: cache(people))

    def is_late(self, clock: Any, moment: datetime, at: datetime) -> bool:
        """Whether a rung fires so long after its moment that it says so."""
        version = clock.policy_version
        if version not in self._late:
            self._late[version] = engine.policy_of(clock).rung_late_seconds
        return (at - moment).total_seconds() > self._late[version]

    def tell(self, code: str, clock: Any, scene: Scene, at: datetime) -> None:
        """Note what the receivers of this rung are told."""
        issue, task, measure = scene
        handler = None if measure is None else measure.handler
        held = task if clock.kind not in {"decide", "review"} else None
        told = receivers(self._to(code, clock), issue=issue, task=held, handler=handler, look_up=self._people)
        params = {
            "title": issue.title if task is None else task.title,
            "kind": clock.kind,
            "rung": code,
            "due_at": None if clock.due_at is None else clock.due_at.isoformat(),
        }
        notice = special(code, clock.kind).notice or ("notice.breach" if code == rules.DUE else "notice.rung")
        self.notices += worded(told, code=notice, subject=clock.subject, at=at, rated=issue.severity, **params)

    def _to(self, code: str, clock: Any) -> tuple[str, ...]:
        if clock.holder != clock.owner:
            # Past its due on the dispatcher's account, a unit's clock is the center's to hear of.
            return CENTERS
        to = special(code, clock.kind).to
        return self._stage(code, clock) if to is None else to

    def _stage(self, code: str, clock: Any) -> tuple[str, ...]:
        key = clock.policy_version, clock.kind, clock.target, clock.owner
        if key not in self._ladders:
            self._ladders[key] = engine.ladder_of(clock)
        return next((spec.receivers for spec in self._ladders[key] if spec.code == code), ())
