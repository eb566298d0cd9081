"""A unit answers, the center judges, and what was planned is followed to its end."""

from datetime import datetime, timedelta
from typing import Any

from cxloop.domain.vocabulary import CENTER
from cxloop.seeds.history.asking import Work, ask, extend_measure
from cxloop.seeds.history.holding import EXEMPLARS, land
from cxloop.seeds.history.revising import restated, waive
from cxloop.seeds.history.scene import Part, Scene
from cxloop.seeds.history.stage import CHINA, moment, written

LAGGARDS = frozenset({"P41", "P14", "D03"})
# The chance of answering in time, and of an answer being accepted at once.
IN_TIME = {"laggard": 0.8, "exemplar": 0.99, "other": 0.95}
FIRST_PASS = {"laggard": 0.55, "exemplar": 0.97, "other": 0.76}
REVIEWED_IN_TIME = 0.85
MEASURE_IN_TIME = 0.79
MEASURE_RETURNED = 0.06
WITHDRAWN = 0.015
NUDGED = 0.55
# What the units' answers come to: main and supports, then the provinces' own parts.
OUTCOMES = {
    "resolved": {"main": (("resolved", 100),), "other": (("resolved", 80), ("explained", 10), ("planned", 6))},
    "planned": {"main": (("planned", 100),), "other": (("resolved", 66), ("planned", 22), ("explained", 8))},
}
NOT_FOUND = ("not_found", 4)
# Natural days to the dates of planned measures, by what the theme comes to.
PLANNED_DAYS = {"resolved": (8, 15), "planned": (18, 40)}


def work(scene: Scene, part: Part, at: datetime, *, first: datetime | None = None) -> None:
    """Tell a task from the moment it lands to its end."""
    since, due, who = land(scene, part, at, first=first)
    if part.unit in scene.story.get("cancelled", {}):
        _cancel(scene, part, since)
        return
    if part.unit in scene.story.get("moved", {}):
        since, due, who = land(scene, part, _move(scene, part, since))
    if part.unit in scene.story.get("stuck", ()):
        _stuck(scene, part, due)
        return
    task = Work(who, since, due)
    ask(scene, part, task)
    if task.open:
        return
    when, due = _first_answer(scene, part, task)
    if when > due and scene.rng.random() < NUDGED:
        _nudge(scene, part, due, when)
    _answer(scene, part, when, due, task.who)
    waive(scene, part)


def _first_answer(scene: Scene, part: Part, task: Work) -> tuple[datetime, datetime]:
    """When the unit answers, and the due that holds then."""
    answers, story = scene.story.get("answers", {}), scene.story
    if part.unit in answers and part.wave.units > 1:
        return moment(*answers[part.unit]), task.due
    on_time = IN_TIME[_habit(part.unit)]
    when = scene.pace.by(part.unit, task.since, task.due, on_time=on_time, low=0.25, high=0.8)
    again = restated(scene, part, task.due)
    if again is not None and when > again[0]:
        if part.unit in story["rerate"].get("late", ()):
            return scene.pace.within(part.unit, again[1], task.due, 0.3, 0.7), again[1]
        return scene.pace.by(part.unit, *again, on_time=on_time, low=0.25, high=0.8), again[1]
    if part.unit in story.get("waived", {}):
        when = scene.pace.soon(part.unit, task.due, 30, 90)
    return when, task.due


def _cancel(scene: Scene, part: Part, since: datetime) -> None:
    when, part.cancelled = scene.pace.desk(since, 60, 300), True
    reason = scene.story["cancelled"][part.unit]
    scene.say(when, scene.analyst, "task.cancel", part.on, reason=reason, text=scene.words.texts["cancelled"][reason])


def _move(scene: Scene, part: Part, since: datetime) -> datetime:
    """A conference finds that another unit has to do it: when the task lands there."""
    when = scene.pace.desk(since, 120, 400)
    part.unit = scene.story["moved"][part.unit]
    scene.say(when, scene.analyst, "task.transfer", part.on, unit=part.unit, reason="conference")
    return when


def _habit(unit: str) -> str:
    return "laggard" if unit in LAGGARDS else "exemplar" if unit in EXEMPLARS else "other"


def _nudge(scene: Scene, part: Part, due: datetime, answered: datetime) -> None:
    when = scene.pace.within(CENTER, due, answered, 0.1, 0.6)
    if due < when < answered:
        scene.say(when, scene.analyst, "task.nudge", part.on, text=scene.rng.choice(scene.words.texts["nudge"]))


def _stuck(scene: Scene, part: Part, due: datetime) -> None:
    when = scene.pace.desk(due, 60, 240)
    scene.say(when, scene.analyst, "task.nudge", part.on, text=scene.words.texts["nudge"][0])
    when = scene.pace.desk(when, 300, 600)
    text = scene.words.texts["supervise"]["yellow"]
    scene.say(when, scene.manager, "task.supervise", part.on, level="yellow", text=text)


def _answer(scene: Scene, part: Part, when: datetime, due: datetime, who: str) -> None:
    """Answers until one is accepted. A send-back leaves what was left, or the floor."""
    while True:
        reason = _sent_back(scene, part)
        fields = _poor(scene, part, reason) if reason else _good(scene, part, when)
        part.measures += len(fields["measures"])
        when = _submit(scene, part, when, who, fields)
        target = scene.due("review", CENTER, when, units=part.wave.units)
        judged = scene.pace.by(CENTER, when, target, on_time=REVIEWED_IN_TIME, low=0.08, high=0.6)
        if reason is None:
            _accept(scene, part, judged, fields, who)
            return
        part.send_backs += 1
        text = scene.words.texts["send_back_text"][reason]
        scene.say(judged, scene.analyst, "review.send_back", part.on, reason=reason, text=text)
        when, due = _again(scene, part, judged, when, due)


def _again(scene: Scene, part: Part, judged: datetime, submitted: datetime, due: datetime) -> tuple[datetime, datetime]:
    calendar = scene.stage.hours(part.unit, severity=scene.severity)
    left = calendar.worked(submitted, due) if due > submitted else 0
    floor = scene.stage.policy.floor(scene.severity)
    due = calendar.advance(judged, max(left, floor.seconds))
    on_time = IN_TIME[_habit(part.unit)]
    return scene.pace.by(part.unit, judged, due, on_time=on_time, low=0.15, high=0.6), due


def _sent_back(scene: Scene, part: Part) -> str | None:
    """Why the next answer will be sent back, if it will."""
    story = scene.story
    if part.unit == story.get("third") and part.duty == "separate":
        return ("only_soothing", "no_evidence", "no_sweep")[part.send_backs] if part.send_backs < 3 else None
    if part.unit in story.get("copied", ()) and not part.send_backs:
        return "copied"
    chance = FIRST_PASS[_habit(part.unit)] if not part.send_backs else 0.88
    if part.unit == story.get("parked") or scene.severity == 1 or scene.rng.random() < chance:
        return None
    return str(scene.rng.choice(scene.words.own["feedback_poor"])["send_back"])


def _poor(scene: Scene, part: Part, reason: str) -> dict[str, Any]:
    if reason != "copied":
        return scene.words.poor(reason)[0]
    texts = scene.words.texts["copied"]
    measures = [{"kind": "correction", "text": texts["measure"]}]
    return {"outcome": "resolved", "cause": texts["cause"], "measures": measures, "result": texts["result"]}


def _good(scene: Scene, part: Part, when: datetime) -> dict[str, Any]:
    words, name = scene.words, scene.stage.short(part.unit)
    if part.unit == scene.story.get("parked") and part.duty == "separate":
        return _parked(scene, when)
    share = OUTCOMES[scene.story["result"]]["main" if part.duty == "main" else "other"]
    share = share if part.duty == "main" else (*share, NOT_FOUND)
    outcome = scene.rng.choices([code for code, _n in share], [n for _code, n in share])[0]
    if scene.severity == 1:
        outcome = "resolved"
    if part.unit in scene.story.get("dated", {}):
        outcome = "planned"
    fields = {"outcome": outcome, **words.good(name, part.duty)}
    sample = words.sample() if part.duty == "separate" and outcome == "resolved" else None
    if sample is not None and not scene.story.get("sampled"):
        scene.story["sampled"] = True
        return fields | sample
    if outcome in {"explained", "not_found"}:
        return fields | {"cause": words.pick(outcome, unit=name), "measures": []}
    if outcome == "planned":
        fields |= {"cause": words.pick("planned", unit=name), "result": words.pick("plan_result", days=30)}
        _date_measures(scene, part, when, fields["measures"])
    return fields


def _date_measures(scene: Scene, part: Part, when: datetime, measures: list[dict[str, Any]]) -> None:
    # What stops the damage is done with the answer; the rest bears the date for which it is promised.
    low, high = scene.story.get("plan") or PLANNED_DAYS[scene.story["result"]]
    fixed = scene.story.get("dated", {}).get(part.unit, ())
    days = scene.rng.randint(low, (low + high) // 2)
    for n, measure in enumerate(measures[1:] or measures):
        agreed = moment(fixed[n], "17:30") if n < len(fixed) else scene.pace.workday(part.unit, when, days)
        measure["due_at"] = written(agreed)
        days = scene.rng.randint(days, high)


def _parked(scene: Scene, when: datetime) -> dict[str, Any]:
    words = scene.words
    return {
        "outcome": "parked",
        "cause": words.pick("parked_cause"),
        "measures": [],
        "result": words.pick("parked_result"),
        "reason": "property_refused",
        "review_at": written((when + timedelta(days=90)).astimezone(CHINA).replace(hour=9, minute=0)),
    }


def _submit(scene: Scene, part: Part, when: datetime, who: str, fields: dict[str, Any]) -> datetime:
    scene.say(when, who, "feedback.submit", part.on, **fields)
    if part.send_backs or scene.severity == 1 or scene.rng.random() >= WITHDRAWN:
        return when
    back = when + timedelta(minutes=scene.rng.randint(3, 9))
    scene.say(back, who, "feedback.withdraw", part.on)
    when = scene.pace.soon(part.unit, back, 15, 60)
    scene.say(when, who, "feedback.submit", part.on, **fields)
    part.measures += len(fields["measures"])
    return when


def _accept(scene: Scene, part: Part, when: datetime, fields: dict[str, Any], who: str) -> None:
    quality = max(2, scene.rng.choice([3, 4, 4, 5]) - part.send_backs)
    said = {"quality": quality, "remark": scene.rng.choice(scene.words.texts["remarks"])}
    if fields["outcome"] == "not_found":
        said["liability"] = "none"
    scene.say(when, scene.analyst, "review.accept", part.on, **said)
    part.answered = part.done = when
    part.parked = fields["outcome"] == "parked"
    if fields["outcome"] == "planned":
        first = part.measures - len(fields["measures"])
        for n, measure in enumerate(fields["measures"], first + 1):
            if "due_at" in measure:
                part.done = max(part.done, _follow(scene, part, when, n, measure, who))


def _follow(scene: Scene, part: Part, since: datetime, n: int, measure: dict[str, Any], who: str) -> datetime:
    """A measure is carried out, in time or not, and confirmed: when."""
    due, on, words = datetime.fromisoformat(measure["due_at"]), f"{part.on}/{n}", scene.words
    later = extend_measure(scene, part, n, due, who)
    if later is not None:
        since, due, done = later
    elif scene.rng.random() < MEASURE_IN_TIME and due > since:
        done = scene.pace.within(part.unit, since, due, 0.55, 0.97)
    else:
        done = scene.pace.soon(part.unit, max(due, since), 120, 2600)
    if scene.rng.random() < MEASURE_RETURNED:
        scene.say(done, who, "measure.complete", on, text=measure["text"])
        back = scene.pace.desk(done, 60, 500)
        text = words.texts["measure_return"]
        scene.say(back, scene.analyst, "measure.send_back", on, reason="no_evidence", text=text)
        done = scene.pace.soon(part.unit, back, 60, 400)
    scene.say(done, who, "measure.complete", on, text=words.pick("measure_done", what=measure["text"]))
    confirmed = scene.pace.desk(done, 60, 700)
    scene.say(confirmed, scene.analyst, "measure.confirm", on)
    return confirmed
