"""Standing in: with the other's roles and never more; duties kept apart are kept apart for both."""

from datetime import date
from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.notice import Notice
from cxloop.models.user import User
from cxloop.operations.act import Forbidden, Invalid, Unseen
from tests.cast import ANALYST, BRANCH, CHEN, HANDLER, LEADER, LIN, OPS, WU, XU, ZHAO
from tests.factories import Story, fresh, local

LEAVE = {"to_at": local("2026-08-31 18:00")}
HE = "he"


def stand_in(story: Story, principal: str, deputy: str, *, by: str | None = None, **said: Any) -> None:
    story.do("delegation.set", by or principal, principal, deputy=deputy, **{**LEAVE, **said})


def test_a_deputy_does_what_the_lead_may_and_both_names_stand_on_the_trail(story: Story) -> None:
    task = story.one_task()
    with pytest.raises(Forbidden):
        story.do("task.decline", HANDLER, task, reason="not_our_region", text="x")
    stand_in(story, CHEN, HANDLER)
    story.do("task.assign", HANDLER, task, handler=CHEN)
    entry = story.entries("issue", task[:-4])[-1]
    names = {name: fresh().get_one(User, name).display_name for name in (HANDLER, CHEN)}
    assert (entry.actor, entry.actor_name) == (HANDLER, f"{names[HANDLER]} 代 {names[CHEN]}")


def test_in_ones_own_right_one_bears_ones_own_name(story: Story) -> None:
    task = story.one_task()
    stand_in(story, CHEN, HANDLER)
    story.do("task.sign", HANDLER, task)
    assert "代" not in story.entries("issue", task[:-4])[-1].actor_name


def test_it_ends_with_its_time_or_before(story: Story) -> None:
    task = story.one_task()
    stand_in(story, CHEN, HANDLER)
    story.do("delegation.end", CHEN, CHEN, n=1)
    with pytest.raises(Forbidden):
        story.do("task.assign", HANDLER, task, handler=CHEN)
    stand_in(story, CHEN, HANDLER)
    with pytest.raises(Forbidden):
        story.do("task.assign", HANDLER, task, at="2026-08-31 18:00", handler=CHEN)


def test_notices_go_to_both(story: Story) -> None:
    stand_in(story, CHEN, HANDLER)
    task = story.one_task(at="2026-08-24 11:00")
    assert {CHEN, HANDLER} <= set(story.told("notice.task_dispatched", task))


def test_segregation_holds_for_both(story: Story) -> None:
    no = story.verifying()
    stand_in(story, LIN, HE)
    story.verdict(no, by=LIN)
    with pytest.raises(Forbidden, match="segregation"):
        story.close(no, by=HE)
    story.do("delegation.end", LIN, LIN, n=1)
    story.close(no, by=HE)


def test_who_asked_in_anothers_stead_does_not_decide(story: Story) -> None:
    task = story.one_task()
    story.do("task.sign", CHEN, task)
    stand_in(story, ANALYST, XU)
    story.do("extension.request", CHEN, task, reason="site_work", text="x", due_at=local("2026-09-01 18:30"))
    story.do("extension.refuse", XU, task)
    assert story.told("notice.extension_refused", task)


def test_nothing_is_passed_on(story: Story) -> None:
    task = story.one_task()
    stand_in(story, CHEN, HANDLER)
    stand_in(story, HANDLER, LEADER)
    with pytest.raises(Forbidden):
        story.do("task.assign", LEADER, task, handler=CHEN)


def test_no_password_and_no_token_in_anothers_stead(story: Story) -> None:
    stand_in(story, CHEN, HANDLER)
    with pytest.raises(Forbidden):
        story.do("user.set_password", HANDLER, CHEN, password="a long enough word")
    with pytest.raises(Forbidden):
        story.do("token.issue", HANDLER, CHEN)


@pytest.mark.parametrize(
    ("principal", "said", "code"),
    [
        (CHEN, {"deputy": CHEN}, "error.no_deputy"),
        (CHEN, {"deputy": "nobody"}, "error.no_deputy"),
        (CHEN, {"deputy": WU}, "error.not_in_unit"),
        (CHEN, {"deputy": HANDLER, "from_at": local("2026-08-01 09:00")}, "error.in_the_past"),
        (CHEN, {"deputy": HANDLER, "to_at": local("2026-08-20 09:00")}, "error.before_start"),
    ],
)
def test_what_makes_no_sense_is_refused(story: Story, principal: str, said: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        stand_in(story, principal, **said)
    assert code in {found[0] for found in refused.value.errors.values()}


def test_no_circle_of_deputies(story: Story) -> None:
    stand_in(story, CHEN, HANDLER)
    stand_in(story, HANDLER, LEADER)
    with pytest.raises(Invalid) as refused:
        stand_in(story, LEADER, CHEN)
    assert refused.value.errors["deputy"][0] == "error.deputy_circle"
    # After the others have ended it is none.
    stand_in(story, LEADER, CHEN, from_at=local("2026-09-01 09:00"), to_at=local("2026-09-02 09:00"))


def test_who_may_name_a_deputy(story: Story) -> None:
    stand_in(story, HANDLER, LEADER, by=CHEN)
    for name in (WU, ANALYST, ZHAO, BRANCH):
        with pytest.raises((Forbidden, Unseen)):
            stand_in(story, HANDLER, LEADER, by=name)


def test_a_deputy_reads_what_the_principal_reads(story: Story) -> None:
    task = story.one_task()
    stand_in(story, CHEN, BRANCH)
    story.do("task.sign", BRANCH, task)
    assert story.task(task).state == "working"


def test_a_severe_saturday_goes_to_the_roster_at_once(story: Story) -> None:
    days = [{"day": date(2026, 8, 29), "user": HANDLER, "phone": "13800138000"}]
    story.do("unit.set_duty", CHEN, "P44", days=days)
    task = story.one_task(severity=1, at="2026-08-29 20:10")
    told = db.select(Notice).where(Notice.code == "notice.task_dispatched", Notice.subject == task)
    [row] = fresh().scalars(told.where(Notice.user_name == HANDLER))
    assert row.visible_at == row.at
    story.do("task.sign", HANDLER, task, at="2026-08-29 20:20")
    assert story.clock(task, "sign").breaches == []


def test_the_roster_is_the_units_own_and_of_its_own_people(story: Story) -> None:
    days = [{"day": date(2026, 8, 29), "user": WU}]
    with pytest.raises(Invalid):
        story.do("unit.set_duty", CHEN, "P44", days=days)
    with pytest.raises(Forbidden):
        story.do("unit.set_duty", WU, "P44", days=[{"day": date(2026, 8, 29), "user": HANDLER}])
    story.do("unit.set_duty", OPS, "P44", days=[{"day": date(2026, 8, 29), "user": HANDLER}])
    story.do("unit.set_duty", CHEN, "P44", days=[{"day": date(2026, 8, 29), "user": CHEN}])
