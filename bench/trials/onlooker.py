"""How late each rung fired, as somebody sees it who looks at the database from outside."""

import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import URL, select

from bench.trials.events import Event
from bench.trials.fleet import looking
from cxloop.domain.clocks import ARMED
from cxloop.models.clock import ClockRung

EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Lateness:
    """Seconds from a rung's moment until it is seen to have fired."""

    p50: float
    p99: float
    most: float


class Onlooker(threading.Thread):
    """Asks twenty times a second which of the events are still armed: the commit counts, not what a worker thinks."""

    def __init__(self, url: URL, events: Sequence[Event]) -> None:
        """Watch for these."""
        super().__init__(daemon=True)
        self.url = url
        self.waiting = {event.rung: event.moment for event in events}
        self.late: list[float] = []
        self.over = threading.Event()
        self.finished = 0.0

    def run(self) -> None:
        """Look until everything has fired, or until told that it is over."""
        armed = select(ClockRung.id).where(ClockRung.state == ARMED, ClockRung.moment <= max(self.waiting.values()))
        with looking(self.url) as connection:
            while self.waiting and not self.over.is_set():
                began, still = time.monotonic(), set(connection.scalars(armed))
                now = datetime.now(UTC)
                for rung in self.waiting.keys() - still:
                    self.late.append((now - self.waiting.pop(rung)).total_seconds())
                time.sleep(max(0.0, EVERY - (time.monotonic() - began)))
        self.finished = time.monotonic()

    def lateness(self) -> Lateness:
        """What was seen."""
        if not self.late:
            return Lateness(0, 0, 0)
        late = sorted(self.late)
        return Lateness(statistics.median(late), late[min(len(late) - 1, int(len(late) * 0.99))], late[-1])
