"""The arithmetic of due times: landing, resuming, re-planning, rungs (K6, K9, K11, K13)."""

from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from cxloop.domain.calendar import Target, WorkCalendar
from cxloop.domain.clocks import landing_due, moments, replanned, resumed, wave_end
from cxloop.domain.policy import RungSpec

ZONE = ZoneInfo("Asia/Shanghai")
HOURS = [["09:00", "12:00"], ["13:30", "18:00"]]
CN = WorkCalendar.from_definition({"tz": "Asia/Shanghai", "week": {str(day): HOURS for day in range(5)}}, code="CN")
ALWAYS = WorkCalendar.from_definition(
    {"tz": "Asia/Shanghai", "week": {str(day): [["00:00", "24:00"]] for day in range(7)}}, code="ALWAYS"
)
FLOOR = Target.parse("4 h")
MONDAY = datetime(2026, 8, 24, 10, tzinfo=ZONE)
seconds = st.integers(0, 400 * 3600)
instants = st.integers(0, 60 * 86400).map(lambda n: datetime.fromtimestamp(1787536800 + n, ZONE))


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=ZONE)


def test_a_wave_ends_one_review_before_the_issue_and_supports_before_that() -> None:
    due, review, gather = at("09-03 18:00"), Target.parse("2 d"), Target.parse("1 d")
    assert wave_end(calendar=CN, issue_due=due, review=review, gather=None) == at("09-01 18:00")
    assert wave_end(calendar=CN, issue_due=due, review=review, gather=gather) == at("08-31 18:00")


@given(instants, instants, st.integers(1, 10))
def test_a_landing_never_starves_the_unit(now: datetime, end: datetime, days: int) -> None:
    least = Target.parse(f"{days} d")
    due = landing_due(calendar=CN, end=end, at=now, least=least)
    assert due >= end
    assert due >= CN.due(now, least)
    assert due in {end, CN.due(now, least)}


@given(instants, instants, instants)
def test_landing_again_gives_half_of_the_first_time(now: datetime, end: datetime, first: datetime) -> None:
    due = landing_due(calendar=CN, end=end, at=now, least=Target.parse("1 d"), dispatched_at=first)
    if first < end:
        assert CN.worked(now, max(now, due)) >= CN.worked(first, end) // 2


@given(instants, seconds, seconds)
def test_resuming_leaves_what_was_left_or_the_floor(now: datetime, left: int, whole: int) -> None:
    left = min(left, whole)
    plain = resumed(calendar=CN, at=now, left=left, whole=whole, floor=None)
    given_floor = resumed(calendar=CN, at=now, left=left, whole=whole, floor=FLOOR)
    assert CN.worked(now, max(now, plain)) == left
    assert CN.worked(now, max(now, given_floor)) == max(left, min(4 * 3600, whole))


@given(instants, st.integers(-(10**6), 0))
def test_nothing_left_and_no_floor_is_due_now(now: datetime, left: int) -> None:
    assert resumed(calendar=CN, at=now, left=left, whole=10**6, floor=None) == CN.advance(now, 0)


@given(instants, st.integers(0, 60 * 3600), st.sampled_from(["4 h", "1 d", "5 d", "10 d"]))
def test_re_planning_counts_what_was_consumed(start: datetime, consumed: int, target: str) -> None:
    now = CN.advance(start, consumed)
    due = replanned(calendar=CN, start=start, target=Target.parse(target), consumed=consumed, floor=FLOOR, at=now)
    whole = CN.worked(start, max(start, CN.due(start, Target.parse(target))))
    assert CN.worked(now, max(now, due)) == max(min(4 * 3600, whole), whole - consumed)


def test_re_planning_at_once_is_the_target_itself() -> None:
    for target in ("4 h", "1 d", "8 d"):
        wanted = Target.parse(target)
        due = replanned(calendar=CN, start=MONDAY, target=wanted, consumed=0, floor=FLOOR, at=MONDAY)
        assert due == CN.due(MONDAY, wanted)


def rung(code: str, *, percent: int | None = None, offset: str | None = None, sign: int = 0) -> RungSpec:
    return RungSpec(code, percent, None if offset is None else Target.parse(offset), sign, ("lead",))


LADDER = (
    rung("p75", percent=75),
    rung("before_1d", offset="1 d", sign=-1),
    rung("due"),
    rung("over_3d", offset="3 d", sign=1),
)


def codes(now: datetime, due: datetime, consumed: int = 0) -> list[str]:
    return [one.code for one in moments(calendar=CN, ladder=LADDER, at=now, due=due, consumed=consumed)]


def test_rungs_sort_by_their_moment() -> None:
    assert codes(MONDAY, at("09-03 18:00")) == ["p75", "before_1d", "due", "over_3d"]
    # Of a single day three quarters are over after the eve's closing.
    assert codes(at("08-24 17:00"), at("08-25 18:00")) == ["before_1d", "p75", "due", "over_3d"]


def test_a_rung_that_is_not_after_the_start_does_not_exist() -> None:
    assert codes(at("08-24 18:00"), at("08-25 18:00")) == ["p75", "due", "over_3d"]
    assert codes(at("08-25 17:30"), at("08-25 18:00"), consumed=30 * 3600) == ["due", "over_3d"]


def test_three_quarters_count_from_the_beginning_of_the_clock() -> None:
    [p75, *_rest] = moments(calendar=ALWAYS, ladder=LADDER, at=MONDAY, due=at("08-24 16:00"), consumed=2 * 3600)
    assert (p75.code, p75.at) == ("p75", at("08-24 14:00"))


@given(instants, instants, seconds)
def test_all_moments_lie_ahead(now: datetime, due: datetime, consumed: int) -> None:
    found = moments(calendar=CN, ladder=LADDER, at=now, due=due, consumed=consumed)
    assert all(one.at > now for one in found)
    assert [one.at for one in found] == sorted(one.at for one in found)
