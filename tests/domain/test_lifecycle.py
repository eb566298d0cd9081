"""The lifecycle table says what DESIGN's tables say; nothing else decides."""

import pytest

from cxloop.domain.buttons import allowed_verbs
from cxloop.domain.lifecycle import ACTS, TABLE, acts_on, refusal
from cxloop.domain.vocabulary import OPEN_TASK, IssueState, SignalState, TaskState

NOTHING: frozenset[str] = frozenset()

# DESIGN section 3: act, from, to.
WANTED = [
    ("signal.link", "new returned", "linked"),
    ("signal.return", "new returned", "returned"),
    ("signal.set_aside", "new returned", "set_aside"),
    ("signal.complete", "returned", "new"),
    ("issue.analyse", "new analysing in_progress verifying", "analysing in_progress verifying"),
    ("issue.dispatch", "new analysing in_progress", "in_progress"),
    ("issue.dismiss", "new analysing", "dismissed"),
    ("issue.merge", "new analysing", "merged"),
    ("issue.advance", "in_progress", "verifying analysing"),
    ("verification.record", "verifying", "verifying in_progress"),
    ("closure.close", "verifying", "closed"),
    ("closure.archive", "closed", "archived"),
    ("audit.approve", "closed", "archived"),
    ("audit.return", "closed", "verifying"),
    ("task.release", "planned", "dispatched"),
    ("task.sign", "dispatched", "working"),
    ("task.assign", "dispatched working submitted", ""),
    ("task.decline", "dispatched working", "declined"),
    ("task.redispatch", "declined", "dispatched"),
    ("task.adjudicate", "declined", "dispatched"),
    ("task.transfer", "working", "dispatched"),
    ("feedback.submit", "working", "submitted signing"),
    ("feedback.sign", "signing", "submitted"),
    ("feedback.return", "signing", "working"),
    ("task.redo", "accepted following", "working"),
    ("feedback.withdraw", "submitted", "working"),
    ("review.accept", "submitted", "accepted following"),
    ("review.send_back", "submitted", "working"),
    ("task.follow", "following", "accepted"),
    ("measure.complete", "open", "done"),
    ("measure.confirm", "done", "confirmed"),
    ("measure.send_back", "done", "open"),
]


@pytest.mark.parametrize(("name", "frm", "to"), WANTED)
def test_the_table_is_the_designs(name: str, frm: str, to: str) -> None:
    assert (ACTS[name].frm, set(ACTS[name].to)) == (set(frm.split()), set(to.split()))


@pytest.mark.parametrize("name", ["task.nudge", "task.supervise", "task.cancel"])
def test_open_means_not_accepted_and_not_cancelled(name: str) -> None:
    assert ACTS[name].frm == OPEN_TASK == set(TaskState) - {"accepted", "cancelled"}


def test_ends_are_ends() -> None:
    for kind, ends in (("issue", {"archived", "dismissed", "merged"}), ("task", {"accepted", "cancelled"})):
        rows = [row for row in TABLE if row.on == kind and row.name not in {"issue.reopen", "task.redo", "appeal.file"}]
        assert {state for row in rows for state in row.frm} & ends == set()


@pytest.mark.parametrize(("kind", "states"), [("signal", SignalState), ("issue", IssueState)])
def test_every_state_is_reached(kind: str, states: type[SignalState | IssueState]) -> None:
    reached = {state for row in TABLE if row.on == kind for state in row.to}
    assert reached == set(states)


def test_every_state_of_a_task_is_reached() -> None:
    assert set(TaskState) - {state for row in TABLE if row.on == "task" for state in row.to} == {"planned"}


@pytest.mark.parametrize(
    ("act", "state", "facts", "why"),
    [
        ("task.sign", "dispatched", NOTHING, None),
        ("task.sign", "working", NOTHING, "state"),
        ("task.decline", "working", frozenset({"window_over"}), "window_over"),
        ("task.decline", "working", frozenset({"bound", "window_over"}), "bound"),
        ("task.redispatch", "declined", frozenset({"declined_twice"}), "declined_twice"),
        ("task.adjudicate", "declined", NOTHING, "without_declined_twice"),
        ("measure.complete", "open", NOTHING, "without_following"),
        ("closure.close", "verifying", frozenset({"following"}), "following"),
        ("audit.approve", "closed", NOTHING, "without_drawn"),
        ("user.set_password", "", NOTHING, None),
    ],
)
def test_refusals_say_why(act: str, state: str, facts: frozenset[str], why: str | None) -> None:
    assert refusal(act=act, state=state, facts=facts) == why


def test_the_state_is_asked_before_the_facts() -> None:
    assert refusal(act="closure.close", state="new", facts=frozenset({"following"})) == "state"


def test_what_happens_by_itself_is_no_button() -> None:
    assert not {row.name for kind in ("issue", "task", "clock") for row in acts_on(kind)} & {
        "issue.advance",
        "closure.archive",
        "task.release",
        "task.follow",
        "clock.fire",
        "issue.open",
    }


def test_buttons_are_lifecycle_and_permission_read_together() -> None:
    def verbs(state: str, *relations: str) -> list[str]:
        return allowed_verbs(kind="task", state=state, conditions=NOTHING, relations=frozenset(relations))

    assert verbs("dispatched", "unit_lead") == ["sign", "assign", "decline"]
    assert verbs("dispatched", "liaison") == ["sign"]
    assert verbs("submitted", "dispatcher", "center") == ["accept", "send-back", "nudge", "supervise", "cancel"]
    assert verbs("submitted", "dispatcher", "center", "submitter") == ["nudge", "supervise", "cancel"]
    assert verbs("accepted", "dispatcher", "center") == []
    assert verbs("working") == []
