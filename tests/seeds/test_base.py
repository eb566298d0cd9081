"""The head of the demo's file: what later lines need comes first, and every code the demo's texts use is known."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from cxloop.domain.codes import Codes
from cxloop.domain.policy import Policy
from cxloop.domain.vocabulary import Duty, MeasureKind, Outcome, Role, UnitKind, Verdict
from cxloop.seeds.base import base_lines, later_lines
from cxloop.seeds.codes import codes, demo

AT = "2026-08-20T09:00:00+08:00"
CJK = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    return base_lines(at=AT)


def of(lines: list[dict[str, Any]], act: str) -> dict[str, dict[str, Any]]:
    return {line["on"]: line for line in lines if line["act"] == act}


def test_the_same_moment_gives_the_same_lines(lines: list[dict[str, Any]]) -> None:
    assert base_lines(at=AT) == lines
    assert json.loads(json.dumps(lines)) == lines
    assert {(line["at"], line["by"]) for line in lines} == {(AT, "system")}


def test_a_moment_without_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        base_lines(at="yesterday")


def test_what_a_line_needs_stands_before_it(lines: list[dict[str, Any]]) -> None:
    known: set[str] = set()
    for line in lines:
        needed = [line.get("calendar"), line.get("parent"), *(m["unit"] for m in line.get("memberships", ()))]
        assert {name for name in needed if name} <= known, line["on"]
        known.add(line["on"])
    assert [line["on"] for line in lines][:5] == ["CN-DAYS", "CN", "CN-65", "CN-54", "ALWAYS"]


def test_nothing_is_told_twice(lines: list[dict[str, Any]]) -> None:
    assert max(Counter((line["act"], line["on"]) for line in lines).values()) == 1


def test_units_are_the_group(lines: list[dict[str, Any]]) -> None:
    units = of(lines, "unit.add")
    kinds = Counter(unit["kind"] for unit in units.values())
    assert kinds == {"center": 1, "audit": 1, "department": 5, "base": 3, "province": 31, "below": 15}
    assert set(kinds) == set(UnitKind)
    assert {unit["on"] for unit in units.values() if (unit["parent"] is None) == (unit["kind"] == "below")} == set()
    assert (units["P44"]["short"], units["P44"]["name_en"]) == ("广东", "Guangdong Company")


def test_units_work_their_own_hours(lines: list[dict[str, Any]]) -> None:
    calendars = {code: unit["calendar"] for code, unit in of(lines, "unit.add").items()}
    own = {code: calendar for code, calendar in calendars.items() if calendar != "CN"}
    assert {code: own[code] for code in ("P65", "P6531", "P54")} == {"P65": "CN-65", "P6531": "CN-65", "P54": "CN-54"}
    assert {code[:3] for code in own} == {"P65", "P54"}


def test_people_stand_where_the_loop_looks_for_them(lines: list[dict[str, Any]]) -> None:
    people = {
        user: {(m["unit"], m["role"]) for m in line["memberships"]} for user, line in of(lines, "user.add").items()
    }
    assert people["lin"] == {("CENTER", "center_manager")}
    assert people["chen"] == people["44lead"] == {("P44", "unit_lead")}
    assert people["d01liaison"] == {("D01", "liaison")}
    assert people["p4401lead"] == {("P4401", "unit_lead")}
    held = Counter(role for memberships in people.values() for unit, role in memberships)
    assert set(held) == set(Role) - {Role.DEPUTY}  # somebody stands in for a while; nobody is a deputy
    assert min(held[role] for role in ("center_manager", "analyst", "auditor")) == 2  # duties kept apart need two
    receiving = {("unit_lead", 54), ("leader", 39), ("handler", 39), ("liaison", 39)}
    assert {(role, len({u for p in people.values() for u, r in p if r == role})) for role, _ in receiving} == receiving


def test_both_languages_and_no_language_in_the_other() -> None:
    for name, items in codes().items():
        for item in items:
            assert CJK.search(item["zh"]), (name, item["code"])
            english = [value for key, value in item.items() if key == "en" or key.endswith("_en")]
            assert english
            assert not any(CJK.search(text) for text in english), (name, item["code"])
            assert ("needs" in item) == ("needs_en" in item)


def test_codes_are_a_body_the_rules_accept(lines: list[dict[str, Any]]) -> None:
    body = of(lines, "policy.publish")["codes"]["body"]
    parsed = Codes.parse(body)
    assert body == codes()
    assert {name: len(items) for name, items in body.items()} == {
        name: len(items) for name, items in parsed.lists.items()
    }
    for name, known in (("outcome", Outcome), ("measure_kind", MeasureKind), ("verdict", Verdict)):
        assert set(parsed.lists[name]) == set(known)
    assert Duty.MAIN


def test_every_leaf_category_knows_when_its_effect_shows() -> None:
    for item in codes()["category"]:
        assert ("wait_days" in item) == (item["parent"] is not None)
        assert item.get("wait_days", 3) in (3, 14, 30, 45, 60)


def test_channels_give_a_provisional_severity() -> None:
    urgent = {item["code"] for item in codes()["channel"] if item["severity"] == 2}
    assert urgent == {"regulator", "group_line", "gov_hotline", "instruction", "probe"}
    assert {item["severity"] for item in codes()["channel"]} == {2, 3}


def test_every_act_with_a_reason_has_a_list() -> None:
    acts = (
        "decline dismiss send_back cancel transfer unresolvable set_aside return reopen reveal pause extension waiver"
    )
    assert {f"reason.{act}" for act in acts.split()} <= set(codes())


def test_the_targets_are_a_body_the_rules_accept(lines: list[dict[str, Any]]) -> None:
    line = of(lines, "policy.publish")["sla"]
    assert line["effective_from"] == AT
    assert Policy.parse(line["body"]).declines == 2


def test_themes_use_codes_that_exist(lines: list[dict[str, Any]]) -> None:
    known = {name: {item["code"] for item in items} for name, items in codes().items()}
    units = set(of(lines, "unit.add"))
    for theme in demo("themes")["themes"]:
        for name in ("channel", "category", "touchpoint", "product"):
            assert theme[name] in known[name], theme["id"]
        assert theme["cause"]["class"] in known["cause"], theme["id"]
        assert theme["result"] in known["outcome"]
        assert str(theme["severity"]) in known["severity"]
        assert set(theme["measures"]) <= known["measure_kind"]
        assert {theme["main"], *theme["support"]} <= units
        assert theme["scope"] == "all" or set(theme["scope"]) <= units
        assert theme["mode"] in {"main_support", "separate"}


def test_texts_use_codes_that_exist(lines: list[dict[str, Any]]) -> None:
    known = {name: {item["code"] for item in items} for name, items in codes().items()}
    texts, units = demo("texts"), set(of(lines, "unit.add"))
    themes = {theme["id"] for theme in demo("themes")["themes"]}
    rows = [row for value in texts.values() for row in value if isinstance(row, dict)]
    assert {row["theme"] for row in rows if "theme" in row} <= themes
    assert {row["unit"] for row in rows if "unit" in row} <= units
    assert {row["send_back"] for row in texts["feedback_poor"]} <= known["reason.send_back"]
    assert {row["reason"] for row in texts["decline_text"]} <= known["reason.decline"]
    assert {row["reason"] for row in texts["extension_text"]} <= known["reason.extension"]
    assert {row["result"] for row in texts["callback"]} <= known["callback_result"]


def test_two_provinces_stop_work_for_the_typhoon_one_of_them_too_late() -> None:
    later = later_lines()
    assert [(line["act"], line["on"]) for line in later] == [("unit.set_days", "P44"), ("unit.set_days", "P35")]
    assert [line["at"][:16] for line in later] == ["2026-09-10T20:00", "2026-09-11T19:40"]
    for line in later:
        assert [(day["date"], day["kind"]) for day in line["days"]] == [("2026-09-11", "holiday")]


def test_freezes_label_the_calendars_of_people_not_of_machines(lines: list[dict[str, Any]]) -> None:
    calendars = of(lines, "calendar.publish")
    labelled = {code for code, line in calendars.items() if line["definition"].get("freezes")}
    assert labelled == {"CN", "CN-65", "CN-54"}
