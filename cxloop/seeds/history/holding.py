"""A task lands on a unit: it is signed for, left to be deemed signed, or declined and sent on."""

from datetime import datetime, timedelta

from cxloop.domain.vocabulary import CENTER
from cxloop.seeds.history.scene import Part, Scene

DEEMED = 0.034
DECLINED = 0.095
UPHELD = 0.45
DECIDED_ON_TIME = 0.88
EXEMPLARS = frozenset({"P33", "P32", "B01"})
# In such severities nobody has the time to decline at leisure.
AT_ONCE = 1


def land(scene: Scene, part: Part, at: datetime, *, first: datetime | None = None) -> tuple[datetime, datetime, str]:
    """Tell how the unit takes the task from the moment it lands: (since when it works, the due, who does the work)."""
    again = first is not None
    told = _declined_as_planned(scene, part, at) if not again else None
    if told is None and not again and _declines(scene, part):
        proposed = _elsewhere(scene, part)
        told = _decline(scene, part, at, proposed, upheld=scene.rng.random() < UPHELD)
    if told is not None:
        return land(scene, part, told, first=at)
    since, who = _sign(scene, part, at, certain=again)
    part.landed, part.steady = at, at == part.wave.at
    return since, scene.landing(part, at, first=first), who


def _declines(scene: Scene, part: Part) -> bool:
    calm = part.duty != "main" and scene.severity != AT_ONCE and part.unit not in EXEMPLARS
    planned = {**scene.story.get("answers", {}), **scene.story.get("waived", {}), **scene.story.get("asks", {})}
    return calm and part.unit not in planned and scene.rng.random() < DECLINED


def _elsewhere(scene: Scene, part: Part) -> str:
    others = [unit for unit in (*scene.story["support"], scene.story["main"]) if unit != part.unit]
    return others[0] if others else "D04" if part.unit != "D04" else "D03"


def _declined_as_planned(scene: Scene, part: Part, at: datetime) -> datetime | None:
    planned = scene.story.get("declines", {}).get(part.unit)
    if planned is not None:
        return _decline(scene, part, at, planned[1], upheld=planned[2], reason=planned[0])
    mutual = scene.story.get("mutual")
    if mutual is None or part.unit != mutual[0] or part.duty != "separate" or part.wave.at != at:
        return None
    return _adjudicated(scene, part, at, *mutual)


def _decline(
    scene: Scene, part: Part, at: datetime, proposed: str, *, upheld: bool, reason: str | None = None
) -> datetime:
    """The unit declines within its window, the center decides; gives the moment at which the task lands again."""
    stage, pace = scene.stage, scene.pace
    until = scene.due("decline_window", part.unit, at)
    when = pace.within(part.unit, at, until, 0.1, 0.7)
    fields = scene.words.decline(proposed, {proposed: stage.units[proposed]["name"]}, upheld)
    for row in scene.words.own["decline_text"]:
        if reason is not None and row["reason"] == reason:
            fields = {"reason": reason, "text": row["text"], "proposed_unit": proposed}
    scene.say(when, stage.lead(part.unit), "task.decline", part.on, **fields)
    decided = pace.by(CENTER, when, scene.due("decide", CENTER, when), on_time=DECIDED_ON_TIME)
    moves = upheld and "proposed_unit" in fields
    unit = proposed if moves else part.unit
    text = scene.words.pick("upheld_decline" if moves else "refused_decline")
    scene.say(decided, scene.analyst, "task.redispatch", part.on, unit=unit, text=text)
    part.unit = unit
    return decided


def _adjudicated(scene: Scene, part: Part, at: datetime, one: str, other: str) -> datetime:
    """Two units decline in each other's favour; the manager binds the second."""
    stage, pace, texts = scene.stage, scene.pace, scene.words.texts
    said = {"reason": "not_our_region", "text": texts["mutual_declines"][0], "proposed_unit": other}
    when = pace.soon(one, at, 25, 50)
    scene.say(when, stage.lead(one), "task.decline", part.on, **said)
    when = pace.desk(when, 20, 40)
    text = texts["upheld_decline"][0]
    scene.say(when, scene.analyst, "task.redispatch", part.on, unit=other, text=text)
    when = pace.soon(other, when, 45, 90)
    back = {"reason": "cause_elsewhere", "text": texts["mutual_declines"][1], "proposed_unit": one}
    scene.say(when, stage.lead(other), "task.decline", part.on, **back)
    when = pace.desk(when, 90, 120)
    scene.say(when, "lin", "task.adjudicate", part.on, unit=other, text=texts["adjudicated"])
    part.unit = other
    return when


def _sign(scene: Scene, part: Part, at: datetime, *, certain: bool) -> tuple[datetime, str]:
    """Somebody signs in time, or nobody does and the sweep signs: (when, who does the work then)."""
    stage, pace, rng = scene.stage, scene.pace, scene.rng
    due = scene.due("sign", part.unit, at)
    lead, handler = stage.lead(part.unit), stage.handler(part.unit)
    steady = certain or scene.severity == AT_ONCE or part.unit in EXEMPLARS
    if not steady and rng.random() < DEEMED:
        if rng.random() < 0.3:
            return due + timedelta(minutes=5), lead
        when = pace.soon(part.unit, due + timedelta(minutes=1), 20, 150)
        scene.say(when, lead, "task.assign", part.on, handler=handler)
        return when, handler
    when = pace.within(part.unit, at, due, 0.05, 0.8)
    if rng.random() < 0.55:
        scene.say(when, handler, "task.sign", part.on)
        return when, handler
    if rng.random() < 0.85:
        scene.say(when, lead, "task.sign", part.on, handler=handler)
        return when, handler
    scene.say(when, lead, "task.sign", part.on)
    return when, lead
