"""The sixty-two issues as data: the plan of config/demo/issues.yaml joined with themes and fillers."""

from typing import Any

from cxloop.seeds.codes import demo

Story = dict[str, Any]

# How many voices a theme has, against a filler.
VOLUME = {"T": 2.0, "F": 0.5}


def stories() -> list[Story]:
    """Every issue's plan with all that is known of it, in the order in which they are opened; `alias` names it."""
    themes = {row["id"]: _theme(row) for row in demo("themes")["themes"]}
    known = themes | {row["id"]: _filler(n, row) for n, row in enumerate(demo("issues")["fillers"])}
    return [
        {
            **known[plan.get("of", plan["id"])],
            "alias": f"a{n}",
            "theme": plan.get("of", plan["id"]),
            "verdicts": [],
            **plan,
        }
        for n, plan in enumerate(demo("issues")["issues"], 1)
    ]


def _theme(row: Story) -> Story:
    voices = [row["voice"], *demo("voices")["themes"][row["id"]]]
    return {k: v for k, v in row.items() if k != "voice"} | {
        "voices": voices,
        "speaks": row["scope"],
        "volume": VOLUME["T"],
        "sudden": row["id"] == "T19",
    }


def _filler(n: int, row: Story) -> Story:
    named = demo("ninety_days")["fillers"][n]
    voices = demo("voices")["fillers"][named["title"]]
    rest = {"mode": "separate", "scope": [], "voices": voices, "speaks": "all", "volume": VOLUME["F"]}
    return {**rest, **named, **row}
