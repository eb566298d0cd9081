"""The customers' voices: six thousand in ninety daily imports, by channel, province and the theme of the day."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cxloop.seeds.codes import demo
from cxloop.seeds.history.stage import LAST_DAY, moment, weights, written

Line = dict[str, Any]

# Of a hundred voices so many make no issue: questions, thanks, other people's matters.
NOISE_PERCENT = 6
SOURCES = {"hotline": "crm", "app": "app", "survey": "survey", "instant": "survey", "regulator": "appeal-system"}
WEEKEND = 0.8
IMPORTED_AT = "09:02"
# How loud a theme is before it is opened, while it is worked on, and afterwards.
BEFORE, DURING, AFTER = 0.6, 1.6, 0.2
LEAD_DAYS, TAIL_DAYS = 24, 6


@dataclass(slots=True)
class Voice:
    """One voice: the alias by which lines name it, when it came in, from where, and what it is about."""

    alias: str
    at: datetime
    unit: str
    about: str
    reachable: bool = False
    taken: bool = False


class Voices:
    """All voices with the lines that import them; issues take theirs from here."""

    def __init__(self, stories: Sequence[Mapping[str, Any]], rng: Random) -> None:
        self.rng = rng
        self.lines: list[Line] = []
        self.all: list[Voice] = []
        self._stories = {story["id"]: story for story in stories if not story.get("of")}
        self._shares = demo("ninety_days")["signals_by_channel_percent"]
        self._weights = weights()
        sizes = _sizes(demo("ninety_days")["volume"]["signals"])
        for day in range(1, LAST_DAY + 1):
            self._import(day, sizes[day - 1])

    def take(self, about: str, *, before: datetime, most: int, units: Sequence[str] = ()) -> list[str]:
        """The aliases of up to `most` voices on this theme that came in before a moment and are in no issue yet."""
        found = [
            voice
            for voice in self.all
            if voice.about == about and not voice.taken and voice.at < before and (not units or voice.unit in units)
        ][-most:]
        for voice in found:
            voice.taken = True
        return [voice.alias for voice in found]

    def left(self, about: str, *, first: datetime, last: datetime) -> list[Voice]:
        """The voices on a theme that came in between two moments and are in no issue yet."""
        return [v for v in self.all if v.about == about and not v.taken and first <= v.at < last]

    def texts(self) -> list[list[str]]:
        """What customers say, by theme."""
        return [story["voices"] for story in self._stories.values()]

    def _import(self, day: int, size: int) -> None:
        at = moment(day, IMPORTED_AT) + timedelta(seconds=self.rng.randint(5, 170))
        channels = list(self._shares)
        chosen = self.rng.choices(channels, [self._shares[name] for name in channels], k=size)
        rows = [{"row": n, "fields": self._fields(day, n, channel, at)} for n, channel in enumerate(chosen, 1)]
        by = ("analyst", "xu")[day % 2]
        self.lines.append(
            {"at": written(at), "by": by, "act": "signal.import", "as": f"d{day}", "rows": rows},
        )

    def _fields(self, day: int, n: int, channel: str, at: datetime) -> dict[str, Any]:
        rng = self.rng
        noise = rng.randint(1, 100) <= NOISE_PERCENT
        about = "noise" if noise else self._theme(day, channel)
        unit = self._unit(about)
        self.all.append(Voice(f"d{day}/{n}", at, unit, about))
        occurred = at - timedelta(minutes=rng.randint(30, 1500))
        source = SOURCES.get(channel, channel)
        fields = {
            "source": source,
            "external_id": f"{source}-{occurred:%m%d}-{day:02}{n:03}",
            "channel": channel,
            "text": self._text(about, unit),
            "occurred_at": written(occurred),
            "unit": unit,
        }
        if channel == "probe" and not noise:
            fields["text"] = self._alarm(about, day, n)
        if not noise:
            fields |= {name: self._stories[about][name] for name in ("touchpoint", "product")}
        fields |= self._score(channel, noise) | self._contact(channel)
        self.all[-1].reachable = "contact" in fields
        return fields

    def _theme(self, day: int, channel: str) -> str:
        loud = [_loudness(story, day, channel) for story in self._stories.values()]
        return str(self.rng.choices(list(self._stories), loud)[0])

    def _unit(self, about: str) -> str:
        story = self._stories.get(about)
        speaking = list(self._weights) if story is None or story["speaks"] == "all" else list(story["speaks"])
        return self.rng.choices(speaking, [self._weights[unit] for unit in speaking])[0]

    def _text(self, about: str, unit: str) -> str:
        voices, rng = demo("voices"), self.rng
        if about == "noise":
            return str(rng.choice(voices["noise"])["text"])
        text = rng.choice(self._stories[about]["voices"])
        place = rng.choice(["", f"({rng.choice(voices['places'])})"])
        return f"{rng.choice(voices['openings'])}{text}{rng.choice(voices['endings'])}{place}"

    def _alarm(self, about: str, day: int, n: int) -> str:
        """What a probe says: a figure, not a person's words."""
        effect = self._stories[about]["effect"]
        value = round(effect["value"] * (1 + ((day * 7 + n) % 11 - 5) / 200), 1)
        text: str = demo("history")["probe"]
        return text.format(metric=effect["metric"], value=value, target=effect["target"], days=2 + (day + n) % 5)

    def _score(self, channel: str, noise: bool) -> dict[str, Any]:
        if channel == "survey":
            return {"score": {"kind": "nps", "value": self.rng.randint(8, 10) if noise else self.rng.randint(0, 7)}}
        if channel == "instant":
            return {"score": {"kind": "csat", "value": self.rng.randint(4, 5) if noise else self.rng.randint(1, 3)}}
        return {}

    def _contact(self, channel: str) -> dict[str, Any]:
        # Numbers that begin with 120 are given to nobody.
        if channel not in {"hotline", "regulator", "gov_hotline", "group_line"} or self.rng.random() < 0.5:
            return {}
        name = self.rng.choice(demo("voices")["surnames"]) + self.rng.choice(["女士", "先生"])
        return {"contact": {"name": name, "phone": f"120{self.rng.randint(0, 99_999_999):08}"}}


def _sizes(total: int) -> list[int]:
    """How many voices come in on each day: fewer at the weekend, the sum is the total."""
    shares = [WEEKEND if day % 7 in {6, 0} else 1.0 for day in range(1, LAST_DAY + 1)]
    whole, given, sizes = sum(shares), 0, []
    for n in range(1, LAST_DAY + 1):
        until = round(total * sum(shares[:n]) / whole)
        sizes.append(until - given)
        given = until
    return sizes


def _loudness(story: Mapping[str, Any], day: int, channel: str) -> float:
    opened = story["day"]
    if story.get("sudden") and day <= opened:
        return 0.0
    if day < opened - LEAD_DAYS:
        loud = BEFORE
    elif day < opened + TAIL_DAYS:
        loud = DURING
    else:
        loud = AFTER
    own = 3.0 if story["channel"] == channel else 1.0
    return loud * own * float(story["volume"])
