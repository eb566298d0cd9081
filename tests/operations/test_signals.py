"""Signals: a voice comes in once, is linked, returned, completed or set aside."""

import pytest

from cxloop.extensions import db
from cxloop.models.signal import Contact, Signal
from cxloop.operations.act import Differs, Forbidden, Invalid, Unseen, WrongState
from tests.cast import ANALYST, CHEN, HANDLER, LIN, OPS, WU, ZHAO
from tests.factories import Story, fresh


def test_the_same_voice_twice_is_one_signal(story: Story) -> None:
    told = {"source": "crm", "external_id": "7", "channel": "hotline", "text": "掉线"}
    first = story.do("signal.register", ANALYST, **told)
    again = story.do("signal.register", ANALYST, **told)
    assert (first.no, first.is_new, again.no, again.is_new) == ("SG-00000001", True, "SG-00000001", False)
    assert len(story.entries("signal", first.no)) == 1


def test_the_same_number_with_another_content_differs(story: Story) -> None:
    story.signal(source="crm", external_id="7")
    with pytest.raises(Differs):
        story.signal(source="crm", external_id="7", text="另一段")


def test_another_phone_number_is_another_content(story: Story) -> None:
    story.signal(source="crm", external_id="7", contact={"phone": "13812341234"})
    with pytest.raises(Differs):
        story.signal(source="crm", external_id="7", contact={"phone": "13812341235"})


def test_voices_without_a_number_of_their_own_are_all_new(story: Story) -> None:
    assert [story.signal(), story.signal()] == ["SG-00000001", "SG-00000002"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("channel", "smoke"), ("touchpoint", "x"), ("product", "x"), ("urgency", "x"), ("unit", "P99")],
)
def test_unknown_codes_name_their_field(story: Story, field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        story.signal(**{field: value})
    assert list(refused.value.errors) == [field]


def test_what_a_unit_registers_is_about_that_unit(story: Story) -> None:
    assert story.the_signal(story.signal(CHEN)).unit == "P44"
    assert story.the_signal(story.signal(CHEN, unit="P51")).unit == "P51"
    assert story.the_signal(story.signal(ANALYST)).unit is None


def test_who_administers_or_audits_registers_nothing(story: Story) -> None:
    for name in (OPS, ZHAO):
        with pytest.raises(Forbidden):
            story.signal(name)


def test_linking_and_its_entry_in_both_chains(story: Story) -> None:
    signal, issue = story.signal(), story.issue()
    story.do("signal.link", ANALYST, signal, issue=issue)
    linked = story.the_signal(signal)
    assert (linked.state, linked.issue_no) == ("linked", issue)
    mine, theirs = story.entries("signal", signal)[-1], story.entries("issue", issue)[-1]
    assert (mine.act, mine.act_id) == (theirs.act, theirs.act_id)


def test_a_signal_belongs_to_at_most_one_issue(story: Story) -> None:
    signal = story.signal()
    story.do("issue.open", ANALYST, title="t", description="d", channel="hotline", signals=[signal])
    with pytest.raises(WrongState) as refused:
        story.do("signal.link", ANALYST, signal, issue=story.issue())
    assert (refused.value.state, refused.value.allowed) == ("linked", [])
    with pytest.raises(Invalid) as second:
        story.do("issue.open", ANALYST, title="t", description="d", channel="hotline", signals=[signal])
    assert list(second.value.errors) == ["signals.0"]


def test_a_refused_issue_leaves_its_signals_alone(story: Story) -> None:
    signal = story.signal()
    with pytest.raises(Invalid):
        story.do("issue.open", ANALYST, title="t", description="d", channel="hotline", signals=[signal, "SG-00000099"])
    assert story.the_signal(signal).state == "new"
    assert story.issue() == "CX-2026-000001"  # the number was given back


@pytest.mark.parametrize("state", ["verifying", "closed"])
def test_linking_ends_with_the_verification(story: Story, state: str) -> None:
    issue = story.verifying() if state == "verifying" else story.closed()
    signal = story.signal()
    if state == "verifying":
        story.do("signal.link", ANALYST, signal, issue=issue)
        assert story.the_signal(signal).state == "linked"
        return
    with pytest.raises(Invalid) as refused:
        story.do("signal.link", ANALYST, signal, issue=issue)
    assert refused.value.errors["issue"][0] == "error.issue_not_linkable"


def test_a_returned_signal_is_completed_by_who_registered_it(story: Story) -> None:
    signal = story.signal(CHEN)
    story.do("signal.return", ANALYST, signal, reason="place_missing", text="哪个小区?")
    with pytest.raises(Forbidden):
        story.do("signal.complete", HANDLER, signal, text="天河")
    story.do("signal.complete", CHEN, signal, text="天河")
    assert (story.the_signal(signal).state, story.the_signal(signal).completion) == ("new", "天河")


def test_a_signal_set_aside_is_over(story: Story) -> None:
    signal = story.signal()
    story.do("signal.set_aside", LIN, signal, reason="praise")
    with pytest.raises(WrongState):
        story.do("signal.return", ANALYST, signal, reason="unclear")


def test_only_the_center_decides_what_becomes_of_a_signal(story: Story) -> None:
    signal = story.signal(CHEN)
    for act, fields in (("set_aside", {"reason": "praise"}), ("return", {"reason": "unclear"})):
        with pytest.raises(Forbidden):
            story.do(f"signal.{act}", CHEN, signal, **fields)


def test_the_outsider_does_not_even_see_it(story: Story) -> None:
    signal = story.signal(CHEN)
    with pytest.raises(Unseen):
        story.do("signal.complete", WU, signal, text="x")


def test_personal_data_lies_apart_and_sealed(story: Story) -> None:
    number = story.signal(contact={"name": "李雷", "phone": "13812341234"})
    raw = fresh().execute(db.text("select phone, name from contacts")).one()
    assert all(b"13812341234" not in bytes(cell) and "李雷".encode() not in bytes(cell) for cell in raw)
    assert fresh().get_one(Contact, number).phone == "13812341234"


def test_revealing_needs_a_contact_and_a_reason(story: Story) -> None:
    bare, full = story.signal(), story.signal(contact={"phone": "13812341234"})
    with pytest.raises(WrongState) as refused:
        story.do("signal.reveal", ANALYST, bare, reason="callback")
    assert refused.value.why == "without_contact"
    with pytest.raises(Invalid):
        story.do("signal.reveal", ANALYST, full, reason="curiosity")
    story.do("signal.reveal", ANALYST, full, reason="callback")
    assert story.entries("signal", full)[-1].act == "signal.reveal"


# Import


def rows(*texts: str) -> list[dict[str, object]]:
    return [
        {"row": n, "fields": {"source": "file", "external_id": str(n), "channel": "hotline", "text": text}}
        for n, text in enumerate(texts, 2)
    ]


def test_the_same_file_again_changes_nothing(story: Story) -> None:
    first = story.do("signal.import", ANALYST, rows=rows("a", "b"))
    again = story.do("signal.import", ANALYST, rows=rows("a", "b"))
    assert (len(first.signals), first.duplicates) == (2, 0)
    assert (len(again.signals), again.duplicates, again.errors) == (0, 2, [])
    assert fresh().scalar(db.select(db.func.count()).select_from(Signal)) == 2


def test_good_rows_come_in_and_bad_ones_are_reported(story: Story) -> None:
    lines = rows("a", "b")
    lines[1]["fields"] = {**lines[1]["fields"], "channel": "smoke"}
    lines.append({"row": 9, "errors": [("text", "error.required", {})]})
    result = story.do("signal.import", ANALYST, rows=lines)
    assert len(result.signals) == 1
    assert [(error["row"], error["field"]) for error in result.errors] == [(3, "channel"), (9, "text")]


def test_strict_takes_none_while_one_is_bad(story: Story) -> None:
    lines = [*rows("a", "b"), {"row": 9, "errors": [("text", "error.required", {})]}]
    result = story.do("signal.import", ANALYST, rows=lines, strict=True)
    assert (result.signals, result.duplicates, len(result.errors)) == ([], 0, 1)
    assert fresh().scalar(db.select(db.func.count()).select_from(Signal)) == 0


def test_a_row_that_differs_from_what_is_known_is_its_own_error(story: Story) -> None:
    story.do("signal.import", ANALYST, rows=rows("a", "b"))
    result = story.do("signal.import", ANALYST, rows=rows("a", "changed", "c"))
    assert (len(result.signals), result.duplicates) == (1, 1)
    assert [(error["row"], error["code"]) for error in result.errors] == [(3, "error.differs")]


def test_twins_within_one_file_are_one(story: Story) -> None:
    twin = rows("a")[0]
    result = story.do("signal.import", ANALYST, rows=[twin, {**twin, "row": 3}])
    assert (len(result.signals), result.duplicates) == (1, 1)
