"""Play a history: because time is an argument, acts can be done at the moments at which they happened.

Between two lines the sweep runs at each moment at which something falls due, so that rungs, breaches and deemed
signatures happen when they would have.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select

from ..domain.lifecycle import ACTS
from ..extensions import db
from ..models.clock import Clock
from ..operations import escalation
from ..operations.act import REPLAY, Call, Refused, Unseen, perform
from ..operations.calendars import PUBLISHING
from ..operations.clocks import recalendar
from ..operations.signals import Imported
from ..schemas.acts import SCHEMAS, load_fields
from ..schemas.fields import parse_moment
from .words import explain

_FRAME = frozenset({"at", "by", "act", "on", "as"})
_NAMED = ("issue", "into")


class Stopped(Exception):
    """A line that cannot be played; `number` is its place in the file, from 1."""

    def __init__(self, number: int, act: str, why: str) -> None:
        super().__init__(f"line {number} ({act}): {why}")
        self.number = number


class Player:
    """Plays lines in their order and remembers the aliases they introduce."""

    def __init__(self) -> None:
        """Begin with no alias."""
        self.aliases: dict[str, Any] = {}
        self.played = 0

    def play(self, lines: Iterable[Mapping[str, Any] | None]) -> int:
        """Play the lines; returns how many. Stopped at the first that is refused: those before it stay.

        None is a line of the file without an act; it is counted, so that a number names a place in the file.
        """
        for number, line in enumerate(lines, 1):
            if line is None:
                continue
            try:
                self._play(line, str(line.get("act", "")))
            except (Refused, ValidationError, KeyError, TypeError, ValueError) as error:
                self.refuse(number, line, error)
            else:
                self.played += 1
        return self.played

    def refuse(self, number: int, line: Mapping[str, Any], error: Exception) -> None:
        """Stop at a line that cannot be played."""
        why = explain(error) if isinstance(error, Refused | ValidationError) else f"{type(error).__name__}: {error}"
        raise Stopped(number, str(line.get("act", "")), why) from error

    def _play(self, line: Mapping[str, Any], act: str) -> None:
        if act not in SCHEMAS:
            raise ValueError(f"no such act: {act!r}")
        at = parse_moment(line["at"])
        fields = {name: value for name, value in line.items() if name not in _FRAME}
        on = line.get("on")
        self.sweep(before=at)
        call = Call(
            act,
            str(line["by"]),
            at,
            on=None if on is None else self._on(act, str(on)),
            fields=load_fields(act, self._named(fields)),
            origin=REPLAY,
        )
        result = perform(call)
        if act in PUBLISHING:
            # At once, where a worker would come by a second later: the same file gives the same trail.
            recalendar.replan_all(at=at, origin=REPLAY, grace=timedelta())
        if "as" in line:
            self.aliases[str(line["as"])] = _numbers(result)

    def sweep(self, *, before: datetime) -> None:
        """Let time pass: fire what falls due before a moment, each at its own."""
        while (moment := escalation.next_moment(before=before)) is not None:
            escalation.sweep(at=moment, origin=REPLAY)

    def _named(self, fields: dict[str, Any]) -> dict[str, Any]:
        for name in _NAMED:
            if isinstance(fields.get(name), str):
                fields[name] = self._name(fields[name])
        if isinstance(fields.get("signals"), list):
            fields["signals"] = [self._name(str(no)) for no in fields["signals"]]
        if isinstance(fields.get("clocks"), list):
            fields["clocks"] = [self._clock(name) if isinstance(name, str) else name for name in fields["clocks"]]
        return fields

    def _on(self, act: str, text: str) -> str:
        """What an act works on."""
        return str(self._clock(text)) if ACTS[act].on == "clock" else self._name(text)

    def _clock(self, text: str) -> int:
        """The id of a clock by subject, kind and cycle: a1-T02/feedback.1, a1-T02/3/measure.1. Unseen without any."""
        name = self._name(text)
        subject, _, of = name.rpartition("/")
        kind, _, cycle = of.rpartition(".")
        found = select(Clock.id).where(Clock.subject == subject, Clock.kind == kind, Clock.cycle == int(cycle))
        clock = db.session.scalar(found)
        if clock is None:
            raise Unseen(name)
        return clock

    def _name(self, text: str) -> str:
        """The number behind `a1`, `a1-T02`, `a1-T02/1` or `d14/3`; other texts are numbers already."""
        head, rest = re.match(r"([^-/]*)(.*)\Z", text, re.DOTALL).groups()  # type: ignore[union-attr]
        found = self.aliases.get(head)
        if isinstance(found, list):
            return str(found[int(rest.removeprefix("/")) - 1])
        return text if found is None else f"{found}{rest}"


def _numbers(result: Any) -> Any:
    if isinstance(result, Imported):
        return [signal.no for signal in result.signals]
    return getattr(result, "no", None) or result.number()
