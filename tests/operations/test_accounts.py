"""The group itself: units, people, passwords, tokens, calendars and policies are acts too."""

from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.calendar import CalendarRevision
from cxloop.models.unit import Unit
from cxloop.models.user import Token, User, UserSession
from cxloop.operations.accounts import password_fits, token_digest
from cxloop.operations.act import Differs, Forbidden, Invalid
from tests.cast import ANALYST, CHEN, LIN, OPS, WU, ZHAO
from tests.factories import Story, fresh

UNIT = {"name": "珠海分公司", "name_en": "Zhuhai", "kind": "below", "parent": "P44", "calendar": "CN"}


def test_a_unit_takes_its_place_in_the_tree(story: Story) -> None:
    story.do("unit.add", OPS, "P4404", **UNIT)
    assert fresh().get_one(Unit, "P4404").path == "/P44/P4404/"
    with pytest.raises(Differs):
        story.do("unit.add", OPS, "P4404", **UNIT)


@pytest.mark.parametrize(("field", "value"), [("parent", "P99"), ("calendar", "MARS")])
def test_a_unit_needs_what_it_stands_on(story: Story, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        story.do("unit.add", OPS, "P4404", **{**UNIT, field: value})
    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize("name", [ANALYST, LIN, CHEN, ZHAO])
def test_only_who_administers_adds(story: Story, name: str) -> None:
    for act, number, fields in (
        ("unit.add", "P4404", UNIT),
        ("user.add", "new", {"name": "新", "memberships": []}),
        ("policy.publish", "sla", {"body": {}}),
        ("calendar.publish", "X", {"definition": {}}),
    ):
        with pytest.raises(Forbidden):
            story.do(act, name, number, **fields)


def test_a_person_is_added_once_and_never_as_the_system(story: Story) -> None:
    hats = [{"unit": "P44", "role": "handler"}, {"unit": "P44", "role": "liaison"}]
    story.do("user.add", OPS, "sun2", name="孙", memberships=hats)
    assert {row.role for row in fresh().get_one(User, "sun2").memberships} == {"handler", "liaison"}
    for taken in ("sun2", "system"):
        with pytest.raises(Differs):
            story.do("user.add", OPS, taken, name="孙", memberships=[])
    with pytest.raises(Invalid) as refused:
        story.do("user.add", OPS, "sun3", name="孙", memberships=[*hats, {"unit": "P99", "role": "handler"}])
    assert list(refused.value.errors) == ["memberships.2.unit"]


def test_a_password_is_ones_own_affair_or_the_admins(story: Story) -> None:
    story.do("user.set_password", CHEN, CHEN, password="long enough")
    story.do("user.set_password", OPS, CHEN, password="long enough too")
    chen = fresh().get_one(User, CHEN)
    assert (password_fits(chen, "long enough too"), password_fits(chen, "long enough")) == (True, False)
    with pytest.raises(Forbidden):
        story.do("user.set_password", WU, CHEN, password="long enough")
    with pytest.raises(Invalid):
        story.do("user.set_password", CHEN, CHEN, password="short")


def test_without_a_password_nobody_gets_in(story: Story) -> None:
    assert not password_fits(fresh().get_one(User, WU), "")
    assert not password_fits(None, "whatever")


def test_a_new_password_ends_every_session(story: Story) -> None:
    with db.engine.begin() as connection:
        connection.execute(
            db.insert(UserSession.__table__).values(digest="d", user_name=CHEN, started_at=story.now, ended_at=None)
        )
    story.do("user.set_password", CHEN, CHEN, password="long enough")
    assert fresh().get_one(UserSession, "d").ended_at is not None


def test_of_a_token_only_the_digest_is_kept(story: Story) -> None:
    _token, plain = story.do("token.issue", CHEN, CHEN)
    [stored] = fresh().scalars(db.select(Token))
    assert (stored.digest, stored.n, stored.revoked_at) == (token_digest(plain), 1, None)
    story.do("token.revoke", OPS, CHEN, n=1)
    assert fresh().scalar(db.select(Token.revoked_at)) is not None
    with pytest.raises(Invalid):
        story.do("token.revoke", OPS, CHEN, n=1)


def test_nobody_issues_another_ones_token(story: Story) -> None:
    for name in (OPS, LIN):
        with pytest.raises(Forbidden):
            story.do("token.issue", name, CHEN)


DAYS = {"official_until": "2027-12-31", "days": [{"date": "2027-01-01", "kind": "holiday", "name": "元旦"}]}


@pytest.mark.parametrize(
    ("code", "definition", "field"),
    [
        ("X", {"tz": "Mars/Base", "week": {}}, "definition.tz"),
        ("CN-DAYS", {"official_until": "2027-12-31"}, "definition.days"),
        ("CN-DAYS", {**DAYS, "days": [{"date": "2027-13-01", "kind": "holiday"}]}, "definition.days.0.date"),
        ("CN-DAYS", {**DAYS, "days": 7}, "definition.days"),
        ("CN-DAYS", {**DAYS, "official_until": "never"}, "definition.official_until"),
    ],
)
def test_a_calendar_without_sense_is_refused(story: Story, code: str, definition: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        story.do("calendar.publish", OPS, code, definition=definition)
    assert list(refused.value.errors) == [field]
    newest = db.select(db.func.max(CalendarRevision.n)).where(CalendarRevision.calendar == code)
    assert fresh().scalar(newest) in {None, 1}


def test_next_years_days_are_a_new_revision(story: Story) -> None:
    story.do("calendar.publish", OPS, "CN-DAYS", definition=DAYS)
    rows = list(fresh().scalars(db.select(CalendarRevision.n).where(CalendarRevision.calendar == "CN-DAYS")))
    assert sorted(rows) == [1, 2]


def test_somebody_inactive_acts_no_more(story: Story) -> None:
    with db.engine.begin() as connection:
        connection.execute(db.update(User.__table__).where(User.name == ANALYST).values(active=False))
    with pytest.raises(Forbidden):
        story.signal(ANALYST)
    with pytest.raises(Forbidden):
        story.signal("nobody")
