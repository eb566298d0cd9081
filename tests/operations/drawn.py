"""Random histories as lists of steps: what is tried in which order, on which task, how long after one another."""

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MINUTE = 60
PLACES = ("P44", "P31", "P65", "P54", "D01")
EARLIEST = int(datetime(2026, 8, 24, tzinfo=UTC).timestamp())
LATEST = int(datetime(2026, 10, 12, tzinfo=UTC).timestamp())

# What is told together on one task, and how often.
PHRASES: dict[tuple[str, ...], int] = {
    ("ask_pause", "grant_pause"): 5,
    ("ask_pause", "grant_pause", "resume"): 5,
    ("ask_pause", "grant_pause", "submit"): 1,
    ("ask_pause", "refuse_pause"): 1,
    ("ask_extension", "grant_extension"): 9,
    ("ask_extension", "refuse_extension"): 1,
    ("submit", "send_back"): 4,
    ("submit", "send_back", "submit", "send_back"): 3,
    ("submit", "withdraw"): 3,
    ("submit", "accept"): 1,
    ("decline", "redispatch", "sign"): 6,
    ("rerate",): 8,
    ("rerate", "rerate"): 3,
    ("wave", "sign"): 2,
    ("cancel",): 1,
}
MOST_STEPS = 14


@dataclass(frozen=True)
class Step:
    """What is tried, on which task, with which figures, and how long after the step before."""

    act: str
    task: float
    figure: float
    other: float
    gap: tuple[str, float, int]


def drawn(seed: int) -> tuple[dict[str, Any], list[Step]]:
    """The beginning of a history and its steps."""
    dice = random.Random(seed)
    begin = {
        "at": dice.randrange(EARLIEST, LATEST, MINUTE),
        "severity": dice.choice((1, 2, 3, 3, 3, 4)),
        "rated": dice.choice((None, None, 1, 2, 3, 4)),
        "units": dice.choice((1, 1, 2, 2, 3)),
        "main": dice.random() < 0.3,
        "delay": dice.choice((0, 0, 1, 60, 400, 2000, 6000)),
        "sweeps": _sweeps(dice.random()),
        "places": dice.sample(PLACES, 3),
    }
    phrases = dice.choices(list(PHRASES), list(PHRASES.values()), k=dice.randint(2, 4))
    told = [[Step("dispatch", 0, 0, 0, ("minutes", begin["delay"], 0))]]
    told[0] += [_step("sign", n / begin["units"], dice, 0.9) for n in range(begin["units"]) if dice.random() < 0.8]
    return begin, [*told[0], *_woven([_phrase(names, dice) for names in phrases], dice)][:MOST_STEPS]


def _sweeps(figure: float) -> str:
    """When the clockwork looks: at each moment, where time does more than tell, or once after a downtime."""
    return "each" if figure < 0.04 else "late" if figure < 0.2 else "acting"


def _phrase(names: tuple[str, ...], dice: random.Random) -> list[Step]:
    task = dice.random()
    return [_step(name, task, dice, 0.2 if n else 0) for n, name in enumerate(names)]


def _step(name: str, task: float, dice: random.Random, soon: float) -> Step:
    gap = ("minutes", dice.randint(1, 60), 0) if dice.random() < soon else _gap(dice)
    return Step(name, task, dice.random(), dice.random(), gap)


def _woven(phrases: list[list[Step]], dice: random.Random) -> list[Step]:
    found = []
    while phrases:
        phrase = dice.choice(phrases)
        found.append(phrase.pop(0))
        phrases = [left for left in phrases if left]
    return found


def _gap(dice: random.Random) -> tuple[str, float, int]:
    """Mostly minutes or hours; often the very moment of a rung, or near a due; at times days."""
    kind = dice.random()
    if kind < 0.35:
        return "minutes", dice.randint(1, 30), 0
    if kind < 0.5:
        return "minutes", dice.randint(30, 600), 0
    if kind < 0.7:
        return "moment", dice.random(), dice.choice((-1, 0, 1))
    if kind < 0.88:
        return "due", dice.random(), dice.randint(-300, 60)
    return "minutes", dice.randint(600, 4000), 0
