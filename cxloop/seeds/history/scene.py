"""What the parts of one issue's story share: its people, its promises, and the lines written so far."""

from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from cxloop.domain import clocks as rules
from cxloop.domain.vocabulary import CENTER
from cxloop.seeds.history.pace import Pace
from cxloop.seeds.history.stage import Stage, written
from cxloop.seeds.history.stories import Story
from cxloop.seeds.history.words import Words

Line = dict[str, Any]


@dataclass(slots=True)
class Wave:
    """A dispatch and what its tasks' dues depend on."""

    at: datetime
    issue_due: datetime
    units: int
    started: datetime


@dataclass(slots=True)
class Part:
    """One unit's task: where it stands in the story once it has been told."""

    on: str
    unit: str
    duty: str
    wave: Wave
    # When it landed on the unit, and whether that was its dispatch: then nothing else has moved its due.
    landed: datetime | None = None
    steady: bool = False
    measures: int = 0
    send_backs: int = 0
    # When the center accepted it, and when its last measure was confirmed; None: the story does not tell.
    answered: datetime | None = None
    done: datetime | None = None
    parked: bool = False
    cancelled: bool = False


@dataclass(slots=True)
class Scene:
    """One issue's people, promises and lines."""

    stage: Stage
    story: Story
    rng: Random
    # Chance of its own for what units ask for, so that it changes nothing else.
    luck: Random
    lines: list[Line] = field(default_factory=list)
    rerated: bool = False

    @property
    def alias(self) -> str:
        """The name by which lines call the issue."""
        return str(self.story["alias"])

    @property
    def severity(self) -> int:
        """The severity that the analyst gives, or the manager once the issue is rated anew."""
        again = self.story.get("rerate")
        return int(self.story["severity"] if again is None or self.rerated else again["from"])

    @property
    def pace(self) -> Pace:
        """When people act."""
        return Pace(self.stage, self.rng, self.severity)

    @property
    def words(self) -> Words:
        """What people write."""
        return Words(self.story, self.rng)

    @property
    def analyst(self) -> str:
        """Who follows the issue: the two analysts take turns."""
        return ("analyst", "xu")[int(self.alias[1:]) % 2]

    @property
    def manager(self) -> str:
        """Who closes it."""
        return ("lin", "he")[int(self.alias[1:]) // 2 % 2]

    @property
    def auditor(self) -> str:
        """Who audits it."""
        return ("zhao", "qian")[int(self.alias[1:]) // 3 % 2]

    def say(self, at: datetime, by: str, act: str, on: str | None = None, **fields: Any) -> None:
        """Write a line; fields that are None are left out."""
        line = {"at": written(at), "by": by, "act": act, "on": on, **fields}
        self.lines.append({name: value for name, value in line.items() if value is not None})

    def due(self, kind: str, unit: str, at: datetime, *, units: int = 1) -> datetime:
        """When a clock of this kind that starts at a moment is due."""
        calendar = self.stage.calendar(unit, at, severity=self.severity, kind=kind)
        return calendar.due(at, self.stage.target(kind, self.severity, unit, units=units))

    def wave(self, at: datetime, *, started: datetime, units: int) -> Wave:
        """A dispatch at a moment to so many units, in a cycle that started then."""
        calendar = self.stage.calendar(CENTER, started, severity=self.severity, kind="issue")
        target = self.stage.target("issue", self.severity, several=units > 1)
        floor = self.stage.policy.floor(self.severity)
        consumed = calendar.worked(started, at)
        due = rules.replanned(calendar=calendar, start=started, target=target, consumed=consumed, floor=floor, at=at)
        return Wave(at, due, units, started)

    def end(self, wave: Wave) -> datetime:
        """When the answers of a wave must be in."""
        review = self.stage.policy.target("wave_end", self.severity, units=wave.units)
        calendar = self.stage.calendar(CENTER, wave.at, severity=self.severity, kind="issue")
        return rules.wave_end(calendar=calendar, issue_due=wave.issue_due, review=review, gather=None)

    def landing(self, part: Part, at: datetime, *, first: datetime | None = None) -> datetime:
        """When a task that lands now must be answered; `first`: it lands again, was first dispatched then."""
        policy, severity = self.stage.policy, self.severity
        end = rules.wave_end(
            calendar=self.stage.calendar(CENTER, part.wave.at, severity=severity, kind="issue"),
            issue_due=part.wave.issue_due,
            review=policy.target("wave_end", severity, units=part.wave.units),
            gather=policy.target("gather", severity) if part.duty == "support" else None,
        )
        calendar = self.stage.calendar(part.unit, at, severity=severity)
        least = policy.target("units_min", severity)
        due = rules.landing_due(calendar=calendar, end=end, at=at, least=least, dispatched_at=first)
        return self.stage.replanned(part.unit, at, due, severity=severity)
