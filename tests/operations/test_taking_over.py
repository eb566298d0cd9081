"""An open item of a ledger comes in with the due it was given, and no living task can be given one that way."""

from typing import Any

import pytest

from cxloop.models.entry import Entry
from cxloop.models.issue import Issue
from cxloop.operations.act import Call, Differs, Forbidden, Invalid, perform
from cxloop.queries.verification import verify_clocks
from cxloop.queries.why import find as why
from tests.cast import ANALYST, CHEN, HANDLER, LIN, OPS, ZHAO
from tests.factories import RESOLVED, Story, fresh, local, shown
from tests.operations.publishing import holiday, publish, replan

# Long before the group had a policy.
HANDED_OUT, DUE = "2025-11-03 10:00", "2026-08-28 18:00"
ITEM: dict[str, Any] = {
    "source": "ledger", "number": "2025-107", "title": "老旧小区掉线", "description": "逐户整改", "channel": "hotline",
    "severity": 3, "unit": "P44", "original_due": local(DUE),
}  # fmt: skip


def take(story: Story, by: str = LIN, at: str = HANDED_OUT, **more: Any) -> Any:
    said = {name: value for name, value in {**ITEM, **more}.items() if value is not None}
    return perform(Call("issue.take_over", by, local(at), fields=said, origin="replay"))


def test_the_original_due_holds(story: Story) -> None:
    found = take(story)
    task, clock = story.task(found.task), story.clock(found.task, "feedback")
    assert found.no.startswith("CX-2025-")
    assert (task.state, task.unit, task.dispatcher, shown(task.due_at)) == ("working", "P44", "CENTER", DUE)
    assert (shown(clock.due_at), shown(clock.started_at), clock.target.split()[1]) == (DUE, HANDED_OUT, "nh")
    assert [(plan.why, shown(plan.due_at)) for plan in clock.plans] == [("ledger", DUE)]
    assert story.the_issue(found.no).state == "in_progress"
    # The joint due leaves room to review an answer that comes at the original one.
    assert story.clock(found.no, "issue").due_at > clock.due_at
    assert story.clock(found.task, "sign").state == "ended"
    assert {CHEN, HANDLER} <= set(story.told("notice.taken_over", found.task))


def test_the_entry_bears_the_due_and_the_history_bears_it_out(story: Story) -> None:
    found = take(story, note="已完成六成", note_at=local("2026-03-02 09:00"))
    [entry] = story.entries("issue", found.no)
    assert (entry.act, entry.origin, shown(entry.at), entry.actor) == ("issue.take_over", "replay", HANDED_OUT, LIN)
    assert '"original_due":"2026-08-28T10:00:00.000000Z"' in entry.body
    story.pass_time("2026-08-26 10:00")
    story.answer(found.task, HANDLER)
    story.do("review.send_back", ANALYST, found.task, reason="no_evidence")
    story.do("issue.rerate", LIN, found.no, severity=2, reason="扩大")
    assert verify_clocks().differences == ()


def test_it_says_why_it_is_due_then(story: Story) -> None:
    clock = story.clock(take(story).task, "feedback")
    from cxloop.domain.permissions import Person
    from cxloop.domain.vocabulary import SYSTEM

    told = why(id_=clock.id, person=Person(SYSTEM), at=local("2026-08-24 10:00"))
    assert told is not None
    assert DUE in told["why"][0]["text"]
    assert "台账" in told["why"][0]["text"]


def test_an_overdue_item_is_overdue_since_its_own_due(story: Story) -> None:
    found = take(story, original_due=local("2026-08-14 18:00"))
    story.sweep("2026-08-24 10:00")
    [breach] = story.clock(found.task, "feedback").breaches
    assert (shown(breach.due_at), breach.holder) == ("2026-08-14 18:00", "P44")
    assert {rung.state for rung in story.clock(found.task, "feedback").rungs} >= {"fired", "collapsed"}
    assert verify_clocks().differences == ()


def test_what_nobody_signed_for_is_signed_for_here(story: Story) -> None:
    found = take(story, at="2026-08-24 10:00", state="dispatched")
    story.do("task.sign", CHEN, found.task, at="2026-08-24 11:00")
    assert shown(story.task(found.task).due_at) == DUE
    assert verify_clocks().differences == ()


def test_a_calendar_that_is_published_later_does_not_move_it(story: Story) -> None:
    found = take(story)
    clock = story.clock(found.task, "feedback")
    publish(story, clock.calendar, holiday("2026-08-27"), holiday("2026-08-28"))
    replan(story)
    assert shown(story.task(found.task).due_at) == DUE
    assert verify_clocks().differences == ()


def test_the_same_item_again_changes_nothing(story: Story) -> None:
    first = take(story)
    entries, again = fresh().query(Entry).count(), take(story, by="system")
    assert (again.no, again.task, again.is_new) == (first.no, first.task, False)
    assert (fresh().query(Entry).count(), fresh().query(Issue).count()) == (entries, 1)
    for more in ({"original_due": local("2026-09-28 18:00")}, {"title": "别的"}, {"unit": "P51"}):
        with pytest.raises(Differs):
            take(story, **more)
    assert shown(story.task(first.task).due_at) == DUE


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("original_due", {"original_due": local(HANDED_OUT)}),
        ("unit", {"unit": "P4401"}),
        ("unit", {"unit": "X99"}),
        ("channel", {"channel": "x"}),
        ("category", {"category": "x"}),
        ("handler", {"handler": "wu"}),
        ("note_at", {"note": "x", "note_at": local("2025-11-02 10:00")}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_enters(story: Story, field: str, more: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        take(story, **more)
    assert list(refused.value.errors) == [field]
    assert fresh().query(Issue).count() == 0


@pytest.mark.parametrize("name", [ANALYST, CHEN, ZHAO, OPS])
def test_only_the_centers_manager_takes_over(story: Story, name: str) -> None:
    with pytest.raises(Forbidden):
        take(story, name)


def test_it_closes_like_any_other(story: Story) -> None:
    found = take(story)
    story.now = local("2026-08-24 10:00")
    story.answer(found.task, CHEN, **RESOLVED)
    story.accept(found.task)
    assert story.the_issue(found.no).state == "verifying"
    story.verdict(found.no)
    story.close(found.no)
    assert story.the_issue(found.no).state == "closed"
    assert verify_clocks().differences == ()
