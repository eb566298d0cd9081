"""A policy as a whole: what fits by itself may still not fit together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cxloop.domain.codes import Codes, CodesError
from cxloop.domain.policy import Policy
from cxloop.domain.policy_check import find_faults
from tests.domain.test_policy import BODY, POLICY, changed
from tests.habits.test_catalogs import KEYS

DOMAIN = Path(__file__).parents[2] / "cxloop" / "domain"


def faults(*changes: tuple[str, Any]) -> set[tuple[str, str]]:
    body = BODY
    for path, value in changes:
        body = changed(path, value, body)
    return {(fault.field, fault.code) for fault in find_faults(Policy.parse(body))}


def test_the_default_policy_fits() -> None:
    assert find_faults(POLICY) == ()


@pytest.mark.parametrize(
    ("path", "most", "more", "code"),
    [
        ("severity.2.sign", "1 d", "2 d", "policy_longer"),
        ("severity.2.sign", "7.5 h", "8 h", "policy_longer"),
        ("severity.3.sign_department", "1 d", "3 d", "policy_longer"),
        ("severity.3.decline_window", "2 d", "3 d", "policy_longer"),
        ("severity.2.floor", "7.5 h", "8 h", "policy_longer"),
        ("severity.3.review", "3 d", "4 d", "policy_longer"),
        ("severity.4.audit_share", 20, 21, "policy_audited"),
        ("severity.3.extension_lead", "2 d", "3 d", "policy_lead"),
        ("severity.3.extension_lead", "14.5 h", "15 h", "policy_lead"),
    ],
)
def test_both_sides_of_each_bound(path: str, most: Any, more: Any, code: str) -> None:
    assert code not in {found for _field, found in faults((path, most))}
    assert code in {found for _field, found in faults((path, more))}


def test_shares_fit_into_the_whole() -> None:
    assert faults(("severity.3.issue_single", "5 d")) == set()
    assert ("severity.3.issue_single", "policy_shares") in faults(("severity.3.issue_single", "4 d"))
    assert ("severity.1.issue_several", "policy_shares") in faults(("severity.1.review_many", "31 h"))
    # A working day has 7.5 hours: 2 d of review, 1 d of gathering, 15 h for the unit are five days.
    hours = ("severity.3.units_min", "15 h")
    assert faults(hours, ("severity.3.issue_single", "5 d")) == set()
    assert ("severity.3.issue_single", "policy_shares") in faults(hours, ("severity.3.issue_single", "37 h"))


def test_severity_1_is_counted_by_the_day_of_24_hours() -> None:
    assert faults(("severity.1.issue_single", "1 d")) == set()
    assert ("severity.1.issue_single", "policy_longer") in faults(("severity.1.issue_single", "37 h"))
    assert ("severity.1.sign", "policy_graver") in faults(("severity.1.sign", "13 h"), ("severity.1.units_min", "14 h"))


def test_a_graver_severity_never_has_more_time() -> None:
    assert faults(("severity.2.triage", "1 d")) == set()
    assert faults(("severity.2.triage", "2 d")) == {("severity.2.triage", "policy_graver")}
    assert faults(("severity.3.triage", "16 h")) == {("severity.3.triage", "policy_graver")}


def test_natural_time_is_compared_with_its_like_alone() -> None:
    assert faults(("severity.2.triage", "9 nd")) == set()
    both = ("severity.2.triage", "9 nd"), ("severity.3.triage", "100 nh")
    assert faults(*both) == {("severity.2.triage", "policy_graver")}


def rung(code: str, at: str) -> dict[str, Any]:
    return {"code": code, "at": at, "to": ["lead"]}


@pytest.mark.parametrize(
    ("moments", "wrong"),
    [
        (["50 %", "75 %", "-2 d", "-1 d", "-4 h", "due", "+1 d", "+3 d"], None),
        (["75 %", "50 %", "due"], 1),
        (["75 %", "75 %", "due"], 1),
        (["-1 d", "75 %", "due"], 1),
        (["-1 d", "-2 d", "due"], 1),
        (["due", "75 %"], 1),
        (["due", "+3 d", "+1 d"], 2),
        (["due", "+8 h", "+1 d"], 2),
    ],
)
def test_rungs_come_in_the_order_of_time(moments: list[str], wrong: int | None) -> None:
    ladder = [rung("due" if at == "due" else f"r{n}", at) for n, at in enumerate(moments)]
    wanted = set() if wrong is None else {(f"ladder.unit.long.{wrong}.at", "policy_rungs_order")}
    assert faults(("ladder.unit.long", ladder)) == wanted


def test_no_rung_takes_a_name_of_the_engine() -> None:
    ladder = [rung("file", "75 %"), rung("due", "due")]
    assert faults(("ladder.unit.long", ladder)) == {("ladder.unit.long.0.code", "policy_code")}


def test_every_promise_has_a_ladder() -> None:
    assert faults(("families.feedback", ...)) == {("families.feedback", "required")}
    assert faults(("families.lunch", "unit")) == {("families.lunch", "unknown_field")}
    assert faults(("severity.1.calendar_kinds", ["lunch"])) >= {("severity.1.calendar_kinds", "invalid_code")}


def test_all_that_does_not_fit_is_named_at_once() -> None:
    found = faults(("severity.2.units_min", "3 h"), ("severity.4.audit_share", 30), ("families.feedback", ...))
    assert {field for field, _code in found} == {
        "severity.2.sign",
        "severity.2.sign_department",
        "severity.2.decline_window",
        "severity.2.decline_window_department",
        "severity.2.floor",
        "severity.2.extension_lead",
        "severity.3.audit_share",
        "families.feedback",
    }


ITEM = {"code": "a", "zh": "甲", "en": "A"}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ([], {("", "not_an_object")}),
        ({"channel": {}}, {("channel", "not_a_list")}),
        ({"channel": [{**ITEM, "weight": 0.5}]}, {("channel.0.weight", "policy_plain")}),
        ({"channel": [{**ITEM, "deep": [1, {"x": 2.5}]}]}, {("channel.0.deep.1.x", "policy_plain")}),
        ({"channel": [{**ITEM, "deep": [[[[[[[1]]]]]]]}]}, {("channel.0.deep.0.0.0.0.0.0", "policy_deep")}),
        ({"channel": [{**ITEM, "n": 10**20}]}, {("channel.0.n", "out_of_range")}),
        ({"channel": [{**ITEM, "zh": "\x00"}]}, {("channel.0.zh", "characters")}),
        ({"\ud800": []}, {("\ud800", "characters")}),
        ({"channel": [ITEM, ITEM]}, {("channel.1.code", "twice")}),
        ({"channel": [{**ITEM, "parent": "b"}]}, {("channel.0.parent", "invalid_code")}),
        ({"channel": [{"zh": 3}]}, {(f"channel.0.{k}", c) for k, c in
                                    (("code", "required"), ("zh", "not_a_text"), ("en", "required"))}),
    ],
)  # fmt: skip
def test_lists_that_cannot_be_kept_are_refused_at_their_field(body: Any, wanted: set[tuple[str, str]]) -> None:
    with pytest.raises(CodesError) as error:
        Codes.parse(body)
    assert {(fault.field, fault.code) for fault in error.value.faults} == wanted


def test_every_fault_has_a_wording() -> None:
    text = "".join((DOMAIN / f"{name}.py").read_text("utf-8") for name in ("policy_reading", "policy_check", "codes"))
    codes = set(re.findall(r'(?:Fault|\.fault)\([^"]*(?:f?"[^"]*", )?"([a-z_]+)"', text))
    assert {"policy_shares", "policy_length", "required", "twice"} <= codes
    assert {f"error.{code}" for code in codes} - KEYS == set()
