"""Notices are seen in the receiver's working hours, severity 1 at once; what happened keeps its own time (K13)."""

import random
from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy.orm import Session

from cxloop.domain.calendar import WorkCalendar
from cxloop.extensions import db
from cxloop.models.calendar import NATIONAL, Calendar, work_calendar
from cxloop.models.entry import Entry
from cxloop.models.issue import Issue
from cxloop.models.notice import Notice
from cxloop.models.unit import Unit
from cxloop.models.user import Membership
from cxloop.operations.notices import mark_read
from cxloop.queries.pages import notice_page, unread_count
from tests.cast import CHEN, MANY, MARKET
from tests.factories import FOUNDED, Story, fresh, local, play, shown


def seen(name: str, code: str = "notice.task_dispatched", *, of: str | None = None) -> list[str]:
    """When a person sees the notices of a code, of all subjects or of one."""
    found = db.select(Notice.visible_at).where(Notice.user_name == name, Notice.code == code).order_by(Notice.id)
    return [shown(moment) for moment in fresh().scalars(found if of is None else found.where(Notice.subject == of))]


def test_what_comes_in_working_hours_is_seen_at_once(story: Story) -> None:
    story.one_task(at="2026-08-24 10:15")
    assert seen(CHEN) == ["2026-08-24 10:15"]


def test_what_comes_in_the_evening_is_seen_in_the_morning(story: Story) -> None:
    task = story.one_task(at="2026-08-24 18:00")
    assert seen(CHEN) == ["2026-08-25 09:00"]
    told = fresh().scalars(db.select(Notice.at).where(Notice.subject == task))
    assert {shown(at) for at in told} == {"2026-08-24 18:00"}


def test_lunch_and_the_weekend_are_not_disturbed(story: Story) -> None:
    story.one_task(at="2026-08-24 12:00")
    story.one_task(at="2026-08-28 19:30")
    assert seen(CHEN) == ["2026-08-24 13:30", "2026-08-31 09:00"]


def test_a_make_up_saturday_is_a_working_day(story: Story) -> None:
    # 2026-10-10 is worked for the holiday before it.
    story.one_task(at="2026-10-09 20:00")
    story.one_task(at="2026-10-10 20:00")
    assert seen(CHEN) == ["2026-10-10 09:00", "2026-10-12 09:00"]


def test_xinjiang_opens_an_hour_later_and_has_a_long_noon_in_summer(story: Story) -> None:
    story.dispatched({"P44": "separate", "P65": "separate"}, at="2026-08-25 09:10")
    story.one_task("P65", at="2026-08-25 15:40")
    story.one_task("P65", at="2026-08-25 19:00")
    assert seen(CHEN) == ["2026-08-25 09:10"]
    assert seen("65lead") == ["2026-08-25 10:00", "2026-08-25 16:00", "2026-08-25 19:00"]


def test_severity_one_does_not_wait(story: Story) -> None:
    story.one_task(severity=1, at="2026-08-29 03:00")
    assert seen(CHEN) == ["2026-08-29 03:00"]


def test_a_sweep_by_night_is_seen_in_the_morning_but_for_severity_one(story: Story) -> None:
    urgent = story.one_task(severity=1, at="2026-08-24 16:50")
    plain = story.one_task(at="2026-08-24 16:55")
    story.sweep("2026-08-25 23:00")
    assert seen(CHEN, "notice.breach", of=urgent) == ["2026-08-25 23:00"] * 2
    assert seen(CHEN, "notice.breach", of=plain) == ["2026-08-26 09:00"]


def test_who_serves_in_two_units_sees_when_the_first_opens(story: Story) -> None:
    hats = [{"unit": unit, "role": "unit_lead"} for unit in ("P65", "P44")]
    line = {"at": FOUNDED, "by": "system", "act": "user.add", "on": "two", "name": "two", "memberships": hats}
    play(line)
    story.one_task("P65", at="2026-08-25 08:00")
    assert (seen("two"), seen("65lead")) == (["2026-08-25 09:00"], ["2026-08-25 10:00"])


def test_a_page_shows_and_counts_what_may_be_seen(story: Story) -> None:
    story.one_task(at="2026-08-24 18:30")
    evening, morning = local("2026-08-24 22:00"), local("2026-08-25 09:00")
    mark_read(name=CHEN, at=evening)
    for at, count in ((evening, 0), (morning, 1)):
        assert (unread_count(name=CHEN, at=at), notice_page(name=CHEN, page="", at=at)[1]) == (count, count)


def test_the_newest_to_be_seen_is_on_top(story: Story) -> None:
    # Told in the evening and seen in the morning, the first comes after what was seen at night.
    first = story.one_task(at="2026-08-24 18:30")
    alarm = story.one_task(severity=1, at="2026-08-24 19:00")
    rows = notice_page(name=CHEN, page="", at=local("2026-08-25 09:30"))[0]
    assert [row.subject for row in rows] == [first, alarm]


def test_five_hundred_tasks_disturb_nobody(story: Story) -> None:
    chance = random.Random(13)
    units = [*MANY[:7], "P65", "P54", MARKET]
    for n in range(50):
        moment = local("2026-09-14 00:00") + timedelta(minutes=chance.randrange(40 * 24 * 60))
        story.now = moment
        no = story.issue(severity=1 + n % 4)
        story.dispatch(no, dict.fromkeys(units, "separate"))
    story.now = moment = local("2026-09-14 00:00")
    for _ in range(30):
        moment += timedelta(minutes=chance.randrange(3 * 24 * 60))
        story.sweep(moment)
    session = fresh()
    notices = session.scalars(db.select(Notice)).all()
    assert len(session.scalars(db.select(Notice.subject).where(Notice.code == "notice.task_dispatched")).all()) >= 500
    assert len(notices) > 3000
    assert [notice for notice in notices if not fits(notice, session)] == []
    assert {notice.at for notice in notices} <= set(session.scalars(db.select(Entry.at)))


def fits(notice: Notice, session: Session) -> bool:
    """Whether a notice is seen at work and as soon as that; at severity 1, at once."""
    # An issue is opened before it is rated.
    rated = notice.code != "notice.issue_opened"
    if rated and session.get_one(Issue, notice.subject[:14]).severity == 1:
        return notice.visible_at == notice.at
    calendars = list(_calendars(notice.user_name, session))
    waited = [calendar.worked(notice.at, notice.visible_at) for calendar in calendars]
    return any(calendar.is_open(notice.visible_at) for calendar in calendars) and set(waited) == {0}


def _calendars(name: str, session: Session) -> Iterable[WorkCalendar]:
    national = session.get_one(Calendar, NATIONAL).revision
    codes = db.select(Unit.calendar).join(Membership, Membership.unit_code == Unit.code)
    for code in set(session.scalars(codes.where(Membership.user_name == name))):
        yield work_calendar(code, session.get_one(Calendar, code).revision, national)
