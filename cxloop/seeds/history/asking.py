"""A unit asks for more time: an extension 延期, or a pause 挂起. The center decides; the story goes on from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from cxloop.domain.calendar import Target
from cxloop.domain.vocabulary import CENTER
from cxloop.seeds.codes import codes, demo
from cxloop.seeds.history.pace import Pace
from cxloop.seeds.history.scene import Part, Scene
from cxloop.seeds.history.stage import day_of, moment, written
from cxloop.seeds.history.words import Words

# Of the answers for which a unit may ask at all.
EXTENDED, PAUSED = 0.115, 0.052
GRANTED = 0.82
# An extension that the center cuts short, and a pause that somebody ends before its latest day.
SHORTENED, BY_HAND = 0.25, 0.6
DECIDED_ON_TIME = 0.9
# Working days asked for, by severity.
MORE = {2: (1, 2), 3: (2, 4), 4: (3, 6)}
STRETCH = (2, 5)
# Too little is left to ask for more in good order.
LEAST = 3 * 3600


@dataclass(slots=True)
class Work:
    """A unit's work on an answer: who does it, since when, and its due; `open`: the story ends before its answer."""

    who: str
    since: datetime
    due: datetime
    open: bool = False


def ask(scene: Scene, part: Part, work: Work) -> None:
    """Tell what a unit asks for before it answers, as planned or by chance, and what becomes of it."""
    planned = scene.story.get("asks", {}).get(part.unit)
    if planned is not None and part.wave.at == part.landed:
        (_extend if planned["what"] == "extension" else _pause)(scene, part, work, planned)
        return
    if not _may(scene, part):
        return
    drawn = scene.luck.random()
    if drawn < EXTENDED:
        _extend(scene, part, work, {})
    elif drawn < EXTENDED + PAUSED:
        _pause(scene, part, work, {})


def _may(scene: Scene, part: Part) -> bool:
    story = scene.story
    told = {*story.get("answers", {}), *story.get("waived", {}), *story.get("stuck", ()), *story.get("copied", ())}
    told |= {story.get("third"), story.get("parked")}
    return part.steady and scene.severity in MORE and "rerate" not in story and part.unit not in told


def _pace(scene: Scene) -> Pace:
    return Pace(scene.stage, scene.luck, scene.severity)


def _words(scene: Scene) -> Words:
    return Words(scene.story, scene.luck)


def _planned(scene: Scene, part: Part, work: Work, plan: Mapping[str, Any]) -> datetime | None:
    """The planned moment, or soon after the unit has signed where that is later."""
    if not plan:
        return None
    at = moment(*plan["at"])
    return at if at > work.since else _pace(scene).soon(part.unit, work.since, 20, 60)


def _decision(scene: Scene, at: datetime, due: datetime) -> datetime | None:
    """When the center decides what was asked at a moment, before the due; None where it has no hour left for it."""
    target = min(scene.due("decide", CENTER, at), due)
    if scene.stage.calendar(CENTER, at, severity=scene.severity).worked(at, target) < LEAST // 2:
        return None
    if scene.luck.random() < DECIDED_ON_TIME:
        return _pace(scene).within(CENTER, at, target, 0.1, 0.7)
    return _pace(scene).within(CENTER, at, due, 0.6, 0.9)


# Extensions


def _extend(scene: Scene, part: Part, work: Work, plan: Mapping[str, Any]) -> None:
    calendar = scene.stage.calendar(part.unit, work.since, severity=scene.severity)
    lead = scene.stage.policy.extension_lead(scene.severity)
    if lead is None:
        return
    last = calendar.before(work.due, lead)
    if calendar.worked(work.since, last) < LEAST:
        return
    at = _planned(scene, part, work, plan) or _pace(scene).within(part.unit, work.since, last, 0.35, 0.95)
    fate = plan.get("fate") or ("granted" if scene.luck.random() < GRANTED else "refused")
    decided = at if fate == "open" else _after(scene, work.due) if fate == "late" else _decision(scene, at, work.due)
    if decided is None:
        return
    days = plan.get("days") or scene.luck.randint(*MORE[scene.severity])
    wanted = calendar.due(work.due, Target("days", Fraction(days)))
    reason, text = _said(scene, part, at, plan, "extension")
    scene.say(at, work.who, "extension.request", part.on, reason=reason, due_at=written(wanted), text=text)
    if fate == "open":
        work.open = True
        return
    work.since = decided
    if fate == "refused":
        _refuse(scene, part, decided, "extension")
        return
    shorter = fate == "granted" and days > 1 and scene.luck.random() < SHORTENED
    granted = calendar.due(work.due, Target("days", Fraction(days - 1))) if shorter else wanted
    text = _words(scene).pick("extension_cut" if shorter else "extension_granted")
    until = written(granted) if shorter else None
    by = _grants(scene, part, work.due, granted)
    scene.say(decided, by, "extension.grant", part.on, due_at=until, text=text)
    work.due = granted


def _after(scene: Scene, due: datetime) -> datetime:
    """Too late: the due has passed while nobody decided."""
    return _pace(scene).desk(due, 70, 200)


def _grants(scene: Scene, part: Part, due: datetime, granted: datetime) -> str:
    """Who may grant it: the analyst within the wave and the original length, beyond that the manager."""
    calendar = scene.stage.calendar(part.unit, due, severity=scene.severity)
    long = part.landed is None or calendar.worked(due, granted) > calendar.worked(part.landed, due)
    return scene.manager if long or granted > scene.end(part.wave) else scene.analyst


def _refuse(scene: Scene, part: Part, at: datetime, what: str) -> None:
    scene.say(at, scene.analyst, f"{what}.refuse", part.on, reason=_words(scene).pick(f"{what}_refused"))


# Pauses


def _pause(scene: Scene, part: Part, work: Work, plan: Mapping[str, Any]) -> None:
    calendar = scene.stage.calendar(part.unit, work.since, severity=scene.severity)
    if calendar.worked(work.since, work.due) < 2 * LEAST:
        return
    at = _planned(scene, part, work, plan) or _pace(scene).within(part.unit, work.since, work.due, 0.1, 0.6)
    fate = plan.get("fate") or ("granted" if scene.luck.random() < GRANTED else "refused")
    decided = at if fate == "open" else _decision(scene, at, work.due)
    if decided is None:
        return
    reason, text = _said(scene, part, at, plan, "pause")
    days = plan.get("days") or min(scene.luck.randint(*STRETCH), _longest(reason))
    until = calendar.due(at, Target("days", Fraction(days)))
    scene.say(at, work.who, "pause.request", part.on, reason=reason, text=text, until=written(until))
    if fate == "open":
        work.open = True
        return
    work.since = decided
    if fate == "refused":
        _refuse(scene, part, decided, "pause")
        return
    scene.say(decided, scene.analyst, "pause.grant", part.on, text=_words(scene).pick("pause_granted"))
    if fate == "running":
        work.open = True
        return
    left = calendar.worked(decided, work.due)
    work.since = _resumed(scene, part, work.who, decided, until, reason, fate)
    work.due = calendar.advance(work.since, left)


def _resumed(
    scene: Scene, part: Part, who: str, since: datetime, until: datetime, reason: str, fate: str
) -> datetime:  # fmt: skip
    if fate == "by_itself" or (fate != "by_hand" and scene.luck.random() >= BY_HAND):
        return until
    when = _pace(scene).within(part.unit, since, until, 0.4, 0.9)
    text = _words(scene).fill(scene.words.texts["resumed"][reason])
    scene.say(when, who, "clock.resume", part.on, text=text)
    return when


def _longest(reason: str) -> int:
    return next(int(row["max_days"]) for row in codes()["reason.pause"] if row["code"] == reason)


# Words


def _said(scene: Scene, part: Part, at: datetime, plan: Mapping[str, Any], what: str) -> tuple[str, str]:
    """The reason and the words: as planned, else such as fit the theme and the day."""
    reason = plan.get("reason") or scene.luck.choice(_fitting(scene, at, what))
    for row in scene.words.own["extension_text"] if what == "extension" and plan else ():
        if (row["theme"], row["reason"]) == (scene.story["id"], reason):
            return reason, row["text"]
    text = plan.get("text") or scene.luck.choice(scene.words.texts[f"{what}_texts"][reason])
    return reason, _words(scene).fill(text, unit=scene.stage.short(part.unit))


def _fitting(scene: Scene, at: datetime, what: str) -> list[str]:
    if what == "pause" and _frozen(at) and scene.story["category"].startswith(("network.", "home.", "enterprise.")):
        return ["network_freeze"]
    group = scene.story["category"].partition(".")[0]
    return list(scene.words.texts[f"{what}_fits"][group])


def _frozen(at: datetime) -> bool:
    """Whether changes to the network are barred, or are about to be."""
    [row] = demo("group")["freezes"]
    first, last = row["days"]
    return bool(first - 2 <= day_of(at) <= last)


# Measures


def extend_measure(
    scene: Scene, part: Part, n: int, due: datetime, who: str
) -> tuple[datetime, datetime, datetime] | None:
    """One promised date that is extended as planned: (when it was decided, the new due, when it was kept)."""
    plan = scene.story.get("extended", {}).get(part.unit)
    if plan is None or due != moment(scene.story["dated"][part.unit][0], "17:30"):
        return None
    at, wanted = moment(*plan["at"]), moment(*plan["to"])
    reason, text = _said(scene, part, at, plan, "extension")
    scene.say(at, who, "extension.request", part.on, reason=reason, due_at=written(wanted), text=text, measure=n)
    decided = _pace(scene).within(CENTER, at, min(scene.due("decide", CENTER, at), due), 0.2, 0.8)
    text = _words(scene).pick("extension_granted")
    scene.say(decided, scene.manager, "extension.grant", part.on, text=text)
    return decided, wanted, moment(*plan["kept"])
