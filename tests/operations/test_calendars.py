"""Calendars: built on others, given to one unit, merged with a year's notice, withdrawn when nothing needs them."""

import threading
from typing import Any

import pytest
from flask import Flask

from cxloop.extensions import db
from cxloop.models.calendar import NATIONAL, Calendar, CalendarRevision, definition_of
from cxloop.models.clock import Clock
from cxloop.models.unit import Unit
from cxloop.operations.act import Call, Forbidden, Invalid, Unseen, perform
from cxloop.operations.clocks.foresight import foresee
from tests.cast import ANALYST, LIN, OPS
from tests.factories import Story, fresh, local
from tests.operations.publishing import FRIDAY, holiday, publish, replan, signed


def newest(code: str) -> Any:
    rows = db.select(CalendarRevision.definition).where(CalendarRevision.calendar == code)
    return fresh().scalar(rows.order_by(CalendarRevision.n.desc()).limit(1))


def calendar_of(unit: str) -> str:
    return str(fresh().get_one(Unit, unit).calendar)


def days_of(code: str) -> list[str]:
    return [day["date"] for day in newest(code).get("days", [])]


def build(story: Story, code: str, base: str, **own: Any) -> None:
    story.do("calendar.publish", OPS, code, definition={"base": base, **own})


# Built on others


def test_a_calendar_built_on_another_is_stored_whole(story: Story) -> None:
    build(story, "X", "CN", days=[holiday(FRIDAY)], name="X")
    told = newest("X")
    assert told["week"] == newest("CN")["week"]
    assert (told["base"], told["name"], told["national"]) == ("CN", "X", True)
    assert told["own"] == {"days": [holiday(FRIDAY)], "name": "X"}


def test_a_base_takes_along_all_that_are_built_on_it_in_one_act(story: Story) -> None:
    build(story, "X", "CN", days=[holiday(FRIDAY)])
    build(story, "Y", "X", days=[{"date": "2026-09-01", "kind": "workday"}])
    publish(story, "CN", holiday("2026-09-01"), holiday("2026-12-11"))
    assert days_of("X") == [FRIDAY, "2026-09-01", "2026-12-11"]
    assert [day["kind"] for day in newest("Y")["days"]] == ["holiday", "workday", "holiday"]
    acts = {code: story.entries("calendar", code)[-1].act_id for code in ("CN", "X", "Y")}
    assert len(set(acts.values())) == 1
    assert {code: fresh().get_one(Calendar, code).revision for code in acts} == {"CN": 2, "X": 2, "Y": 2}


def test_a_new_week_is_meant_for_the_whole_year(story: Story) -> None:
    week = {str(n): [["08:00", "16:00"]] for n in range(5)}
    build(story, "X", "CN-65", week=week)
    assert "weeks" not in newest("X")
    build(story, "X", "CN-65")
    assert newest("X")["weeks"] == newest("CN-65")["weeks"]


@pytest.mark.parametrize("base", ["CN", "X", "Y"])
def test_no_circle(story: Story, base: str) -> None:
    build(story, "X", "CN")
    build(story, "Y", "X")
    with pytest.raises(Invalid) as refused:
        story.do("calendar.publish", OPS, "CN", definition={"base": base})
    assert refused.value.errors == {"definition.base": ("error.base_circle", {"code": base})}


def test_an_act_on_the_base_and_one_on_what_is_built_on_it_do_not_lose_one_another(group: Flask, story: Story) -> None:
    build(story, "X", "CN")
    errors: list[Exception] = []

    def act(code: str, definition: Any) -> None:
        with group.app_context():
            try:
                perform(
                    Call("calendar.publish", OPS, local("2026-08-25 10:00"), on=code, fields={"definition": definition})
                )
            except Exception as error:
                errors.append(error)
            db.session.remove()

    base = {**definition_of("CN", 1), "days": [holiday("2026-12-11")]}
    db.session.rollback()
    rounds = [("CN", base), *((f"X{n}", {"base": "X", "days": [holiday(FRIDAY)]}) for n in range(4))]
    threads = [threading.Thread(target=act, args=row) for row in rounds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert all(days_of(f"X{n}") == [FRIDAY, "2026-12-11"] for n in range(4))


# One unit's own


def test_the_first_own_day_gives_a_unit_a_calendar_of_its_own(story: Story) -> None:
    story.do("unit.set_days", OPS, "P51", days=[holiday(FRIDAY)])
    assert (calendar_of("P51"), calendar_of("P33")) == ("CN.P51", "CN")
    story.do("unit.set_days", OPS, "P51", days=[holiday("2026-12-11")])
    assert (days_of("CN.P51"), calendar_of("P51")) == ([FRIDAY, "2026-12-11"], "CN.P51")
    story.do("unit.set_days", OPS, "P51", drop=[FRIDAY])
    assert days_of("CN.P51") == ["2026-12-11"]
    assert days_of("CN") == []


def test_a_calendar_that_is_a_units_alone_takes_its_days_itself(story: Story) -> None:
    assert calendar_of("P54") == "CN-54"
    story.do("unit.set_days", OPS, "P54", days=[holiday(FRIDAY)])
    assert (calendar_of("P54"), days_of("CN-54")) == ("CN-54", [FRIDAY])


def test_the_units_below_come_along_unless_told_otherwise(story: Story) -> None:
    below = fresh().scalars(db.select(Unit.code).where(Unit.parent == "P44").order_by(Unit.code)).first()
    story.do("unit.set_days", OPS, "P44", days=[holiday(FRIDAY)])
    assert calendar_of("P44") == calendar_of(below) == "CN.P44"
    story.do("unit.set_days", OPS, "P44", days=[holiday("2026-09-01")], below=False)
    assert (calendar_of("P44"), calendar_of(below)) == ("CN.P44.P44", "CN.P44")
    assert days_of("CN.P44.P44") == [FRIDAY, "2026-09-01"]
    assert days_of("CN.P44") == [FRIDAY]


def test_own_hours_hold_all_year(story: Story) -> None:
    week = {str(n): [["08:00", "12:00"]] for n in range(5)}
    story.do("unit.set_days", OPS, "P65", week=week)
    assert (newest(calendar_of("P65"))["week"], "weeks" in newest(calendar_of("P65"))) == (week, False)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({}, "days"), ({"drop": [FRIDAY]}, "drop.0"), ({"days": 7}, "days"),
        ({"days": [holiday("2026-02-30")]}, "days.0.date"), ({"week": {"0": []}}, "week"),
        ({"days": [holiday(FRIDAY), {"date": FRIDAY, "kind": "workday"}]}, "days.1.date"),
        ({"week": {"0": [["12:00", "09:00"]]}}, "week.0.0"), ({"workday_week": {"7": []}}, "workday_week.7"),
    ],
)  # fmt: skip
def test_own_days_without_sense(story: Story, fields: dict[str, Any], place: str) -> None:
    with pytest.raises(Invalid) as refused:
        story.do("unit.set_days", OPS, "P51", **fields)
    assert list(refused.value.errors) == [place]
    assert calendar_of("P51") == "CN"


def test_only_the_admin_sets_days(story: Story) -> None:
    for by in (LIN, ANALYST):
        with pytest.raises(Forbidden):
            story.do("unit.set_days", by, "P51", days=[holiday(FRIDAY)])


def test_a_units_own_day_moves_its_clocks_and_nobody_elses(story: Story) -> None:
    no, [mine, other] = story.dispatched({"P51": "separate", "P33": "separate"})
    story.do("unit.set_days", OPS, "P51", at="2026-08-25 10:00", days=[holiday(FRIDAY)])
    replan(story)
    assert (story.due(mine, "feedback"), story.due(other, "feedback")) == ("2026-09-04 18:00", "2026-09-03 18:00")
    assert story.clock(mine, "feedback").calendar == "CN.P51"
    assert story.clock(other, "feedback").calendar == "CN"
    story.do("unit.set_days", OPS, "P51", at="2026-08-26 10:00", drop=[FRIDAY])
    replan(story)
    assert (story.due(mine, "feedback"), story.clock(mine, "feedback").calendar) == ("2026-09-03 18:00", "CN.P51")
    assert no


def test_severity_one_does_not_move_with_its_unit(story: Story) -> None:
    task = signed(story, severity=1)
    story.do("unit.set_days", OPS, "P51", days=[holiday("2026-08-25")])
    assert replan(story) == 0
    assert story.clock(task, "feedback").calendar == "ALWAYS"


def test_a_base_moves_the_clocks_of_those_built_on_it(story: Story) -> None:
    story.do("unit.set_days", OPS, "P51", at="2026-08-21 10:00", days=[holiday("2026-12-11")])
    task = signed(story)
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    replan(story)
    assert (story.due(task, "feedback"), story.clock(task, "feedback").calendar) == ("2026-09-02 18:00", "CN.P51")


NOTICE = [
    {"date": "2027-01-01", "kind": "holiday", "name": "元旦"},
    {"date": "2027-01-02", "kind": "holiday", "name": "元旦"},
    {"date": "2027-01-03", "kind": "workday", "name": "元旦调休上班"},
]


def test_provisional_dues_become_official_with_the_years_notice(story: Story) -> None:
    """CAL-06, F-12: every provisional due is stated anew, and the preview had told so."""
    tasks = [signed(story, at="2026-12-28 10:00") for _ in range(3)]
    assert story.due(tasks[0], "feedback") == "2027-01-05 18:00"
    # The target is ten working days less the review; the due lies in a year without a notice.
    provisional = db.select(Clock).where(Clock.provisional.is_(True), Clock.state == "running")
    before = {clock.id: clock.due_at for clock in fresh().scalars(provisional)}
    assert len(before) >= 2 * len(tasks)
    table = definition_of(NATIONAL, 1)
    new = {**table, "official_until": "2027-12-31", "days": [*table["days"], *NOTICE]}
    found = foresee({NATIONAL: new}, at=story.now)
    db.session.rollback()
    assert {move.id for move in found.items if move.becomes_official} == before.keys()
    told = {move.id: move.due_at for move in found.items}
    story.do("calendar.import_days", OPS, NATIONAL, days=NOTICE)
    assert replan(story) == found.moved + sum(not move.moves for move in found.items)
    assert list(fresh().scalars(provisional)) == []
    after = {clock.id: clock.due_at for clock in fresh().scalars(db.select(Clock).where(Clock.id.in_(before)))}
    assert after == {id_: told[id_] for id_ in before}
    for clock in fresh().scalars(db.select(Clock).where(Clock.id.in_(before))):
        assert (clock.national_revision, clock.plans[-1].why) == (2, "calendar")
        assert any(rung.state == "armed" and rung.plan == clock.plan for rung in clock.rungs)


def test_without_this_years_table_nothing_fails_and_nothing_is_guessed_silently(story: Story) -> None:
    """F-12: with the tables of 2026 and 2027 away every due in a working calendar says that it is provisional."""
    table = definition_of(NATIONAL, 1)
    this_year = [day for day in table["days"] if day["date"].startswith("2026")]
    older = [day for day in table["days"] if not day["date"].startswith("2026")]
    db.session.rollback()
    story.do("calendar.publish", OPS, NATIONAL, at="2026-08-20 12:00",
             definition={"official_until": "2025-12-31", "days": older})  # fmt: skip
    tasks = [
        signed(story, unit=unit, at=f"2026-09-{day} 10:00") for unit, day in (("P51", 18), ("P65", 21), ("P54", 28))
    ]
    story.answer(tasks[0])
    running = db.select(Clock).where(Clock.state == "running", Clock.calendar != "ALWAYS")
    guessed = {clock.id: clock.due_at for clock in fresh().scalars(running)}
    assert len(guessed) == 6  # the total of each issue, two answers, one review
    assert all(clock.provisional for clock in fresh().scalars(running))
    story.do("calendar.import_days", OPS, NATIONAL, days=this_year)
    assert replan(story) == len(guessed)
    assert not any(clock.provisional for clock in fresh().scalars(running))
    moved = [clock for clock in fresh().scalars(running) if clock.due_at != guessed[clock.id]]
    assert {clock.subject for clock in moved} >= set(tasks[1:])


def test_the_preview_is_what_happens(story: Story) -> None:
    for n in range(4):
        signed(story, unit=("P51", "P33", "P65", "P44")[n])
    definition = definition_of("CN", 1)
    found = foresee({"CN": {**definition, "days": [holiday(FRIDAY)]}}, at=local("2026-08-25 10:00"))
    db.session.rollback()
    publish(story, "CN", holiday(FRIDAY), at="2026-08-25 10:00")
    assert replan(story) == found.moved == len(found.items)
    due = dict(fresh().execute(db.select(Clock.id, Clock.due_at)).all())
    assert all(due[move.id] == move.due_at != move.was_at for move in found.items)
    assert foresee({"CN": definition_of("CN", 2)}, at=story.now).moved == 0


# Withdrawn


def test_nothing_is_withdrawn_from_under_anybody(story: Story) -> None:
    task = signed(story)
    build(story, "X", "CN")
    with pytest.raises(Invalid) as refused:
        story.do("calendar.withdraw", OPS, "CN")
    assert set(refused.value.errors) == {"units", "calendars", "clocks"}
    assert "X" in refused.value.errors["calendars"][1]["by"]
    assert task in refused.value.errors["clocks"][1]["by"]
    story.do("calendar.withdraw", OPS, "X")
    with pytest.raises(Unseen):
        story.do("calendar.withdraw", OPS, "X")


def test_a_withdrawn_calendar_takes_no_unit_and_no_own_calendar(story: Story) -> None:
    build(story, "X", "CN")
    story.do("calendar.withdraw", OPS, "X")
    for code in ("X", NATIONAL, "NOWHERE"):
        with pytest.raises(Invalid) as refused:
            story.do("unit.add", OPS, "P99", name="测试", name_en="Test", kind="province", calendar=code)
        assert list(refused.value.errors) == ["calendar"]
    assert fresh().get_one(Calendar, "X").replanned == 2
