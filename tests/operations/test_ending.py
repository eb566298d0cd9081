"""Issues that end before they are dispatched: dismissed, or merged into another."""

import pytest

from cxloop.operations.act import Invalid, WrongState
from tests.cast import ANALYST, WU, XU
from tests.factories import Story


def test_dismissing_answers_whoever_raised_it(story: Story) -> None:
    signal = story.signal(WU)
    no = story.do("issue.open", ANALYST, title="t", description="d", channel="hotline", signals=[signal]).no
    story.do("issue.dismiss", XU, no, reason="single_voice", text="个案")
    assert (story.the_issue(no).state, story.told("notice.dismissed", no)) == ("dismissed", ["analyst", "wu"])
    assert (story.clock(no, "triage").state, story.clock(no, "issue").state) == ("ended", "cancelled")
    with pytest.raises(WrongState):
        story.do("issue.analyse", ANALYST, no, reach=1)


def test_dismissing_needs_a_known_reason(story: Story) -> None:
    with pytest.raises(Invalid):
        story.do("issue.dismiss", ANALYST, story.issue(), reason="x")


def two(story: Story) -> tuple[str, str, str]:
    signal = story.signal()
    told = {"title": "t", "description": "d", "channel": "hotline"}
    one = story.do("issue.open", ANALYST, **told, signals=[signal]).no
    return one, story.do("issue.open", ANALYST, **told).no, signal


def test_merging_moves_the_signals_and_adds_the_reach(story: Story) -> None:
    one, other, signal = two(story)
    story.do("issue.analyse", ANALYST, one, reach=300)
    story.do("issue.analyse", ANALYST, other, reach=1200)
    story.do("issue.merge", ANALYST, one, into=other)
    merged, survivor = story.the_issue(one), story.the_issue(other)
    assert (merged.state, merged.merged_into, survivor.reach) == ("merged", other, 1500)
    assert story.the_signal(signal).issue_no == other
    last = [story.entries(kind, no)[-1] for kind, no in (("issue", one), ("issue", other), ("signal", signal))]
    assert ({entry.act for entry in last}, len({entry.act_id for entry in last})) == ({"issue.merge"}, 1)
    assert {story.clock(one, kind).state for kind in ("triage", "issue")} == {"ended", "cancelled"}


def test_a_given_reach_stands(story: Story) -> None:
    one, other, _signal = two(story)
    story.do("issue.analyse", ANALYST, other, reach=1200)
    story.do("issue.merge", ANALYST, one, into=other, reach=1300)
    assert story.the_issue(other).reach == 1300


def test_a_merged_issue_is_read_only_and_fires_nothing(story: Story) -> None:
    one, other, signal = two(story)
    story.do("issue.merge", ANALYST, one, into=other)
    for act, fields in (
        ("issue.analyse", {"reach": 1}),
        ("issue.dispatch", {"tasks": []}),
        ("issue.merge", {"into": other}),
        ("issue.dismiss", {"reason": "duplicate"}),
    ):
        with pytest.raises(WrongState) as refused:
            story.do(act, ANALYST, one, **fields)
        assert (refused.value.state, refused.value.allowed) == ("merged", [])
    with pytest.raises(Invalid):
        story.do("signal.link", ANALYST, story.signal(), issue=one)
    story.pass_time("2026-10-30 18:00")
    assert all(not clock.breaches for kind in ("triage", "issue") for clock in story.clocks(one, kind))
    assert story.the_signal(signal).state == "linked"


def test_what_cannot_be_merged_into(story: Story) -> None:
    one, other, _signal = two(story)
    closing = story.verifying()
    for into, code in (
        (one, "error.itself"),
        ("CX-2026-000099", "error.unknown_issue"),
        (closing, "error.not_mergeable"),
    ):
        with pytest.raises(Invalid) as refused:
            story.do("issue.merge", ANALYST, one, into=into)
        assert refused.value.errors["into"][0] == code
    story.dispatch(other, {"P44": "separate"})
    story.do("issue.merge", ANALYST, one, into=other)
