"""What people write in the history: texts of the demo, filled in with the issue at hand and with figures."""

from collections.abc import Mapping
from random import Random
from typing import Any

from cxloop.seeds.codes import demo

Measures = list[dict[str, Any]]


class Words:
    """Texts about one issue; every choice comes from its random numbers."""

    def __init__(self, story: Mapping[str, Any], rng: Random) -> None:
        self.story, self.rng = story, rng
        self.texts, self.own = demo("history"), demo("texts")

    def pick(self, name: str, **more: Any) -> str:
        """One of the texts under this name, filled in."""
        return self.fill(self.rng.choice(self.texts[name]), **more)

    def fill(self, text: str, **more: Any) -> str:
        """Fill in {…}: figures unless given."""
        many, percent = self.rng.randint(40, 480), round(self.rng.uniform(91, 98.5), 1)
        values = {
            "n": many,
            "failed": round(many * (100 - percent) / 100),
            "m": max(3, int(many * self.rng.uniform(0.1, 0.5))),
            "p": percent,
            "less": round(percent - 35),
            "place": self.rng.choice(demo("voices")["places"]),
            "cause": self.story["cause"]["text"],
            "title": self.story["title"],
            "metric": self.story["effect"]["metric"],
            "before": self.story["effect"]["value"],
            **more,
        }
        return text.format(**values)

    def good(self, unit: str, duty: str) -> dict[str, Any]:
        """A sound answer: the source's own text once where there is one, else filled in from the theme."""
        return {
            "cause": self.pick("causes", unit=unit),
            "measures": self.measures(duty),
            "result": self.pick("results", unit=unit),
            "reply": self.rng.choice(self.texts["replies"]),
        }

    def sample(self) -> dict[str, Any] | None:
        """The answer that the demo's texts give for this theme, if any."""
        for row in self.own["feedback_good"]:
            if row["theme"] == self.story["id"]:
                return {name: row[name] for name in ("cause", "result", "reply")} | {
                    "measures": [dict(measure) for measure in row["measures"]]
                }
        return None

    def measures(self, duty: str) -> Measures:
        """The theme's measures: all of them for the main, the first two for the others."""
        rows = [{"kind": kind, "text": text} for kind, text in self.story["measures"].items()]
        return rows if duty == "main" else rows[:2]

    def poor(self, reason: str | None = None) -> tuple[dict[str, Any], str]:
        """An answer that will be sent back, and the reason."""
        rows = [row for row in self.own["feedback_poor"] if reason in (None, row["send_back"])]
        row = self.rng.choice(rows or self.own["feedback_poor"])
        measures = [
            {"kind": "correction", "text": self.rng.choice(["加强培训和宣贯", "组织专项排查", "约谈相关责任人"])}
        ]
        fields = {"outcome": "resolved", "cause": row["text"], "measures": measures, "result": row["text"]}
        return fields, reason or row["send_back"]

    def decline(self, proposed: str | None, shorts: Mapping[str, str], upheld: bool) -> dict[str, Any]:
        """A decline with its reason; `proposed` is the unit that it names."""
        named = [name for name, row in self.texts["declines"].items() if row["proposed"] == (proposed is not None)]
        reason = self.rng.choice(named if upheld else list(self.texts["declines"]))
        row = self.texts["declines"][reason]
        fields = {"reason": reason, "text": row["text"].format(proposed=shorts.get(proposed or "", ""))}
        if row["proposed"] and proposed is not None:
            fields["proposed_unit"] = proposed
        return fields

    def verdict(self, verdict: str, value: float, sample: int, *, numbers: bool, short: bool = False) -> str:
        """What is said with a verdict; `numbers`: the figure after is reported, `short`: it misses the target."""
        if not numbers:
            name = {"inconclusive": "inconclusive", "ineffective": "ineffective"}.get(verdict, "effective")
            return self.fill(self.rng.choice(self.texts["plain_verdicts"][name]))
        name = "effective_short" if short and verdict == "effective" else verdict
        text = self.rng.choice(self.texts["verdicts"][name])
        return self.fill(text, after=value, after_n=sample, sample=f"{sample}件")

    def control(self) -> tuple[str, int]:
        """The check that the closed issue leaves behind, and for how many rounds."""
        for row in self.own["controls"]:
            if row["theme"] == self.story["id"]:
                return row["item"], row["rounds"]
        return self.pick("controls"), self.rng.choice([3, 6])
