"""Policies through the door: published, read version by version, compared."""

from typing import Any

import pytest

from cxloop.models.policy import PolicyVersion
from tests.api.world import World
from tests.cast import ANALYST, CHEN, LIN, OPS, ZHAO


def body_of(world: World, code: str = "sla") -> dict[str, Any]:
    return dict(world.get(OPS, f"/policies/{code}").json["body"])


def publish(world: World, user: str, code: str, body: Any, **fields: Any) -> Any:
    return world.post(user, f"/policies/{code}/publish", {"body": body, **fields})


def test_an_admin_publishes_and_everybody_reads(world: World) -> None:
    body = body_of(world)
    body["severity"]["3"]["triage"] = "7 h"
    answer = publish(world, OPS, "sla", body, effective_from="2027-01-01T00:00:00+08:00")
    assert answer.status_code == 200
    for user in (ANALYST, CHEN, ZHAO, OPS):
        shown = world.get(user, "/policies/sla").json
        assert (shown["current"], shown["in_force"]) == (2, 1)
        assert [(row["n"], row["published_by"], row["in_force"]) for row in shown["versions"]] == [
            (1, "system", True),
            (2, OPS, False),
        ]
        assert shown["versions"][1]["effective_from"] == "2026-12-31T16:00:00Z"
    old, new = (world.get(CHEN, f"/policies/sla/versions/{n}").json for n in (1, 2))
    assert (old["body"]["severity"]["3"]["triage"], new["body"]["severity"]["3"]["triage"]) == ("1 d", "7 h")
    assert old["digest"] != new["digest"] == shown["versions"][1]["digest"]


def test_two_versions_are_compared_key_by_key(world: World) -> None:
    body = body_of(world)
    body["severity"]["3"]["triage"] = "7 h"
    del body["severity"]["4"]["extension_lead"]
    body["notices"]["at_once"] = [1, 2]
    ladder = body["ladder"]["unit"]["long"]
    ladder[0]["at"], ladder[-1]["letter"] = "70 %", True
    ladder.append({"code": "over_9d", "at": "+9 d", "to": ["center_manager"]})
    assert publish(world, OPS, "sla", body).status_code == 200
    found = world.get(CHEN, "/policies/sla/compare?from=1&to=2").json
    assert [(row["key"], row["change"], row["before"], row["after"]) for row in found["changes"]] == [
        ("ladder.unit.long.over_5d.letter", "added", None, True),
        ("ladder.unit.long.over_9d", "added", None, ladder[-1]),
        ("ladder.unit.long.p75.at", "changed", "75 %", "70 %"),
        ("notices.at_once", "changed", [1], [1, 2]),
        ("severity.3.triage", "changed", "1 d", "7 h"),
        ("severity.4.extension_lead", "removed", "1 d", None),
    ]
    assert world.get(CHEN, "/policies/sla/compare?from=2&to=2").json["changes"] == []


def test_lists_tell_their_items_apart_by_code(world: World) -> None:
    body = body_of(world, "codes")
    first, second, *others = body["channel"]
    body["channel"] = [{**second, "zh": "别名"}, first, *others]
    assert publish(world, OPS, "codes", body).status_code == 200
    found = world.get(CHEN, "/policies/codes/compare?from=1&to=2").json["changes"]
    assert [(row["key"], row["change"]) for row in found] == [
        (f"channel.{second['code']}.zh", "changed"),
        ("channel", "reordered"),
    ]


@pytest.mark.parametrize("user", [ANALYST, LIN, CHEN, ZHAO])
def test_nobody_else_publishes(world: World, user: str) -> None:
    assert publish(world, user, "sla", body_of(world)).status_code == 403
    assert world.count(PolicyVersion) == 2


def test_every_fault_is_answered_in_the_readers_language(world: World) -> None:
    body = body_of(world)
    body["severity"]["3"]["issue_single"] = "20 d"
    body["severity"]["2"]["floor"] = 4
    for language, wanted in (("en", "A length is a number with"), ("zh", "时长写作数字加")):
        answer = world.post(OPS, "/policies/sla/publish", {"body": body}, headers={"Accept-Language": language})
        assert answer.status_code == 422
        assert list(answer.json["errors"]) == ["body.severity.2.floor"]
        assert answer.json["errors"]["body.severity.2.floor"][0].startswith(wanted)
    body["severity"]["2"]["floor"] = "8 h"
    errors = publish(world, OPS, "sla", body).json["errors"]
    assert errors["body.severity.2.floor"] == ["8 h is longer than severity.2.units_min, which is 1 d."]
    assert len(errors["body.severity.3.issue_single"]) == 2


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"body": {}, "effective_from": "2026-01-01T00:00:00"}, "effective_from"),
        ({"effective_from": "2026-01-01T00:00:00+08:00"}, "body"),
        ({"body": {"channel": [{"code": "x", "zh": "x", "en": "x", "share": 0.5}]}}, "body.channel.0.share"),
        ({"body": {"channel": 1e400}}, "body.channel"),
        ({"body": None}, "body"),
        ({"body": "sla"}, "body"),
    ],
)
def test_bad_bodies_are_refused_at_their_field(world: World, fields: dict[str, Any], field: str) -> None:
    raw = str(fields).replace("'", '"').replace("None", "null").replace("inf", "1e400").encode()
    answer = world.post(OPS, "/policies/codes/publish", raw=raw)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])


def test_a_version_does_not_take_effect_in_the_past(world: World) -> None:
    body = body_of(world)
    past = publish(world, OPS, "sla", body, effective_from="2026-01-01T00:00:00+08:00")
    assert (past.status_code, list(past.json["errors"])) == (422, ["effective_from"])
    assert publish(world, OPS, "sla", body, effective_from="2027-01-01T00:00:00+08:00").status_code == 200
    assert list(publish(world, OPS, "sla", body).json["errors"]) == ["effective_from"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/policies/mood", 404),
        ("/policies/sla/versions/2", 404),
        ("/policies/sla/versions/0", 404),
        ("/policies/mood/versions/1", 404),
        ("/policies/sla/compare?from=1&to=2", 404),
        ("/policies/mood/compare?from=1&to=1", 404),
        ("/policies/sla/compare?from=1", 422),
        ("/policies/sla/compare?from=one&to=2", 422),
        ("/policies/sla/compare?from=1&to=1&also=2", 422),
    ],
)
def test_what_is_not_there(still_world: World, path: str, code: int) -> None:
    assert still_world.get(CHEN, path).status_code == code


def test_an_unknown_policy_is_not_published(world: World) -> None:
    answer = publish(world, OPS, "mood", {})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["code"])


def test_a_version_is_previewed_and_applied(world: World) -> None:
    body = body_of(world)
    body["severity"]["3"]["triage"] = "7 h"
    assert publish(world, OPS, "sla", body).status_code == 200
    wish = {"version": 2, "filter": {"kind": "triage", "severity": 3}, "text": "口径调整"}
    foreseen = world.post(OPS, "/policies/sla/preview", wish)
    assert (foreseen.status_code, foreseen.json["code"], foreseen.json["to_version"]) == (200, "sla", 2)
    assert foreseen.json["moved"]
    assert set(foreseen.json["moved"][0]) == {"clock", "subject", "kind", "owner", "from", "to"}
    done = world.post(OPS, "/policies/sla/apply", wish)
    assert (done.status_code, done.json) == (200, foreseen.json)
    for row in done.json["moved"]:
        clock = world.get(ANALYST, f"/clocks/{row['clock']}").json
        assert (clock["due_at"], clock["policy_version"], clock["plans"][-1]["why"]) == (row["to"], 2, "policy")


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "version"),
        ({"version": 1}, "text"),
        ({"version": 1, "text": "x"}, "clocks"),
        ({"version": 1, "text": "x", "clocks": []}, "clocks"),
        ({"version": 1, "text": "x", "clocks": ["1"]}, "clocks.0"),
        ({"version": 1, "text": "x", "clocks": [99999]}, "clocks"),
        ({"version": 1, "text": "x", "clocks": list(range(1, 1002))}, "clocks"),
        ({"version": 1, "text": "x", "filter": {"kind": "lunch"}}, "filter.kind"),
        ({"version": 1, "text": "x", "filter": {"owner": "P99"}}, "filter"),
        ({"version": 1, "text": "x", "filter": {"state": "running"}}, "filter.state"),
        ({"version": 9, "text": "x", "filter": {}}, "version"),
    ],
)
def test_a_wish_without_sense_is_refused_by_both(still_world: World, wish: dict[str, Any], field: str) -> None:
    for verb in ("preview", "apply"):
        answer = still_world.post(OPS, f"/policies/sla/{verb}", wish)
        assert answer.status_code == 422, verb
        assert field in answer.json["errors"], verb
    said = still_world.post(OPS, "/policies/sla/apply", {"version": 1, "text": "x", "clocks": list(range(1, 1002))})
    assert said.json["errors"]["clocks"] == ["1001 clocks are more than one act takes: 1000."]


def test_nobody_else_applies_or_asks(still_world: World) -> None:
    wish = {"version": 1, "text": "x", "filter": {}}
    for verb in ("preview", "apply"):
        assert [still_world.post(user, f"/policies/sla/{verb}", wish).status_code for user in (LIN, CHEN, ZHAO)] == [
            403,
            403,
            403,
        ]
        assert still_world.post(OPS, f"/policies/mood/{verb}", wish).status_code == 404
