"""An issue is opened from voices, analysed, and dispatched; or it ends before that."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from cxloop.domain.vocabulary import CENTER
from cxloop.seeds.codes import demo
from cxloop.seeds.history.scene import Part, Scene
from cxloop.seeds.history.stage import moment, written
from cxloop.seeds.history.voices import Voices

TRIAGED_IN_TIME = 0.925
LINKED_AT_ONCE = {"T": 130, "F": 60, "R": 50}
# Severity 1 and 2 need a criterion; of the rest the narrow repeats do without.
WITH_EFFECT = 2


def open_issue(scene: Scene, voices: Voices) -> datetime:
    """Open the issue at its planned hour from what has come in; gives the moment."""
    story, at = scene.story, moment(scene.story["day"], scene.story["at"])
    narrow = story["scope"] if story.get("of") and story["scope"] != "all" else ()
    found = voices.take(story["theme"], before=at, most=LINKED_AT_ONCE[story["id"][0]], units=narrow)
    if not found:
        found = [_alarm(scene, at)]
    scene.say(
        at,
        scene.analyst,
        "issue.open",
        title=story["title"],
        description=_description(scene, len(found)),
        channel=story["channel"],
        urgency={1: "extra", 2: "urgent"}.get(scene.severity),
        severity=scene.severity if story.get("end") == "new" else None,
        signals=found,
        **{"as": scene.alias},
    )
    return at


def _alarm(scene: Scene, at: datetime) -> str:
    """Where no voice has come in yet it is a figure that jumped."""
    story, when = scene.story, at - timedelta(minutes=4)
    metric, value = story["effect"]["metric"], story["effect"]["value"]
    scene.say(
        when,
        scene.analyst,
        "signal.register",
        source="probe",
        external_id=f"probe-{scene.alias}",
        channel="probe",
        text=scene.words.fill(scene.words.texts["alarm"], value=value, metric=metric),
        occurred_at=written(when - timedelta(minutes=11)),
        touchpoint=story["touchpoint"],
        product=story["product"],
        **{"as": f"s{scene.alias}"},
    )
    return f"s{scene.alias}"


def _description(scene: Scene, count: int) -> str:
    story = scene.story
    return scene.words.fill(scene.words.texts["description"], voice=story["voices"][0], count=count)


def analyse(scene: Scene, at: datetime) -> datetime:
    """Rate and analyse soon after opening; gives the moment."""
    story = scene.story
    when = scene.pace.desk(at, 4, 9) if scene.severity == 1 else scene.pace.desk(at, 12, 60)
    reach = int(story["effect"]["n"] * scene.rng.uniform(0.2, 1.6)) + 40
    scene.say(
        when,
        scene.analyst,
        "issue.analyse",
        scene.alias,
        severity=scene.severity,
        category=story["category"],
        touchpoint=story["touchpoint"],
        product=story["product"],
        reach=reach,
        root_cause=dict(story["cause"]),
        effect=effect_of(story["effect"]) if has_effect(scene) else None,
    )
    return when


def has_effect(scene: Scene) -> bool:
    """Whether the issue gets an effect criterion in figures."""
    return scene.severity <= WITH_EFFECT or not scene.story.get("of")


def effect_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A theme's effect criterion, as an act takes it."""
    baseline = {"value": row["value"], "n": row["n"]}
    return {"metric": row["metric"], "baseline": baseline, "target": row["target"], "window_days": row["window_days"]}


def end_early(scene: Scene, end: Mapping[str, Any], aliases: Mapping[str, str]) -> None:
    """Dismiss the issue, or merge it into another."""
    when = scene.pace.desk(moment(end["day"], "10:00"), 20, 200)
    if "merge" in end:
        scene.say(when, scene.analyst, "issue.merge", scene.alias, into=aliases[end["merge"]])
        return
    text = scene.words.texts["dismissed"][end["dismiss"]]
    scene.say(when, scene.analyst, "issue.dismiss", scene.alias, reason=end["dismiss"], text=text)


def first_wave(scene: Scene, opened: datetime, rated: datetime) -> list[Part]:
    """Dispatch to main, supports and the provinces in scope; gives the tasks' parts."""
    planned = scene.story.get("dispatch")
    due = scene.due("triage", CENTER, opened)
    when = moment(*planned) if planned else scene.pace.by(CENTER, rated, due, on_time=TRIAGED_IN_TIME)
    story = scene.story
    scope = scene.stage.provinces() if story["scope"] == "all" else story["scope"]
    rows = [(story["main"], "main"), *((unit, "support") for unit in story["support"])]
    rows += [(unit, "separate") for unit in scope]
    joint = True if story["mode"] == "main_support" and scene.severity <= WITH_EFFECT else None
    return dispatch(scene, when, rows, started=opened, first=1, name="wanted", joint=joint)


def next_wave(scene: Scene, at: datetime, first: int) -> list[Part]:
    """After an ineffective verdict: a new cycle with a wave to the units planned for it."""
    when = scene.pace.by(CENTER, at, scene.due("triage", CENTER, at), on_time=TRIAGED_IN_TIME)
    units = scene.story.get("again") or [scene.story["main"]]
    rows = [(unit, "main" if not n else "separate") for n, unit in enumerate(units)]
    return dispatch(scene, when, rows, started=at, first=first, name="again")


def dispatch(
    scene: Scene, at: datetime, rows: list[tuple[str, str]], *, started: datetime, first: int, name: str,
    joint: bool | None = None,
) -> list[Part]:  # fmt: skip
    """Write a dispatch of these (unit, duty) and give their parts, numbered from `first`."""
    after, duties = scene.story.get("after", ()), [duty for _unit, duty in rows]
    tasks = []
    for unit, duty in rows:
        task = {"unit": unit, "duty": duty, "title": _title(scene, duty), "wanted": _wanted(scene, duty, name)}
        if duty == "main" and scene.severity <= WITH_EFFECT:
            task["criterion"] = scene.rng.choice(scene.words.texts["criterion"])
        if unit in after and duty != "main":
            task["after"] = [duties.index("main")]
        tasks.append(task)
    scene.say(at, scene.analyst, "issue.dispatch", scene.alias, tasks=tasks, joint=joint)
    wave = scene.wave(at, started=started, units=len({unit for unit, _duty in rows}))
    return [Part(f"{scene.alias}-T{n:02d}", unit, duty, wave) for n, (unit, duty) in enumerate(rows, first)]


def _title(scene: Scene, duty: str) -> str:
    return f"{scene.story['title']}（{scene.words.texts['duties'][duty]}）"


def _wanted(scene: Scene, duty: str, name: str) -> Any:
    texts = scene.words.texts["wanted"]
    return scene.rng.choice(texts["again" if name == "again" else duty])


def raised_by_unit(scene: Scene) -> None:
    """A unit finds the same in its own round and tells the center, which links it to the issue."""
    planned = scene.story.get("voice")
    if planned is None:
        return
    unit, day = planned
    [row] = [
        row for row in demo("texts")["finding_raised"] if row["unit"] == unit and row["theme"] == scene.story["id"]
    ]
    name, pace = f"s{scene.alias}{unit}", scene.pace
    when = pace.soon(unit, moment(day, "10:00"), 15, 120)
    text = f"{row['text']}({row['checked']})"
    fields = {"source": "self-inspection", "channel": "self_inspection", "text": text, "title": scene.story["title"]}
    scene.say(when, scene.stage.lead(unit), "signal.register", **fields, **{"as": name})
    scene.say(pace.desk(when, 30, 150), scene.analyst, "signal.link", name, issue=scene.alias)
