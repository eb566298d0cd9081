"""What the center does beside the issues: voices that make none are set aside, incomplete ones go back to a unit."""

from datetime import timedelta
from random import Random

from cxloop.seeds.history.pace import Pace
from cxloop.seeds.history.scene import Line
from cxloop.seeds.history.stage import Stage, moment, weights, written
from cxloop.seeds.history.voices import Voices

SET_ASIDE = 160
REVEALED = 24
REASONS = ("enquiry_only", "praise", "single_voice", "out_of_scope", "below_threshold")
REPORTED = 36
RETURNED_OF_TEN = 3
LATEST_DAY = 87
TEXT = "{place}门店和班组反映：{voice}"


def noise_lines(stage: Stage, voices: Voices, rng: Random) -> list[Line]:
    """The lines about voices that belong to no issue."""
    pace = Pace(stage, rng, 3)
    lines: list[Line] = []
    noise = [voice for voice in voices.all if voice.about == "noise"]
    for voice in noise[:: max(1, len(noise) // SET_ASIDE)]:
        at = pace.desk(voice.at, 5, 300)
        reason = rng.choice(REASONS)
        lines.append(_line(written(at), ("analyst", "xu")[at.day % 2], "signal.set_aside", voice.alias, reason=reason))
    for n in range(1, REPORTED + 1):
        lines += _reported(stage, voices, pace, rng, n)
    return [*lines, *_called_back(voices, pace, rng)]


def _called_back(voices: Voices, pace: Pace, rng: Random) -> list[Line]:
    """To call a customer back somebody has to see the number, for a reason that stays on the trail."""
    reachable = [voice for voice in voices.all if voice.reachable and voice.taken]
    lines = []
    for voice in reachable[:: max(1, len(reachable) // REVEALED)][:REVEALED]:
        at, reason = pace.desk(voice.at, 200, 3000), rng.choice(["callback", "callback", "contact_customer"])
        by = ("analyst", "xu")[at.day % 2]
        lines.append(_line(written(at), by, "signal.reveal", voice.alias, reason=reason))
    return lines


def _reported(stage: Stage, voices: Voices, pace: Pace, rng: Random, n: int) -> list[Line]:
    """A unit's lead registers what the front line says; if it is too thin it goes back and is completed."""
    heavy = weights()
    unit = rng.choices(list(heavy), list(heavy.values()))[0]
    at = pace.soon(unit, moment(1 + n * (LATEST_DAY - 2) // REPORTED, "10:00"), 5, 300)
    lead, alias = stage.lead(unit), f"u{n}"
    text = TEXT.format(place=stage.short(unit), voice=rng.choice(rng.choice(voices.texts())))
    fields = {"source": "unit", "channel": rng.choice(["frontline", "store"]), "text": text, "as": alias}
    lines = [_line(written(at), lead, "signal.register", None, **fields)]
    if rng.randint(1, 10) > RETURNED_OF_TEN:
        return lines
    back = pace.desk(at, 30, 300)
    asked = {"reason": rng.choice(["place_missing", "time_missing", "check_missing"])}
    lines.append(_line(written(back), "xu", "signal.return", alias, **asked))
    if rng.random() < 0.7:
        done = pace.soon(unit, back + timedelta(minutes=1), 60, 900)
        place = rng.choice(["市区", "县城", "开发区"])
        said = f"补充：发生在{place}，近一周，已由门店先行安抚。"
        lines.append(_line(written(done), lead, "signal.complete", alias, text=said))
    return lines


def _line(at: str, by: str, act: str, on: str | None, **fields: str) -> Line:
    return {"at": at, "by": by, "act": act, **({} if on is None else {"on": on}), **fields}
