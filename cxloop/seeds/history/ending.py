"""Did it help? Verdicts on the effect, closing, and the audit's word."""

from datetime import datetime, timedelta
from typing import Any

from cxloop.domain.vocabulary import CENTER
from cxloop.seeds.history.opening import has_effect
from cxloop.seeds.history.scene import Part, Scene
from cxloop.seeds.history.stage import moment

AUDIT = "A01"
# All of these are audited. Of the others chance draws, by the trail itself, which no generator can foresee.
ALWAYS_DRAWN = 2
# How far from baseline to target the figure went, by verdict.
REACHED = {"effective": (1.02, 1.18), "ineffective": (0.05, 0.3), "inconclusive": (0.4, 0.85)}
MISSED = 0.12
SHARE = 5


def wait_end(scene: Scene, since: datetime) -> datetime:
    """When the effect wait that begins at a moment is over."""
    days = scene.stage.waits[scene.story["category"]]
    if has_effect(scene):
        days = max(days, scene.story["effect"]["window_days"])
    return since + timedelta(days=days)


def judge(scene: Scene, verdict: str, when: str | int, *, earliest: datetime, waited: datetime) -> datetime:
    """Record a verdict at the end of the wait or on its day, but never before `earliest`; gives the moment."""
    pace = scene.pace
    if when == "wait":
        at = pace.within(CENTER, waited, scene.due("verify", CENTER, waited), 0.1, 0.55)
    else:
        at = pace.desk(moment(int(when), "09:30"), 20, 300)
    if at <= earliest:
        at = pace.desk(earliest, 30, 200)
    record(scene, verdict, at)
    return at


def record(scene: Scene, verdict: str, at: datetime) -> None:
    """Write a verdict with its figures."""
    numbers = has_effect(scene)
    short = verdict == "effective" and scene.rng.random() < MISSED
    value, n = _after(scene, (0.9, 0.97) if short else REACHED[verdict])
    text = scene.words.verdict(verdict, value, n, numbers=numbers, short=short)
    method = "metric" if numbers else scene.rng.choice(["callback", "callback", "retest", "site"])
    after = {"value": value, "n": n} if numbers else None
    fields = {"verdict": verdict, "method": method, "text": text, "after": after}
    scene.say(at, scene.analyst, "verification.record", scene.alias, **fields)


def _after(scene: Scene, reached: tuple[float, float]) -> tuple[float, int]:
    effect, rng = scene.story["effect"], scene.rng
    value = effect["value"] + (effect["target"] - effect["value"]) * rng.uniform(*reached)
    if "(%)" in effect["metric"]:
        value = min(value, 99.8)
    small = min(effect["value"], effect["target"]) < SHARE
    return (round(value, 2) if small else round(value, 1)), int(effect["n"] * rng.uniform(0.7, 1.2))


def close(scene: Scene, parts: list[Part], at: datetime) -> datetime:
    """The manager closes after a verdict, and the auditors say their word where the issue is drawn; gives the end."""
    when = scene.pace.within(CENTER, at, scene.due("verify", CENTER, at), 0.08, 0.3)
    _close(scene, parts, when)
    returned = scene.story.get("returned")
    if returned is not None:
        when = _returned(scene, parts, when, returned)
    sent_back = max(part.send_backs for part in parts) >= scene.stage.policy.send_backs
    revised = "rerate" in scene.story or "waived" in scene.story
    drawn = scene.severity <= ALWAYS_DRAWN or returned is not None or sent_back or revised
    if not drawn or scene.story.get("unaudited"):
        return when
    ended = scene.pace.by(AUDIT, when, scene.due("audit", AUDIT, when), on_time=0.9, low=0.3)
    scene.say(ended, scene.auditor, "audit.approve", scene.alias, opinion=scene.words.pick("opinions"))
    return ended


def _returned(scene: Scene, parts: list[Part], closed: datetime, returned: dict[str, Any]) -> datetime:
    at = max(moment(returned["day"], returned["at"]), scene.pace.soon(AUDIT, closed, 60, 120))
    texts = [row["text"] for row in scene.words.own["audit_return"] if row["theme"] == scene.story["id"]]
    scene.say(at, scene.auditor, "audit.return", scene.alias, findings=texts)
    checked = scene.pace.desk(at, 600, 1100)
    record(scene, "effective", checked)
    when = scene.pace.desk(checked, 90, 400)
    _close(scene, parts, when, answers=[scene.words.texts["answers"][scene.story["id"]]])
    return when


def _close(scene: Scene, parts: list[Part], at: datetime, answers: list[str] | None = None) -> None:
    words, story = scene.words, scene.story
    value, _n = _after(scene, REACHED["effective"])
    summary = words.texts["summary"][1 if has_effect(scene) else 0]
    scene.say(
        at,
        scene.manager,
        "closure.close",
        scene.alias,
        summary=words.fill(summary, after=value),
        cause=dict(story["cause"]),
        liability=_liability(scene, parts),
        controls=_controls(scene, parts),
        no_controls_reason=words.texts["no_controls"],
        answers=answers,
    )


def _liability(scene: Scene, parts: list[Part]) -> list[dict[str, str]]:
    units = list(dict.fromkeys(part.unit for part in parts if not part.cancelled))
    main = scene.story["main"]
    codes = ["none", "none", "none", "partly", "partly", "liable"]
    return [{"unit": unit, "code": "liable" if unit == main else scene.rng.choice(codes)} for unit in units]


def _controls(scene: Scene, parts: list[Part]) -> list[dict[str, Any]]:
    """The main unit always gets one; of the others those that answered for a lasting change."""
    item, rounds = scene.words.control()
    units = dict.fromkeys(part.unit for part in parts if part.duty != "support" and not part.cancelled)
    kept = [unit for unit in units if unit == scene.story["main"] or scene.rng.random() < 0.7]
    return [{"unit": unit, "item": item, "rounds": rounds} for unit in kept]
