"""The demo's lived-in history: ninety days of voices, issues, tasks, verdicts and reports, as lines to replay.

Deterministic: every choice comes from one seed, and nothing depends on the order of a set. The generator keeps to the
real calendars and promises, so that an act lands where the rules allow it: nobody signs what was deemed signed.
"""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from cxloop.seeds.history.minor import noise_lines
from cxloop.seeds.history.script import tell
from cxloop.seeds.history.stage import BASE_AT, Stage, written
from cxloop.seeds.history.stories import stories
from cxloop.seeds.history.voices import Voices

__all__ = ["BASE_AT", "SEED", "history_lines"]

SEED = 20260824


def history_lines(*, until: date) -> list[dict[str, Any]]:
    """The history up to and including a date, sorted by `at`; every `at` is distinct, to the second.

    To be replayed after `base_lines(at=BASE_AT)`, merged by time with `later_lines()`.
    """
    rng, stage, told = Random(SEED), Stage(), stories()  # noqa: S311 - a story, not a secret
    aliases = {story["id"]: story["alias"] for story in told}
    voices = Voices(told, rng)
    lines = list(voices.lines)
    for story in told:
        lines += tell(stage, story, voices, rng.getrandbits(64), aliases)
    lines += noise_lines(stage, voices, rng)
    return [line for line in _spread(lines) if line["at"][:10] <= until.isoformat()]


def _spread(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sort by time and move what falls on the same second to the next free one, so that the order is the same for all.

    The sort is stable: what an issue's story says first comes first.
    """
    last = datetime.fromisoformat(BASE_AT)
    spread = []
    for line in sorted(lines, key=lambda line: line["at"]):
        last = max(datetime.fromisoformat(line["at"]), last + timedelta(seconds=1))
        spread.append({**line, "at": written(last)})
    return spread
