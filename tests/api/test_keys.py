"""Idempotency-Key and If-Match: what is sent twice happens once, and nobody's change is lost."""

import io
import json
import threading
from datetime import timedelta
from typing import Any

import pytest

from cxloop.api import door
from cxloop.models.entry import Entry
from cxloop.models.idempotency import IdempotencyKey
from cxloop.models.issue import Issue
from cxloop.models.notice import Notice
from cxloop.models.signal import Signal
from cxloop.models.task import Task
from tests.api.bodies import BODIES
from tests.api.world import World
from tests.cast import ANALYST, CHEN, WU, XU

CSV = "id,text\n1,掉线\n2,资费\n"
MAPPING = {"source": "keys", "fields": {"external_id": "id", "text": "text", "channel": {"const": "hotline"}}}


def _key(text: str) -> dict[str, str]:
    return {"Idempotency-Key": text}


def _stored(world: World) -> tuple[int, ...]:
    return tuple(world.count(cls) for cls in (Signal, Issue, Task, Entry, Notice))


def _import(world: World, text: str, **headers: str) -> Any:
    form = {"file": (io.BytesIO(text.encode()), "a.csv"), "mapping": json.dumps(MAPPING)}
    return world.call(
        ANALYST, "POST", "/signals/import", data=form, content_type="multipart/form-data", headers=headers
    )


@pytest.mark.parametrize(
    ("path", "act"),
    [
        ("/signals", "signal.register"),
        ("/issues", "issue.open"),
        ("/issues/{new}/dispatch", "issue.dispatch"),
        ("/tasks/{separate}/accept", "review.accept"),
        ("/tasks/{declined}/redispatch", "task.redispatch"),
    ],
)
def test_sent_twice_happens_once(world: World, path: str, act: str) -> None:
    path, key = path.format(**world.lived.no), _key("k" * 255)
    first = world.post(ANALYST, path, BODIES[act], headers=key)
    assert first.status_code in {200, 201}, first.text
    stored = _stored(world)
    world.now += timedelta(hours=1)
    again = world.post(ANALYST, path, BODIES[act], headers=key)
    assert (again.status_code, again.data) == (first.status_code, first.data)
    for name in ("ETag", "Location", "Content-Type"):
        assert again.headers.get(name) == first.headers.get(name)
    assert _stored(world) == stored


def test_an_import_sent_twice_is_known_whatever_its_boundary(world: World) -> None:
    first = _import(world, CSV, **_key("one"))
    assert (first.status_code, first.json["imported"]) == (200, 2)
    again = _import(world, CSV, **_key("one"))
    assert again.data == first.data
    assert _import(world, CSV + "3,x\n", **_key("one")).status_code == 422
    assert world.count(Signal) == 6


def test_another_body_is_refused(world: World) -> None:
    key = _key("one")
    assert world.post(ANALYST, "/issues", BODIES["issue.open"], headers=key).status_code == 201
    answer = world.post(ANALYST, "/issues", {**BODIES["issue.open"], "title": "别的"}, headers=key)
    assert (answer.status_code, set(answer.json["errors"])) == (422, {"Idempotency-Key"})


def test_a_key_is_ones_own_and_the_paths(world: World) -> None:
    stored = world.count(Issue)
    for user in (ANALYST, XU):
        assert world.post(user, "/issues", BODIES["issue.open"], headers=_key("one")).status_code == 201
    path = f"/issues/{world.no('new')}/analyse"
    assert world.post(ANALYST, path, {"reach": 1}, headers=_key("one")).status_code == 200
    assert world.count(Issue) == stored + 2


def test_a_long_address_does_not_break_the_key(world: World) -> None:
    answer = world.post(ANALYST, f"/issues?x={'y' * 6000}", BODIES["issue.open"], headers=_key("one"))
    assert answer.status_code == 201


def test_refusals_are_not_stored(world: World) -> None:
    path, key = f"/tasks/{world.no('main')}/accept", _key("one")
    assert world.post(ANALYST, path, {}, headers=key).status_code == 409
    assert world.post(WU, path, {}, headers=key).status_code == 404
    assert world.count(IdempotencyKey) == 0
    assert world.post(CHEN, f"/tasks/{world.no('main')}/feedback", BODIES["feedback.submit"]).status_code == 200
    assert world.post(ANALYST, path, {}, headers=key).status_code == 200


def test_a_key_lasts_a_day(world: World) -> None:
    first = world.post(ANALYST, "/issues", BODIES["issue.open"], headers=_key("one")).json["no"]
    world.now += timedelta(hours=24)
    assert world.post(ANALYST, "/issues", BODIES["issue.open"], headers=_key("one")).json["no"] != first


def test_one_in_flight_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """On PostgreSQL the second is told 409; SQLite's writers queue, so that it gets the first one's answer."""
    started, go, codes = threading.Event(), threading.Event(), []
    as_json = door.as_json

    def slow(value: Any) -> str:
        started.set()
        go.wait(5)
        return as_json(value)

    monkeypatch.setattr(door, "as_json", slow)

    def send() -> None:
        codes.append(world.post(ANALYST, "/issues", BODIES["issue.open"], headers=_key("one")).status_code)

    stored = world.count(Issue)
    both = [threading.Thread(target=send) for _ in range(2)]
    both[0].start()
    started.wait(5)
    both[1].start()
    both[1].join(1)
    go.set()
    for thread in both:
        thread.join()
    is_postgres = world.app.config["SQLALCHEMY_DATABASE_URI"].startswith("postgresql")
    assert sorted(codes) == ([201, 409] if is_postgres else [201, 201])
    assert world.count(Issue) == stored + 1


def test_versions_are_given_with_every_read(still_world: World) -> None:
    for name, noun in (
        ("new", "issues"),
        ("main", "tasks"),
        ("signal_of_center", "signals"),
        ("report", "closure-reports"),
    ):
        answer = still_world.get(ANALYST, f"/{noun}/{still_world.no(name)}")
        assert answer.headers["ETag"] == f'"{answer.json["version"]}"'


def test_what_was_read_may_be_changed_and_what_changed_since_may_not(world: World) -> None:
    path = f"/issues/{world.no('new')}"
    tag = world.get(ANALYST, path).headers["ETag"]
    first = world.post(ANALYST, f"{path}/analyse", {"reach": 5}, headers={"If-Match": tag})
    assert first.status_code == 200
    second = world.post(XU, f"{path}/analyse", {"reach": 9, "category": "home.speed"}, headers={"If-Match": tag})
    assert (second.status_code, second.json["version"]) == (412, first.json["version"])
    third = world.post(XU, f"{path}/analyse", {"category": "home.speed"}, headers={"If-Match": first.headers["ETag"]})
    assert (third.json["reach"], third.json["category"]) == (5, "home.speed")


def test_one_provinces_act_does_not_make_anothers_stale(world: World) -> None:
    mine, theirs = f"/tasks/{world.no('main')}", f"/tasks/{world.no('separate')}"
    tag = world.get(CHEN, mine).headers["ETag"]
    issue = world.get(ANALYST, f"/issues/{world.no('shared')}").headers["ETag"]
    assert world.post(WU, f"{theirs}/withdraw", {}).status_code == 200
    assert world.post(CHEN, f"{mine}/feedback", BODIES["feedback.submit"], headers={"If-Match": tag}).status_code == 200
    answer = world.post(ANALYST, f"/issues/{world.no('shared')}/analyse", {"reach": 1}, headers={"If-Match": issue})
    assert answer.status_code == 200
