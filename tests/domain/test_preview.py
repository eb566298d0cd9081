"""What would be due when: against a walk minute by minute, and at the edges people ask about."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cxloop.domain.calendar import Target, WorkCalendar
from cxloop.domain.policy import RungSpec
from cxloop.domain.preview import Extension, Pause, Preview, PreviewError, preview
from tests.domain.oracle import MINUTE, Walker

HOURS = [["09:00", "12:00"], ["13:30", "18:00"]]
WEEK = {"tz": "Asia/Shanghai", "week": {str(day): HOURS if day < 5 else [] for day in range(7)}}
# A holiday on a Tuesday, a make-up Saturday, a season.
PEOPLES = {
    **WEEK,
    "days": [{"date": "2026-09-01", "kind": "holiday"}, {"date": "2026-09-05", "kind": "workday"}],
    "weeks": [{"valid_from": "2026-09-07", "week": {str(day): [["10:00", "16:00"]] for day in range(6)}}],
}
NINE_TO_SIX = {"tz": "Asia/Shanghai", "week": {str(day): [["09:00", "18:00"]] for day in range(5)}}
LADDER = (
    RungSpec("lead", 75, None, -1, ("lead",)),
    RungSpec("due", None, None, 0, ("lead",)),
    RungSpec("after", None, Target.parse("1 d"), 1, ("lead",)),
)


def local(text: str) -> datetime:
    """A Beijing wall-clock time."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


def asked(definition: dict[str, Any], start: str, target: str, **more: Any) -> Preview:
    calendar = WorkCalendar.from_definition(definition)
    at = more.pop("at", None)
    begin = local(start)
    return preview(
        calendar=calendar,
        start=begin,
        target=Target.parse(target),
        at=local(at) if at else begin,
        ladder=LADDER,
        **more,
    )


def walked(
    walker: Walker, start: datetime, minutes: int, pauses: list[Pause], extensions: list[Extension]
) -> datetime | None:
    """The due by walking: a minute counts when it is worked and in no pause. Days are added to the due that holds."""
    left, now, due = minutes, start, None
    waiting = sorted(extensions, key=lambda extension: extension.at)
    while True:
        for extension in [extension for extension in waiting if extension.at == now]:
            waiting.remove(extension)
            if extension.more.unit == "hours":
                left += extension.more.seconds // 60
            else:
                due = walker.due_days(walker.due(now, left), int(extension.more.amount))
                left = walker.worked(now, due) // 60
        if left == 0 and not any(pause.begins <= now < (pause.ends or now) for pause in pauses):
            return None if waiting else now
        if not any(pause.begins <= now < (pause.ends or now) for pause in pauses):
            left -= walker.open(now)
        now += MINUTE


def _random(rng: random.Random) -> tuple[datetime, int, list[Pause], list[Extension]]:
    start = local("2026-08-24 00:00").astimezone(UTC) + timedelta(minutes=rng.randrange(10 * 1440))
    pauses, mark = [], start
    for _ in range(rng.randrange(4)):
        begins = mark + timedelta(minutes=rng.randrange(3000))
        mark = begins + timedelta(minutes=rng.randrange(1, 4000))
        pauses.append(Pause(begins, mark))
    extensions = [
        Extension(
            start + timedelta(minutes=rng.randrange(4000)), Target.parse(rng.choice(["2 h", "0.5 h", "1 d", "2 d"]))
        )
        for _ in range(rng.randrange(3))
    ]
    return start, rng.randrange(30, 2500), pauses, extensions


@pytest.mark.parametrize("seed", range(60))
def test_the_due_is_the_one_that_walking_finds(seed: int) -> None:
    rng = random.Random(seed)
    definition = rng.choice([WEEK, PEOPLES, NINE_TO_SIX])
    calendar, walker = WorkCalendar.from_definition(definition), Walker(definition)
    start, minutes, pauses, extensions = _random(rng)
    if len({extension.at for extension in extensions}) < len(extensions):
        return
    target = Target.parse(f"{minutes}/60 h")
    due = walked(walker, start, minutes, pauses, extensions)
    more = {"pauses": pauses, "extensions": extensions, "ladder": LADDER}
    if due is None:
        with pytest.raises(PreviewError, match="extension_late"):
            preview(calendar=calendar, start=start, target=target, at=start, **more)
        return
    found = preview(calendar=calendar, start=start, target=target, at=start, **more)
    assert found.due is not None
    # Both name an end of working time; where nothing is left to work the moment itself.
    assert found.due == due
    assert _adds_up(found, calendar, start)


def _adds_up(found: Preview, calendar: WorkCalendar, start: datetime) -> bool:
    """The steps' seconds lead to the due: each day by itself, each stretch, and all of them."""
    for step in found.why:
        assert step.seconds == sum(row.seconds for row in step.days) or step.code not in {"worked", "left"}
    ran = sum(step.seconds for step in found.why if step.code in {"worked", "left"})
    last = found.why[-1]
    return ran == last.consumed + last.left and found.worked + found.left == ran


def test_a_pause_moves_the_due_by_what_was_worked_in_it() -> None:
    plain = asked(NINE_TO_SIX, "2026-08-27 17:00", "9 h")
    paused = asked(NINE_TO_SIX, "2026-08-27 17:00", "9 h", pauses=[_pause("2026-08-28 17:00", "2026-08-31 10:00")])
    assert plain.due == local("2026-08-28 17:00")
    late = asked(NINE_TO_SIX, "2026-08-27 17:00", "1 d", pauses=[_pause("2026-08-28 17:00", "2026-08-31 10:00")])
    # An hour of Friday was left; Monday's begins at ten.
    assert late.due == local("2026-08-31 11:00")
    assert paused.due == local("2026-08-31 10:00")


def _pause(begins: str, ends: str | None) -> Pause:
    return Pause(local(begins), local(ends) if ends else None)


def test_a_minute_before_the_due_stays_a_minute() -> None:
    told = asked(WEEK, "2026-08-24 10:00", "4 h", at="2026-08-26 15:00", pauses=[_pause("2026-08-24 15:29", None)])
    assert (told.due, told.left, told.breached, told.provisional) == (None, 60, False, False)
    assert [rung.code for rung in told.rungs] == ["lead"]
    assert told.why[-1].code == "still_paused"
    on = asked(WEEK, "2026-08-24 10:00", "4 h", pauses=[_pause("2026-08-24 15:29", "2026-08-26 15:00")])
    assert on.due == local("2026-08-26 15:01")


def test_a_pause_on_a_day_off_gives_nothing() -> None:
    inside = asked(PEOPLES, "2026-08-31 16:00", "8 h", pauses=[_pause("2026-09-01 10:00", "2026-09-01 16:00")])
    assert inside.due == asked(PEOPLES, "2026-08-31 16:00", "8 h").due
    into = asked(PEOPLES, "2026-08-31 16:00", "8 h", pauses=[_pause("2026-08-31 17:00", "2026-09-01 16:00")])
    assert into.due == local("2026-09-02 17:30")


def test_working_days_are_added_to_the_due_that_holds() -> None:
    told = asked(
        WEEK, "2026-08-24 10:00", "1 d", extensions=[Extension(local("2026-08-25 09:00"), Target.parse("2 d"))]
    )
    assert told.due == local("2026-08-27 18:00")
    paused = asked(
        WEEK, "2026-08-24 10:00", "1 d",
        pauses=[_pause("2026-08-25 09:00", "2026-08-26 09:00")],
        extensions=[Extension(local("2026-08-25 10:00"), Target.parse("1 d"))],
    )  # fmt: skip
    # Running on at ten it would end on the 26th at ten, and a day more is the 27th's closing: 21.5 hours from there.
    assert paused.why[-1].left == 21.5 * 3600
    assert paused.due == local("2026-08-28 17:00")


def test_moments_that_a_new_due_overtakes_do_not_come() -> None:
    told = asked(
        WEEK, "2026-08-24 09:00", "6 h", extensions=[Extension(local("2026-08-24 11:00"), Target.parse("2 h"))]
    )
    assert [(rung.code, rung.at, rung.plan) for rung in told.rungs] == [
        ("lead", local("2026-08-24 16:30"), 2),
        ("due", local("2026-08-25 09:30"), 2),
        ("after", local("2026-08-26 18:00"), 2),
    ]


def test_what_is_left_turns_negative_past_the_due() -> None:
    told = asked(WEEK, "2026-08-24 09:00", "2 h", at="2026-08-24 12:00")
    assert (told.breached, told.worked, told.left) == (True, 3 * 3600, -3600)
    on_time = asked(WEEK, "2026-08-24 09:00", "2 h", at="2026-08-24 11:00")
    assert (on_time.breached, on_time.left) == (False, 0)
    before = asked(WEEK, "2026-08-24 09:00", "2 h", at="2026-08-23 11:00")
    assert (before.worked, before.left) == (0, 7200)


def test_a_pause_after_the_due_stops_nothing() -> None:
    told = asked(WEEK, "2026-08-24 09:00", "2 h", pauses=[_pause("2026-08-25 09:00", "2026-08-26 09:00")])
    assert told.due == local("2026-08-24 11:00")
    assert "pause_void" in [step.code for step in told.why]


@pytest.mark.parametrize(
    ("pauses", "extensions", "field", "message"),
    [
        ([("2026-08-24 08:00", "2026-08-24 12:00")], [], "pauses.0.from", "before_start"),
        ([("2026-08-24 12:00", "2026-08-24 11:00")], [], "pauses.0.to", "before_start"),
        ([("2026-08-24 10:00", "2026-08-24 12:00"), ("2026-08-24 11:00", "2026-08-24 13:00")], [], "pauses.1.from",
         "overlap"),
        ([("2026-08-24 13:00", "2026-08-24 14:00"), ("2026-08-24 10:00", None)], [], "pauses.1.to",
         "pause_without_end"),
        ([], ["2026-08-24 08:00"], "extensions.0.at", "before_start"),
        ([], ["2026-08-24 14:31"], "extensions.0.at", "extension_late"),
        ([("2026-08-24 10:00", "2026-08-24 11:00")], ["2026-08-24 15:31"], "extensions.0.at", "extension_late"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_named(pauses: list[Any], extensions: list[str], field: str, message: str) -> None:
    with pytest.raises(PreviewError) as error:
        asked(
            WEEK, "2026-08-24 10:00", "3 h",
            pauses=[_pause(*pause) for pause in pauses],
            extensions=[Extension(local(at), Target.parse("1 h")) for at in extensions],
        )  # fmt: skip
    assert (error.value.field, error.value.message) == (field, message)


def test_the_dates_of_a_long_stretch_are_summed_up_exactly() -> None:
    calendar = WorkCalendar.from_definition(PEOPLES)
    for target in ("5 d", "30 d", "200 nd", "3000 nd"):
        told = asked(PEOPLES, "2026-08-26 10:30", target)
        [ahead] = [step for step in told.why if step.code == "left"]
        assert len(ahead.days) < 20
        assert told.due is not None
        assert sum(row.seconds for row in ahead.days) == calendar.worked(local("2026-08-26 10:30"), told.due)
        firsts = [row.first for row in ahead.days]
        assert firsts == sorted(firsts)
        following = [row.last + timedelta(days=1) for row in ahead.days]
        assert firsts[1:] == following[:-1]
