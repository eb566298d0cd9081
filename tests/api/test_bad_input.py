"""What nobody meant to send: a clear refusal on both databases, and nothing stored."""

import json
from typing import Any

import pytest

from cxloop.models.issue import Issue
from cxloop.models.signal import Signal
from tests.api.bodies import BODIES
from tests.api.world import World
from tests.cast import ANALYST, CHEN, LIN

GOOD = BODIES["signal.register"]
BAD_TEXTS = ["a\0b", "\ud800", "x\udfff", 5, 1.5, True, [], {}, "", "  ", "长" * 10_001]
BAD_CODES = ["a\0b", "\ud800", "a\nb", "没有", "x" * 81, 5, None, {}, [], True]
BAD_NUMBERS = [2**31, 2**63, 10**30, -1, 0.5, "3", True, [], {}, "x\0"]
BAD_MOMENTS = ["2026-09-01T10:00:00", "2026-09-01", "now", 5, "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "\0"]
BAD_IDS = [
    "0",
    "-1",
    "+1",
    "01",
    "1.0",
    str(2**31),
    str(2**63),
    str(10**30),
    "9" * 5000,
    "%00",
    "x%ff",
    "%ed%a0%80",
    "٣",
]


def _refused(world: World, path: str, body: Any, field: str, user: str = ANALYST) -> None:
    answer = world.post(user, path, body)
    assert answer.status_code == 422, (body, answer.text)
    assert [name for name in answer.json["errors"] if name == field or name.startswith(f"{field}.")], answer.json


def test_bad_fields_are_named_and_nothing_is_stored(world: World) -> None:
    before = world.count(Signal), world.count(Issue)
    for value in BAD_TEXTS:
        _refused(world, "/signals", {**GOOD, "text": value}, "text")
    for value in BAD_CODES:
        _refused(world, "/signals", {**GOOD, "channel": value}, "channel")
    for value in BAD_MOMENTS:
        _refused(world, "/signals", {**GOOD, "occurred_at": value}, "occurred_at")
    for value in [10**30, "1e999", "NaN", "x", True, {}, [], 0.00000001, "sNaN"]:
        _refused(world, "/signals", {**GOOD, "score": {"kind": "nps", "value": value}}, "score.value")
    for value in [[], "x", 5, True, {"name": "a\0"}, {"who": "x"}]:
        _refused(world, "/signals", {**GOOD, "contact": value}, "contact")
    for value in BAD_NUMBERS:
        _refused(world, f"/issues/{world.no('new')}/analyse", {"severity": value}, "severity")
        _refused(world, f"/issues/{world.no('new')}/analyse", {"reach": value}, "reach")
    assert (world.count(Signal), world.count(Issue)) == before


def test_nested_fields_are_named_by_their_place(still_world: World) -> None:
    task = {"unit": "P44", "duty": "separate", "title": "t", "wanted": "w"}
    path = f"/issues/{still_world.no('new')}/dispatch"
    for name, value in (("unit", "\0"), ("duty", "boss"), ("title", "x" * 201), ("wanted", 3), ("after", [2**63])):
        _refused(still_world, path, {"tasks": [task, {**task, name: value}]}, f"tasks.1.{name}")
    for value in ([], [task] * 100, "x", 5, {}, None):
        _refused(still_world, path, {"tasks": value}, "tasks")


def test_emoji_and_every_plane_come_back_as_they_were_sent(world: World) -> None:
    text = "掉线😡 𠮷 é e\u0301 \u200d ٣ =1+1 <b>&amp;\t行\n二"
    told = world.post(ANALYST, "/signals", {**GOOD, "text": text})
    assert told.status_code == 201
    assert world.get(ANALYST, f"/signals/{told.json['no']}").json["text"] == text


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"{", b"[]", b"3", b"null", b'"x"', b"\xff\xfe", b'{"a":' * 900 + b"1" + b"}" * 900, b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000, b'{"channel": NaN}', b'{"text": Infinity}', b'{"a": 1' + b"0" * 5000 + b"}",
        b'{"channel": "hotline", "channel": "app"}', b'{"\\ud800": 1}', b'{"": 1}', b'{"text": "\xff"}',
    ],
)  # fmt: skip
def test_a_body_that_is_no_object_of_ours(still_world: World, raw: bytes) -> None:
    answer = still_world.call(ANALYST, "POST", "/signals", raw=raw)
    assert answer.status_code == 422, answer.text
    assert answer.json["errors"]


def test_a_short_number_that_is_very_long(still_world: World) -> None:
    path = f"/issues/{still_world.no('new')}/analyse"
    for number in (b"1e999999999", b"-1e999999999", b"1e-999999999"):
        assert still_world.call(ANALYST, "POST", path, raw=b'{"reach": %s}' % number).status_code == 422
        body = b'{"verdict": "effective", "method": "metric", "text": "x", "after": {"value": %s, "n": 3}}' % number
        told = still_world.call(ANALYST, "POST", f"/issues/{still_world.no('verifying')}/verify", raw=body)
        assert told.status_code == 422


def test_repeated_keys_are_named(still_world: World) -> None:
    raw = b'{"source": "a", "channel": "hotline", "text": "x", "contact": {"name": "a", "name": "b"}}'
    assert set(still_world.call(ANALYST, "POST", "/signals", raw=raw).json["errors"]) == {"name"}


def test_whole_numbers_may_be_written_with_a_point(world: World) -> None:
    answer = world.call(ANALYST, "POST", f"/issues/{world.no('new')}/analyse", raw=b'{"reach": 12.0}')
    assert (answer.status_code, answer.json["reach"]) == (200, 12)


def test_what_is_answered_cannot_be_sent_back(still_world: World) -> None:
    targets = {
        f"/signals/{still_world.no('signal_of_center')}": "set-aside",
        f"/issues/{still_world.no('new')}": "analyse",
        f"/tasks/{still_world.no('main')}": "nudge",
    }
    for path, verb in targets.items():
        shown = still_world.get(ANALYST, path).json
        for field, value in shown.items():
            answer = still_world.post(ANALYST, f"{path}/{verb}", {field: value})
            taken = field in {"reason", "text", "severity", "analyst", "category", "touchpoint", "product"}
            taken = taken or field in {"reach", "root_cause", "effect"}
            assert taken or (answer.status_code == 422 and field in answer.json["errors"]), (path, field)


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_other_media_are_415(still_world: World, media: str) -> None:
    answer = still_world.call(ANALYST, "POST", "/signals", raw=b'{"text": "x"}', content_type=media)
    assert answer.status_code == 415
    assert still_world.call(ANALYST, "POST", "/signals/import", raw=b"{}", content_type=media).status_code == 415


def test_too_large_is_413(still_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(still_world.app.config, "MAX_CONTENT_LENGTH", 1000)
    assert still_world.post(ANALYST, "/signals", {**GOOD, "text": "x" * 2000}).status_code == 413
    form = {"mapping": "{}", "strict": "x" * 2000}
    answer = still_world.call(ANALYST, "POST", "/signals/import", data=form, content_type="multipart/form-data")
    assert answer.status_code == 413


@pytest.mark.parametrize("number", BAD_IDS)
def test_numbers_that_cannot_be(still_world: World, number: str) -> None:
    for user in (ANALYST, CHEN):
        for place in ("clocks", "entries", "signals", "issues", "tasks", "units", "users", "calendars", "policies"):
            assert still_world.get(user, f"/{place}/{number}").status_code == 404, place
        for tail in (f"tasks/{number}/clocks", f"issues/{number}/timeline", f"issues/{number}/closure-report"):
            assert still_world.get(user, f"/{tail}").status_code == 404
        measure = f"/tasks/{still_world.no('main')}/measures/{number}"
        assert still_world.get(user, measure).status_code == 404
        assert still_world.post(user, f"{measure}/confirm", {}).status_code == 404
        for tail in (f"tasks/{number}/sign", f"issues/{number}/analyse", f"signals/{number}/complete"):
            assert still_world.post(user, f"/{tail}", {"text": "x"} if "sig" in tail[:4] else {}).status_code == 404
        answer = still_world.post(LIN, f"/signals/{still_world.no('signal_of_center')}/link", {"issue": number})
        assert answer.status_code == 422


LISTS = ("signals", "issues", "tasks", "measures", "clocks", "entries", "units", "users", "closure-reports")


@pytest.mark.parametrize("noun", LISTS)
def test_lists_refuse_what_they_do_not_know(still_world: World, noun: str) -> None:
    bad = [
        "page_size=0", "page_size=-1", "page_size=1000000", "page_size=101", "page=0", "page=1000000000", "page=x",
        "page=1.0", f"page={'9' * 5000}", "page=٣", "sort=password", "sort=--no", "unit_id=3", "colour=red",
        "page=1&page=2", "page=%00",
    ]  # fmt: skip
    for query in bad:
        answer = still_world.get(ANALYST, f"/{noun}?{query}")
        assert answer.status_code == 422, query
        assert set(answer.json["errors"]) == {query.partition("=")[0]}
    answer = still_world.get(ANALYST, f"/{noun}?page=100000&page_size=100")
    assert (answer.status_code, answer.json["items"]) == (200, [])


@pytest.mark.parametrize("noun", ["signals", "issues", "tasks", "measures", "units", "users"])
def test_searches_survive_anything(still_world: World, noun: str) -> None:
    for text in ("%25", "_", "%5C", "%ff", "%ed%a0%80", "'", "%F0%9F%98%A1", "x" * 200):
        assert still_world.get(ANALYST, f"/{noun}?q={text}").status_code == 200
    for text in ("%00", "x" * 201):
        assert set(still_world.get(ANALYST, f"/{noun}?q={text}").json["errors"]) == {"q"}


def test_wildcards_are_letters(world: World) -> None:
    texts = ["满意度15%", "case_1", "back\\slash", "100 percent", "caseX1"]
    for text in texts:
        world.post(ANALYST, "/signals", {**GOOD, "text": text})
    for query, found in {"15%25": 1, "%25": 1, "case_1": 1, "_": 1, "%5C": 1, "CASE": 2, "度1": 1}.items():
        answer = world.get(ANALYST, f"/signals?source=hotline&q={query}").json
        assert answer["total"] == found, query


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("CN/due", "start"), ("CN/due?start=2026-09-01T10:00:00&hours=1", "start"), ("CN/due?start=x&hours=1", "start"),
        ("CN/due?start=2026-09-01T10:00:00Z", "hours"), ("CN/due?start=2026-09-01T10:00:00Z&hours=1&days=1", "hours"),
        ("CN/due?start=2026-09-01T10:00:00Z&hours=-1", "hours"), ("CN/due?start=2026-09-01T10:00:00Z&days=1.5", "days"),
        ("CN/due?start=2026-09-01T10:00:00Z&hours=NaN", "hours"), ("CN/due?start=2026-09-01T10:00:00Z&hours=", "hours"),
        ("CN/due?start=2026-09-01T10:00:00Z&hours=1e999999999", "hours"),
        ("CN/due?start=2026-09-01T10:00:00Z&days=%00", "days"), ("CN/due?start=%00&days=1", "start"),
        ("CN/due?start=2026-09-01T10:00:00Z&days=1&weeks=1", "weeks"),
        ("CN/worked?start=2026-09-01T10:00:00Z", "end"), ("CN/worked?end=2026-09-01T10:00:00Z", "start"),
        ("CN/worked?start=2026-09-02T10:00:00Z&end=2026-09-01T10:00:00Z", "end"),
        ("CN/worked?start=2026-09-01T10:00:00Z&end=2026-09-02", "end"),
    ],
)  # fmt: skip
def test_bad_questions_to_a_calendar(still_world: World, path: str, field: str) -> None:
    answer = still_world.get(CHEN, f"/calendars/{path}")
    assert answer.status_code == 422, answer.text
    assert set(answer.json["errors"]) == {field}


def test_a_calendar_answers(still_world: World) -> None:
    ask = lambda path: still_world.get(CHEN, f"/calendars/{path}").json  # noqa: E731
    start = "start=2025-09-26T16:00:00%2B08:00"
    assert ask(f"CN/due?{start}&days=3") == {"due_at": "2025-09-30T10:00:00Z", "provisional": False}
    assert ask(f"CN/due?{start}&hours=7.5")["due_at"] == "2025-09-28T08:00:00Z"
    assert ask("CN/due?start=2025-09-26T16:00:00+08:00&natural_hours=1")["due_at"] == "2025-09-26T09:00:00Z"
    assert ask(f"CN/worked?{start}&end=2025-09-28T12:00:00%2B08:00") == {"hours": 5}
    assert still_world.get(CHEN, "/calendars/XX/due?start=2026-09-01T10:00:00Z&hours=1").status_code == 404
    far = still_world.get(CHEN, "/calendars/CN/due?start=2198-01-01T10:00:00Z&days=100000")
    assert far.status_code in {200, 422}


def test_one_instant_in_three_spellings(world: World) -> None:
    for n, spelled in enumerate(("2026-09-01T18:00:00+08:00", "2026-09-01T10:00:00Z", "2026-09-01T10:00:00+00:00")):
        told = world.post(ANALYST, "/signals", {**GOOD, "external_id": f"t{n}", "occurred_at": spelled})
        assert told.json["occurred_at"] == "2026-09-01T10:00:00Z"


def test_single_reads_take_no_parameters(still_world: World) -> None:
    for path in ("/me", f"/issues/{still_world.no('new')}", f"/issues/{still_world.no('new')}/timeline", "/units/P44"):
        answer = still_world.get(ANALYST, f"{path}?expand=all")
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"expand"})


def test_headers_that_nobody_can_read(still_world: World) -> None:
    path = f"/issues/{still_world.no('new')}/analyse"
    for key in ("", "k" * 256, "schlüssel", "a\tb"):
        answer = still_world.post(ANALYST, path, {"reach": 1}, headers={"Idempotency-Key": key})
        assert (answer.status_code, set(answer.json["errors"])) == (422, {"Idempotency-Key"}), key
    for version in ("x", "-1", '"1.0"', str(10**30), '"1", "2"', ""):
        assert still_world.post(ANALYST, path, {"reach": 1}, headers={"If-Match": version}).status_code == 412
    for token in ("", "Bearer", "Bearer \x80", "Basic eDp5", "Bearer " + "x" * 9000):
        assert still_world.get(None, "/issues", headers={"Authorization": token}).status_code == 401


def test_json_numbers_stay_what_they_were(world: World) -> None:
    raw = json.dumps({**GOOD, "score": {"kind": "csat", "value": 4.25}}).encode()
    assert world.call(ANALYST, "POST", "/signals", raw=raw).json["score"] == {"kind": "csat", "value": 4.25}
