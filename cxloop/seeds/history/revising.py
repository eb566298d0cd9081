"""What is judged anew: the severity of an issue at work, a breach that is excused, an issue that was closed."""

from datetime import datetime

from cxloop.domain import clocks as rules
from cxloop.domain.vocabulary import CENTER
from cxloop.seeds.history.opening import effect_of, has_effect
from cxloop.seeds.history.scene import Part, Scene
from cxloop.seeds.history.stage import moment


def rerate(scene: Scene) -> None:
    """The manager rates the issue anew while units are at work, where the story says so."""
    plan = scene.story.get("rerate")
    if plan is None:
        return
    before = has_effect(scene)
    scene.rerated = True
    effect = effect_of(scene.story["effect"]) if has_effect(scene) and not before else None
    reason = scene.words.texts["rerated"][scene.story["id"]]
    fields = {"severity": scene.severity, "reason": reason, "effect": effect}
    scene.say(moment(*plan["at"]), scene.manager, "issue.rerate", scene.alias, **fields)


def restated(scene: Scene, part: Part, due: datetime) -> tuple[datetime, datetime] | None:
    """When the issue is rated anew while the unit works on its answer, and its due from then on (K11)."""
    plan = scene.story.get("rerate")
    if plan is None or part.landed is None or scene.rerated:
        return None
    at, severity, stage = moment(*plan["at"]), int(scene.story["severity"]), scene.stage
    if not part.landed < at < due:
        return None
    joint = stage.calendar(CENTER, at, severity=severity, kind="issue")
    several = part.wave.units > 1
    end = rules.wave_end(
        calendar=joint,
        issue_due=joint.due(part.wave.started, stage.target("issue", severity, several=several)),
        review=stage.policy.target("wave_end", severity, units=part.wave.units),
        gather=stage.policy.target("gather", severity) if part.duty == "support" else None,
    )
    calendar, least = stage.calendar(part.unit, at, severity=severity), stage.policy.target("units_min", severity)
    whole = rules.landing_due(calendar=calendar, end=end, at=part.landed, least=least)
    left = rules.remaining(
        calendar=calendar,
        at=at,
        whole=calendar.worked(part.landed, whole),
        consumed=calendar.worked(part.landed, at),
        floor=stage.policy.floor(severity),
    )
    return at, calendar.advance(at, left)


def waive(scene: Scene, part: Part) -> None:
    """The manager excuses the breach of a unit's answer, for a reason and with words; the breach stays."""
    planned = scene.story.get("waived", {}).get(part.unit)
    if planned is None or part.wave.at != part.landed:
        return
    day, at, reason = planned
    texts = [
        row["text"] for row in scene.words.own["appeal"] if row.get("waiver") == reason and row["unit"] == part.unit
    ]
    text = [*texts, scene.words.texts["waived"].get(reason, "")][0]
    # The first promise, or the one that the new rating made of it.
    plan = 1 + (scene.story.get("rerate") is not None)
    on = f"{part.on}/feedback.1"
    scene.say(moment(day, at), scene.manager, "breach.waive", on, reason=reason, text=text, plan=plan)


def reopen(scene: Scene) -> datetime | None:
    """The manager opens a closed issue again, where the story says so: when."""
    plan = scene.story.get("reopened")
    if plan is None:
        return None
    at, text = moment(*plan["at"]), scene.words.texts["reopened"][scene.story["id"]]
    scene.say(at, scene.manager, "issue.reopen", scene.alias, reason=plan["reason"], text=text)
    return at
