"""The cases that other libraries have published, asked over `POST /clocks/preview`.

One convention differs: that library moves a start on a holiday to the next working day before it counts days; K2
counts the working dates after the start's own date, as the walk does that stands beside each case.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.api.world import World
from tests.cast import CHEN

VECTORS = Path(__file__).parents[3] / "shared" / "data" / "working_time_vectors.json"


def _vectors() -> list[Any]:
    if not VECTORS.exists():
        return [pytest.param({}, marks=pytest.mark.skip(reason="no ../shared/data beside the repository"))]
    document = json.loads(VECTORS.read_text("utf-8"))
    rows = [
        row if isinstance(row["calendar"], dict) else row | {"calendar": document["calendars"][row["calendar"]]}
        for row in document["vectors"]
    ]
    return [pytest.param(row, id=f"{place}-{row['kind']}") for place, row in enumerate(rows)]


@pytest.mark.parametrize("vector", _vectors())
def test_published_cases(still_world: World, vector: dict[str, Any]) -> None:
    if vector["kind"] == "elapsed":
        told = _ask(still_world, vector, {"natural_days": 1}, at=_moment(vector["end"]))
        assert told["worked"] == vector["expect_minutes"] * 60
    elif vector["kind"] == "due":
        told = _ask(still_world, vector, {"hours": vector["sla_minutes"] / 60})
        assert told["due_at"] == _moment(vector["expect_due"])
    elif vector["days"] < 0:
        pytest.skip("nobody asks the API backwards; tests/domain/test_calendar_failures.py does")
    else:
        told = _ask(still_world, vector, {"days": vector["days"]})
        closed = datetime.fromisoformat(told["due_at"]) - timedelta(seconds=1)
        assert (str(closed.date()) == vector["expect"]) is vector["brute_force_agrees"]


def _ask(world: World, vector: dict[str, Any], target: dict[str, Any], **more: Any) -> Any:
    told = vector["calendar"]
    days = [{"date": day, "kind": "holiday"} for day in told["holidays"]]
    calendar = {"tz": told["tz"], "week": told["hours"], "days": days}
    body = {"calendar": calendar, "start": _moment(vector["start"]), "target": target, **more}
    answer = world.post(CHEN, "/clocks/preview", body)
    assert answer.status_code == 200, answer.text
    return answer.json


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
