"""Endings: closed with a frozen report, audited and archived; dismissed; merged."""

import hashlib
import json
from typing import Any

import pytest

from cxloop.domain.canonical import canonical
from cxloop.extensions import db
from cxloop.models.closure import ClosureReport, Control, Opinion
from cxloop.operations.act import Forbidden, Invalid, WrongState
from tests.cast import ANALYST, CHEN, HE, LIN, QIAN, SUN, ZHAO
from tests.factories import EFFECT, RESOLVED, Story, fresh, parked, planned, shown


def judged(story: Story, units: dict[str, str] | None = None, **fields: Any) -> str:
    no = story.verifying(units, **fields)
    story.verdict(no)
    return no


def drawn_or_not(story: Story, *, wanted: bool) -> str:
    """A closed issue of severity 4 that chance drew, or did not: five in a hundred are."""
    for _ in range(200):
        no = story.closed(severity=4)
        if story.report(no).drawn is wanted:
            return no
    raise AssertionError("chance is not what it was")


# What closing needs


def test_only_a_manager_closes(story: Story) -> None:
    no = judged(story)
    for name in (ANALYST, CHEN, ZHAO):
        with pytest.raises(Forbidden) as refused:
            story.close(no, name)
        assert refused.value.why == "forbidden"


def test_who_gave_the_verdict_does_not_close(story: Story) -> None:
    no = story.verifying()
    story.verdict(no, by=LIN)
    with pytest.raises(Forbidden) as refused:
        story.close(no, LIN)
    assert refused.value.why == "segregation"
    story.close(no, HE)


def test_any_verdict_of_this_cycle_counts_but_not_those_of_earlier_ones(story: Story) -> None:
    no = story.verifying()
    story.verdict(no, "ineffective", by=LIN)
    story.settle(story.dispatch(no, {"P44": "separate"})[0])
    story.verdict(no, "inconclusive", by=HE)
    story.verdict(no)
    with pytest.raises(Forbidden):
        story.close(no, HE)
    story.close(no, LIN)


def test_a_verdict_is_needed_and_an_inconclusive_one_needs_a_reason(story: Story) -> None:
    no = story.verifying()
    with pytest.raises(Invalid) as bare:
        story.close(no)
    story.verdict(no, "inconclusive")
    with pytest.raises(Invalid) as unsaid:
        story.close(no)
    assert [list(error.value.errors) for error in (bare, unsaid)] == [["verdict"], ["reason"]]
    story.close(no, reason="样本不足")


def test_every_main_and_separate_unit_keeps_a_control(story: Story) -> None:
    no = judged(story, {"P44": "main", "P51": "support", "P11": "separate"})
    control = {"item": "灰度检查", "rounds": 3}
    with pytest.raises(Invalid) as refused:
        story.close(no, controls=[{"unit": "P44", **control}])
    assert refused.value.errors["controls"] == ("error.controls_wanted", {"units": "P11"})
    story.close(no, controls=[{"unit": "P44", **control}, {"unit": "P11", **control}])


def test_or_a_reason_for_none(story: Story) -> None:
    no = judged(story)
    story.close(no, controls=[], no_controls_reason="一次性")
    assert story.the_issue(no).state == "closed"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"cause": {"class": "x", "text": "t"}}, "cause.class"),
        ({"liability": [{"unit": "P44", "code": "x"}]}, "liability.0.code"),
        ({"liability": [{"unit": "P51", "code": "liable"}]}, "liability.0.unit"),
        ({"liability": [{"unit": "P44", "code": "liable"}, {"unit": "P44", "code": "none"}]}, "liability.1.unit"),
        ({"controls": [{"unit": "P51", "item": "x", "rounds": 1}]}, "controls.0.unit"),
    ],
)
def test_what_makes_no_sense_names_its_field(story: Story, fields: dict[str, Any], field: str) -> None:
    no = judged(story)
    with pytest.raises(Invalid) as refused:
        story.close(no, **fields)
    assert list(refused.value.errors) == [field]
    assert story.report(no) is None


@pytest.mark.parametrize(("kind", "enough"), [("correction", False), ("preventive", True)])
def test_severity_one_needs_more_than_a_correction(story: Story, kind: str, enough: bool) -> None:
    no, [task] = story.dispatched({"P44": "separate"}, severity=1)
    story.settle(task, **{**RESOLVED, "measures": [{"kind": kind, "text": "x"}]})
    story.verdict(no)
    if enough:
        story.close(no)
        return
    with pytest.raises(Invalid) as refused:
        story.close(no)
    assert list(refused.value.errors) == ["measures"]


def test_while_something_is_followed_nothing_closes(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"})
    story.settle(task, **planned("2026-10-30 18:00"))
    story.verdict(no)
    with pytest.raises(WrongState) as refused:
        story.close(no)
    assert (refused.value.why, "close" in refused.value.allowed) == ("following", False)
    story.do("measure.complete", CHEN, f"{task}/1", text="x")
    story.do("measure.confirm", ANALYST, f"{task}/1")
    story.close(no)


def test_what_is_parked_ends_with_the_issue_and_comes_back(story: Story) -> None:
    no, [done, later, sooner] = story.dispatched({"P44": "separate", "P51": "separate", "P11": "separate"})
    story.settle(done)
    story.settle(later, **parked("2026-12-20 18:00"))
    story.settle(sooner, **parked("2026-12-01 18:00"))
    story.verdict(no)
    story.close(no)
    assert {story.task(task).state for task in (done, later, sooner)} == {"accepted"}
    assert shown(story.the_issue(no).review_at) == "2026-12-01 18:00"


# The report


def test_the_report_is_frozen_text_with_its_digest(story: Story) -> None:
    no = story.closed()
    report = story.report(no)
    body = json.loads(report.body)
    assert (report.no, report.state, report.sha256) == (
        f"{no}-R01",
        "pending",
        hashlib.sha256(report.body.encode()).hexdigest(),
    )
    assert canonical(body) == report.body
    assert (body["no"], body["issue"]["no"], body["summary"], len(body["tasks"])) == (report.no, no, "更换设备", 1)
    assert body["verifications"][0]["after_value"] == "0.08"
    assert body["liability"] == [{"unit": "P44", "code": "liable"}]


def test_it_tells_the_case_as_it_stood_at_closing(story: Story) -> None:
    no = story.closed()
    issue = json.loads(story.report(no).body)["issue"]
    assert (issue["closed_by"], issue["final_cause_class"]) == ("lin", "network.fault")


def test_no_voice_and_no_person_stands_in_it(story: Story) -> None:
    signal = story.signal(text="我是李雷 13812341234", contact={"name": "李雷", "phone": "13812341234"})
    no = story.verifying()
    story.do("signal.link", ANALYST, signal, issue=no)
    story.verdict(no)
    story.close(no)
    body = story.report(no).body
    assert "13812341234" not in body
    assert "李雷" not in body
    assert signal in body


def test_closing_ends_the_verification(story: Story) -> None:
    no = story.closed()
    assert story.clock(no, "verify").state == "ended"
    story.pass_time("2026-12-01 10:00")
    assert story.clock(no, "verify").breaches == []


# Drawing


@pytest.mark.parametrize("severity", [1, 2])
def test_all_severe_closures_are_audited(story: Story, severity: int) -> None:
    no = story.closed(severity=severity)
    report, audit = story.report(no), story.clock(no, "audit")
    assert (report.drawn, report.drawn_why, audit.owner, audit.state) == (True, "severity", "A01", "running")
    assert set(story.told("notice.closed", no)) == {"analyst", "qian", "sun", "zhao"}


def test_anyone_can_redo_the_draw(story: Story) -> None:
    no = story.verifying(severity=3)
    story.verdict(no)
    head = story.the_issue(no).head_hash
    story.close(no)
    report = story.report(no)
    roll = int(hashlib.sha256((report.no + head).encode()).hexdigest(), 16) % 100
    assert (report.drawn_roll, report.drawn) == (roll, roll < 20)
    changes = {(row["subject"], row["field"]): row["after"] for row in entry_changes(story, no)}
    assert changes[report.no, "drawn_roll"] == roll


def entry_changes(story: Story, no: str) -> list[dict[str, Any]]:
    changes: list[dict[str, Any]] = json.loads(story.entries("issue", no)[-1].body)["changes"]
    return changes


def test_a_third_send_back_is_always_audited(story: Story) -> None:
    no, [task] = story.dispatched({"P44": "separate"}, severity=4)
    story.do("task.sign", CHEN, task)
    for _ in range(3):
        story.do("feedback.submit", CHEN, task, **RESOLVED)
        story.do("review.send_back", ANALYST, task, reason="no_evidence")
    story.settle(task)
    story.verdict(no)
    story.close(no)
    assert (story.report(no).drawn, story.report(no).drawn_why) == (True, "send_backs")


def test_what_was_not_drawn_archives_itself_after_the_audit_window(story: Story) -> None:
    no = drawn_or_not(story, wanted=False)
    clock = story.clock(no, "archive")
    assert (story.clocks(no, "audit"), [rung.code for rung in clock.rungs]) == ([], ["file"])
    with pytest.raises(WrongState) as refused:
        story.do("audit.approve", ZHAO, no, opinion="同意")
    assert refused.value.why == "without_drawn"
    story.sweep(clock.due_at)
    assert (story.the_issue(no).state, story.report(no).state) == ("archived", "filed")
    assert (story.clock(no, "archive").state, story.clock(no, "archive").breaches) == ("ended", [])


# Audit


def test_approved_and_archived(story: Story) -> None:
    no = story.closed()
    story.do("audit.approve", ZHAO, no, opinion="同意")
    assert (story.the_issue(no).state, story.report(no).state) == ("archived", "approved")
    assert story.clock(no, "audit").state == "ended"
    [opinion] = fresh().scalars(db.select(Opinion))
    assert (opinion.verdict, opinion.by, opinion.text) == ("approve", ZHAO, "同意")


def test_a_returned_closure_needs_answers_or_a_new_verdict(story: Story) -> None:
    no = story.closed()
    story.do("audit.return", ZHAO, no, findings=["样本量说明不足"])
    assert (story.the_issue(no).state, story.report(no).state) == ("verifying", "returned")
    with pytest.raises(Invalid) as refused:
        story.close(no)
    assert list(refused.value.errors) == ["answers"]
    story.close(no, answers=["已补充样本"])
    reports = list(fresh().scalars(db.select(ClosureReport).order_by(ClosureReport.n)))
    assert [(row.no[-3:], row.state) for row in reports] == [("R01", "superseded"), ("R02", "pending")]
    story.do("audit.approve", ZHAO, no, opinion="同意")
    assert story.the_issue(no).state == "archived"


def test_or_a_new_verdict(story: Story) -> None:
    no = story.closed()
    story.do("audit.return", ZHAO, no, findings=["x"])
    story.verdict(no)
    story.close(no)
    assert story.report(no).n == 2


def test_after_a_return_the_verification_runs_without_a_wait(story: Story) -> None:
    no = story.closed()
    story.do("audit.return", ZHAO, no, at="2026-09-14 10:00", findings=["x"])
    clock = story.clock(no, "verify")
    assert (shown(clock.started_at), story.due(no, "verify")) == ("2026-09-14 10:00", "2026-09-20 18:00")


def test_controls_are_replaced_as_a_set(story: Story) -> None:
    no = story.closed()
    story.do("audit.return", ZHAO, no, findings=["x"])
    story.close(no, answers=["x"], controls=[{"unit": "P44", "item": "新检查", "rounds": 2}])
    controls = list(fresh().scalars(db.select(Control).order_by(Control.id)))
    assert [(row.item, row.active) for row in controls] == [("升级前灰度检查", False), ("新检查", True)]


def test_the_first_reports_text_never_changes(story: Story) -> None:
    no = story.closed()
    before = story.report(no)
    story.do("audit.return", ZHAO, no, findings=["x"])
    story.close(no, answers=["x"])
    after = fresh().get_one(ClosureReport, before.no)
    assert (after.body, after.sha256) == (before.body, before.sha256)


def test_who_took_part_does_not_audit(story: Story) -> None:
    no = story.verifying(severity=2)
    story.verdict(no)
    story.close(no, SUN)  # manager and auditor
    for act, fields in (("audit.approve", {"opinion": "x"}), ("audit.return", {"findings": ["x"]})):
        with pytest.raises(Forbidden) as refused:
            story.do(act, SUN, no, **fields)
        assert refused.value.why == "segregation"
    story.do("audit.approve", QIAN, no, opinion="x")


def test_having_audited_is_no_part(story: Story) -> None:
    no = story.closed()
    story.do("audit.return", ZHAO, no, findings=["x"])
    story.close(no, answers=["x"])
    story.do("audit.approve", ZHAO, no, opinion="x")


def test_the_center_does_not_audit_itself(story: Story) -> None:
    no = story.closed()
    for name in (LIN, ANALYST, CHEN):
        with pytest.raises(Forbidden):
            story.do("audit.approve", name, no, opinion="x")


def test_the_effect_is_part_of_the_story(story: Story) -> None:
    body = json.loads(story.report(story.closed()).body)
    assert body["issue"]["effect_metric"] == EFFECT["metric"]
