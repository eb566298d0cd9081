"""The policy `sla`: the default promises are DESIGN's, and a body that cannot be used is refused by field."""

from __future__ import annotations

import copy
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cxloop.domain.policy import Policy, PolicyError
from cxloop.domain.policy_parts import SEVERITY_KEYS
from cxloop.domain.targets import Target

BODY = tomllib.loads((Path(__file__).parents[2] / "config/policies/sla.toml").read_text(encoding="utf-8"))
POLICY = Policy.parse(BODY)


def t(text: str) -> Target:
    return Target.parse(text)


def changed(path: str, value: Any, body: dict[str, Any] = BODY) -> dict[str, Any]:
    body = copy.deepcopy(body)
    *parents, last = path.split(".")
    place = body
    for key in parents:
        place = place[key]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return body


@pytest.mark.parametrize(
    ("kind", "targets"),
    [
        ("triage", ["0.5 h", "4 h", "1 d", "2 d"]),
        ("sign", ["0.5 h", "4 h", "1 d", "1 d"]),
        ("decline_window", ["0.5 h", "4 h", "1 d", "1 d"]),
        ("issue", ["24 h", "5 d", "8 d", "15 d"]),
        ("review", ["2 h", "1 d", "2 d", "3 d"]),
        ("wave_end", ["2 h", "1 d", "2 d", "3 d"]),
        ("gather", ["2 h", "1 d", "1 d", "2 d"]),
        ("units_min", ["4 h", "1 d", "2 d", "4 d"]),
        ("decide", ["1 h", "4 h", "1 d", "1 d"]),
        ("contact", ["2 nh", "24 nh", "24 nh", "24 nh"]),
        ("answer", ["24 h", "2 d", "3 d", "5 d"]),
        ("redo", ["24 h", "2 d", "3 d", "5 d"]),
        ("verify", ["3 d", "5 d", "5 d", "10 d"]),
        ("audit", ["5 d", "5 d", "10 d", "10 d"]),
        ("archive", ["5 d", "5 d", "10 d", "10 d"]),
    ],
)
def test_targets_by_severity(kind: str, targets: list[str]) -> None:
    assert [POLICY.target(kind, s) for s in (1, 2, 3, 4)] == [t(x) for x in targets]


def test_several_units_get_more_time() -> None:
    assert [POLICY.target("issue", s, several=True) for s in (1, 2, 3, 4)] == [
        t(x) for x in ("36 h", "7 d", "10 d", "20 d")
    ]


def test_departments_sign_and_decline_in_their_own_time() -> None:
    for kind in ("sign", "decline_window"):
        expected = [t(x) for x in ("0.5 h", "1 d", "1 d", "1 d")]
        assert [POLICY.target(kind, s, department=True) for s in (1, 2, 3, 4)] == expected
    assert POLICY.target("review", 2, department=True) == t("1 d")


def test_review_of_more_than_ten_units_takes_a_day_longer_but_at_severity_1() -> None:
    assert [POLICY.target("review", s, units=10) for s in (1, 2, 3, 4)] == [t(x) for x in ("2 h", "1 d", "2 d", "3 d")]
    assert [POLICY.target("review", s, units=11) for s in (1, 2, 3, 4)] == [t(x) for x in ("2 h", "2 d", "3 d", "4 d")]
    assert POLICY.target("wave_end", 2, units=31) == t("2 d")


def test_severity_1_runs_around_the_clock_but_for_effect_and_audit() -> None:
    always = {"triage", "issue", "sign", "feedback", "decide", "review", "answer"}
    kinds = always | {"verify", "audit", "measure", "archive"}
    assert {kind for kind in kinds if POLICY.calendar_code(kind, 1) == "ALWAYS"} == always
    assert not any(POLICY.calendar_code(kind, s) for kind in kinds for s in (2, 3, 4))


def test_limits_and_shares() -> None:
    assert (POLICY.send_backs, POLICY.declines, POLICY.rung_late_seconds) == (3, 2, 60)
    assert [POLICY.audit_share(s) for s in (1, 2, 3, 4)] == [100, 100, 20, 5]
    assert {POLICY.sign_off(s) for s in (1, 2, 3, 4)} == {"none"}
    assert {POLICY.floor(s) for s in (1, 2, 3, 4)} == {t("4 h")}


@pytest.mark.parametrize(
    ("target", "band"),
    [
        ("4 h", "below_day"),
        ("23.5 h", "below_day"),
        ("1 d", "short"),
        ("24 h", "short"),
        ("2 d", "short"),
        ("36 h", "short"),
        ("3 d", "long"),
        ("72 h", "long"),
        ("30 nd", "long"),
        ("23 nh", "below_day"),
    ],
)
def test_the_ladder_follows_the_length_of_the_target(target: str, band: str) -> None:
    assert POLICY.band(t(target)) == band


def codes(kind: str, target: str, *, department: bool = False) -> list[str]:
    return [rung.code for rung in POLICY.ladder(kind, target=t(target), department=department)]


def test_rungs_of_the_three_ladders() -> None:
    assert codes("sign", "4 h") == ["p75", "due"]
    assert codes("sign", "1 d") == ["p75", "due", "over_1d", "over_3d"]
    assert codes("feedback", "5 d") == ["p75", "before_1d", "due", "over_3d", "over_5d"]
    assert codes("archive", "5 d") == []


def test_rungs_say_when_and_whom() -> None:
    p75, before, due, over_3d, over_5d = POLICY.ladder("feedback", target=t("5 d"))
    assert (p75.percent, p75.receivers) == (75, ("handler", "lead"))
    assert (before.offset, before.sign, before.receivers) == (t("1 d"), -1, ("liaison",))
    assert (due.percent, due.offset, due.sign, due.receivers) == (None, None, 0, ("lead", "analyst"))
    assert (over_3d.offset, over_3d.sign, over_3d.receivers) == (t("3 d"), 1, ("center_manager",))
    assert [over_3d.bulletin, over_5d.bulletin] == [False, True]


def test_departments_climb_their_own_ladder_without_a_bulletin() -> None:
    rungs = POLICY.ladder("feedback", target=t("5 d"), department=True)
    assert not any(rung.bulletin for rung in rungs)
    assert [rung.receivers for rung in rungs if rung.letter] == [("leader", "center_manager")]
    assert POLICY.ladder("review", target=t("2 d"), department=True) == POLICY.ladder("review", target=t("2 d"))


def test_center_and_audit_clocks_tell_their_own_people() -> None:
    center = {name for rung in POLICY.ladder("issue", target=t("8 d")) for name in rung.receivers}
    audit = {name for rung in POLICY.ladder("audit", target=t("5 d")) for name in rung.receivers}
    assert center == {"analyst", "center_manager"}
    assert audit == {"auditor", "center_manager"}


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("limits", ..., "limits"),
        ("severity.2.triage", ..., "severity.2.triage"),
        ("severity.2.triage", "4 fortnights", "severity.2.triage"),
        ("severity.2.triage", 4, "severity.2.triage"),
        ("severity.3.speed", "4 h", "severity.3.speed"),
        ("severity.4.audit_share", 101, "severity.4.audit_share"),
        ("severity.1.calendar", ..., "severity.1.calendar"),
        ("severity.1.sign_off", "boss", "severity.1.sign_off"),
        ("limits.declines", True, "limits.declines"),
        ("limits.declines", 0, "limits.declines"),
        ("bands.long", {"hours": 72, "days": 0, "natural_hours": 72, "natural_days": 3}, "bands.long.days"),
        ("families.sign", "neighbours", "families.sign"),
        ("ladder.unit.short", [], "ladder.unit.short"),
        ("ladder.unit.long", [{"code": "due", "at": "due", "to": ["everybody"]}], "ladder.unit.long.0.to.0"),
        ("ladder.unit.long", [{"code": "due", "at": "later", "to": ["lead"]}], "ladder.unit.long.0.at"),
        ("ladder.unit.long", [{"code": "due", "at": "+1 d", "to": ["lead"]}], "ladder.unit.long"),
        ("ladder.audit", "none", "ladder.audit"),
        ("effect.wait", "", "effect.wait"),
    ],
)
def test_a_body_that_cannot_be_used_names_the_field(path: str, value: Any, field: str) -> None:
    with pytest.raises(PolicyError) as error:
        Policy.parse(changed(path, value))
    assert error.value.field == field


def test_every_fault_is_named_not_only_the_first() -> None:
    body = changed("severity.2.triage", "soon")
    del body["severity"]["3"]["floor"]
    body["limits"]["speed"] = 1
    body["severity"]["4"] = "slight"
    body["ladder"]["center"]["long"][0] = {"code": "P75", "at": "0 %", "to": []}
    with pytest.raises(PolicyError) as error:
        Policy.parse(body)
    assert {(fault.field, fault.code) for fault in error.value.faults} == {
        ("severity.2.triage", "policy_length"),
        ("severity.3.floor", "required"),
        ("limits.speed", "unknown_field"),
        ("severity.4", "not_an_object"),
        *((f"severity.4.{key}", "required") for key in SEVERITY_KEYS),
        ("ladder.center.long.0.code", "policy_code"),
        ("ladder.center.long.0.at", "policy_moment"),
        ("ladder.center.long.0.to", "empty"),
    }


STRANGE: list[Any] = [None, [], "sla", 3, {}, {"severity": []}, {"ladder": {"unit": 1}}, {"limits": None}]


@pytest.mark.parametrize("body", [*STRANGE, {**BODY, "code": "\ud800"}])
def test_no_body_is_too_strange_to_be_refused(body: Any) -> None:
    with pytest.raises(PolicyError):
        Policy.parse(body)


def test_unknown_kinds_and_severities_are_refused() -> None:
    with pytest.raises(PolicyError):
        POLICY.target("lunch", 2)
    with pytest.raises(PolicyError):
        POLICY.target("triage", 5)


def test_a_body_from_before_calling_says_the_same_and_has_its_ladder() -> None:
    old = changed("families.contact", ..., BODY)
    for severity in (1, 2, 3, 4):
        old = changed(f"severity.{severity}.contact", ..., old)
    old["severity"]["1"]["calendar_kinds"].remove("contact")
    before = Policy.parse(old)
    for severity in (1, 2, 3, 4):
        target = before.target("contact", severity)
        assert target == POLICY.target("contact", severity)
        assert before.calendar_code("contact", severity) == "ALWAYS"
        assert before.ladder("contact", target=target) == POLICY.ladder("contact", target=target) != ()
