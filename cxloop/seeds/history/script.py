"""One issue's story from its opening to as far as the plan takes it."""

from collections.abc import Mapping
from datetime import datetime
from random import Random

from cxloop.seeds.history.answering import work
from cxloop.seeds.history.ending import close, judge, wait_end
from cxloop.seeds.history.opening import analyse, end_early, first_wave, next_wave, open_issue, raised_by_unit
from cxloop.seeds.history.revising import reopen, rerate
from cxloop.seeds.history.scene import Line, Part, Scene
from cxloop.seeds.history.stage import Stage, moment
from cxloop.seeds.history.stories import Story
from cxloop.seeds.history.voices import Voices

LINKED_LATER = 10


def tell(stage: Stage, story: Story, voices: Voices, seed: int, aliases: Mapping[str, str]) -> list[Line]:
    """All lines of one issue, in no particular order; nothing in them depends on another issue's."""
    scene = Scene(stage, story, Random(seed), Random(f"{seed}/asked"))  # noqa: S311 - a story, not a secret
    opened = open_issue(scene, voices)
    end = story.get("end")
    if end == "new":
        return scene.lines
    rated = analyse(scene, opened)
    if isinstance(end, dict):
        end_early(scene, end, aliases)
    if end is not None:
        return scene.lines
    raised_by_unit(scene)
    parts = first_wave(scene, opened, rated)
    answered = _work(scene, parts)
    rerate(scene)
    _red(scene, parts)
    _link_later(scene, voices, rated, answered)
    if answered is not None:
        _judge(scene, parts, answered)
    return scene.lines


def _work(scene: Scene, parts: list[Part]) -> datetime | None:
    """Tell every task of a wave; gives the moment at which the last one was accepted."""
    after = scene.story.get("after", ())
    [main] = [part for part in parts if part.duty == "main"]
    work(scene, main, main.wave.at)
    for part in parts:
        if part is main:
            continue
        waits = part.unit in after
        if not waits:
            work(scene, part, part.wave.at)
        elif main.answered is not None:
            work(scene, part, main.answered)
    ends = [part.answered for part in parts if not part.cancelled]
    known = [end for end in ends if end is not None]
    return max(known) if len(known) == len(ends) else None


def _judge(scene: Scene, parts: list[Part], answered: datetime) -> None:
    """Verdicts as planned: an ineffective one opens the next cycle, an effective one lets the issue close."""
    for verdict, when in scene.story["verdicts"]:
        followed = _followed(parts, answered)
        at = judge(scene, verdict, when, earliest=answered, waited=wait_end(scene, followed))
        if verdict == "effective":
            close(scene, parts, max(at, followed))
            _again(scene, parts)
        if verdict != "ineffective":
            continue
        wave = next_wave(scene, at, len(parts) + 1)
        end = _work(scene, wave)
        parts += wave
        if end is None:
            return
        answered = end


def _again(scene: Scene, parts: list[Part]) -> None:
    """A closed issue that is opened again goes to its units once more."""
    at = reopen(scene)
    if at is not None:
        _work(scene, next_wave(scene, at, len(parts) + 1))


def _followed(parts: list[Part], answered: datetime) -> datetime:
    """When nothing is followed any more: parked tasks do not count."""
    return max([answered, *(part.done for part in parts if part.done is not None)])


def _red(scene: Scene, parts: list[Part]) -> None:
    planned = scene.story.get("red")
    if planned is None:
        return
    [row] = [row for row in scene.words.own["instruction"] if row["theme"] == scene.story["id"]]
    text = f"{row['office']}批示：{row['text']}{scene.words.texts['supervise']['red']}"
    scene.say(moment(*planned), "lin", "task.supervise", parts[0].on, level="red", text=text)


def _link_later(scene: Scene, voices: Voices, since: datetime, until: datetime | None) -> None:
    """More voices of the same kind come in while units work; some are linked one by one."""
    last = until or moment(90, "17:00")
    found = voices.left(scene.story["theme"], first=since, last=last)
    for voice in found[:: max(1, len(found) // LINKED_LATER)][:LINKED_LATER]:
        when = scene.pace.desk(voice.at, 10, 400)
        if when < last:
            voice.taken = True
            scene.say(when, scene.analyst, "signal.link", voice.alias, issue=scene.alias)
