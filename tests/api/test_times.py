"""`/issues/<no>/times`, `/units/<code>/times` and `/clocks/<id>/why` over the door."""

import json

from tests.api.world import World
from tests.cast import ANALYST, CHEN, OPS, WU, ZHAO

PERIOD = "from=2026-09-01T00:00:00%2B08:00&to=2026-10-01T00:00:00%2B08:00"


def test_whose_time_an_issue_took(still_world: World) -> None:
    told = still_world.get(ANALYST, f"/issues/{still_world.no('verifying')}/times")
    assert told.status_code == 200, told.text
    assert told.json["seconds"] == sum(row["seconds"] for row in told.json["by_stage"])
    assert still_world.get(OPS, f"/issues/{still_world.no('verifying')}/times").status_code == 404
    assert still_world.get(ANALYST, f"/issues/{still_world.no('verifying')}/times?at=now").status_code == 422


def test_a_units_period_is_named_whole(still_world: World) -> None:
    told = still_world.get(ZHAO, f"/units/P44/times?{PERIOD}")
    assert told.status_code == 200, told.text
    assert {row["kind"] for row in told.json["by_kind"]} >= {"sign", "feedback"}
    assert still_world.get(WU, f"/units/P44/times?{PERIOD}").status_code == 404
    for bad in (
        "",
        "?from=2026-09-01T00:00:00Z",
        "?from=2026-09-02T00:00:00Z&to=2026-09-01T00:00:00Z",
        f"?{PERIOD}&x=1",
    ):
        assert still_world.get(ANALYST, f"/units/P44/times{bad}").status_code == 422, bad


def test_every_clock_that_one_sees_says_why(still_world: World) -> None:
    clocks = still_world.get(CHEN, "/clocks?page_size=100").json["items"]
    assert clocks
    for clock in clocks:
        for language in ("zh", "en"):
            told = still_world.get(CHEN, f"/clocks/{clock['id']}/why", headers={"Accept-Language": language})
            assert told.status_code == 200, told.text
            assert told.json["due_at"] == clock["due_at"]
            said = json.dumps([step["text"] for step in told.json["why"]], ensure_ascii=False)
            assert "—" not in said
            assert "UTC" not in said
    seen = {clock["id"] for clock in clocks}
    others = [row for row in still_world.get(ANALYST, "/clocks?page_size=100").json["items"] if row["id"] not in seen]
    assert others
    assert still_world.get(CHEN, f"/clocks/{others[0]['id']}/why").status_code == 404


def test_a_clock_shows_its_first_promise_and_what_was_asked(still_world: World) -> None:
    for row in still_world.get(ANALYST, "/clocks?page_size=100").json["items"]:
        whole = still_world.get(ANALYST, f"/clocks/{row['id']}").json
        assert row["original_due_at"] == whole["plans"][0]["due_at"]
        assert {"remaining", "pause_until", "paused", "extensions", "requests"} <= whole.keys()
