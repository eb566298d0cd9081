"""The customer over the API: a complaint is called, not reached with proof, answered, and shows at the verification."""

import logging
from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.entry import Entry
from cxloop.queries.verification import verify_clocks
from tests.api.world import World
from tests.cast import ANALYST, CHEN, HANDLER, LIN, WU, ZHAO
from tests.factories import local

NUMBER, NAME, NOTE, TOLD = "13912345678", "李秀英", "无人接听邻居代答", "退费三日内到账"
VOICE = {
    "source": "hotline", "channel": "hotline", "text": "扣费不符", "unit": "P44",
    "contact": {"name": NAME, "phone": NUMBER},
}  # fmt: skip
MISSED = {"method": "phone", "reached": False, "note": NOTE}


def done(answer: Any) -> dict[str, Any]:
    """The JSON of an answer that must be a good one."""
    assert answer.status_code in {200, 201}, answer.text
    found: dict[str, Any] = answer.json
    return found


def voice(world: World, **more: Any) -> str:
    return str(done(world.post(ANALYST, "/signals", {**VOICE, **more}))["no"])


def opened(world: World, *signals: str) -> str:
    body = {"title": "扣费", "description": "多户", "channel": "hotline", "signals": list(signals)}
    no = str(done(world.post(ANALYST, "/issues", body))["no"])
    done(world.post(ANALYST, f"/issues/{no}/analyse", {"severity": 3}))
    return no


def sent(world: World, no: str) -> str:
    row = {"unit": "P44", "duty": "separate", "title": "核查", "wanted": "联系客户", "contact_wanted": True}
    tasks = done(world.post(ANALYST, f"/issues/{no}/dispatch", {"tasks": [row]}))["tasks"]
    return str(tasks[-1]["no"])


def at(world: World, text: str) -> None:
    world.now = local(f"2026-09-{text}")


def test_a_complaint_from_the_call_to_the_verdict(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    signal = voice(world)
    no = opened(world, signal)
    task = sent(world, no)
    done(world.post(CHEN, f"/tasks/{task}/sign", {"handler": HANDLER}))
    shown = done(world.get(HANDLER, f"/tasks/{task}"))
    assert (shown["contact_wanted"], shown["contacts"]) == (True, [{"signal": signal, "state": "none"}])

    revealed = done(world.post(HANDLER, f"/signals/{signal}/reveal", {}))
    assert revealed["contact"]["phone"] == NUMBER
    assert NUMBER not in world.get(HANDLER, f"/signals/{signal}").text

    for moment in ("16 14:00", "16 14:20"):
        at(world, moment)
        view = done(world.post(HANDLER, f"/signals/{signal}/contact", MISSED))
    assert (view["contact_state"], len(view["tries"])) == ("tried", 2)
    at(world, "16 16:30")
    assert done(world.post(HANDLER, f"/signals/{signal}/contact", MISSED))["contact_state"] == "tried"
    clock = contact_clock(world, task)
    assert (clock["state"], clock["due_at"]) == ("running", "2026-09-17T02:00:00Z")
    assert "24" in done(world.get(CHEN, f"/clocks/{clock['id']}/why"))["why"][0]["text"]
    at(world, "16 20:00")
    earlier = {**MISSED, "tried_at": "2026-09-16T19:00:00+08:00"}
    assert done(world.post(HANDLER, f"/signals/{signal}/contact", earlier))["contact_state"] == "not_reached"
    assert contact_clock(world, task)["state"] == "ended"

    at(world, "17 09:30")
    told = {"text": TOLD, "method": "phone"}
    done(world.post(HANDLER, f"/signals/{signal}/answer", told))
    result = {"satisfied": "dissatisfied", "why": "unit_fault"}
    view = done(world.post(ANALYST, f"/signals/{signal}/answer", {**told, **result}))
    assert view["answer"] | result == view["answer"]
    answered_and_judged(world, no, task, signal)
    nothing_leaked(world, caplog)


def answered_and_judged(world: World, no: str, task: str, signal: str) -> None:
    """The unit answers; at the verification the center finds that the customer is not satisfied, and why."""
    answer = {"outcome": "explained", "cause": "资费", "result": "已说明", "reply": "已说明"}
    done(world.post(HANDLER, f"/tasks/{task}/feedback", answer))
    done(world.post(ANALYST, f"/tasks/{task}/accept", {}))

    issue = done(world.get(LIN, f"/issues/{no}"))
    assert issue["state"] == "verifying"
    assert issue["callbacks"] == {
        "answered": 1, "results": {"dissatisfied": 1}, "why": {"unit_fault": 1}, "dissatisfied": [signal],
    }  # fmt: skip
    done(
        world.post(ANALYST, f"/issues/{no}/verify", {"verdict": "ineffective", "method": "callback", "text": "未到账"})
    )


def contact_clock(world: World, task: str) -> dict[str, Any]:
    found = done(world.get(CHEN, f"/clocks?subject={task}"))["items"]
    [clock] = [row for row in found if row["kind"] == "contact"]
    return dict(clock)


def nothing_leaked(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Number, name, note and words are in no entry, in no export of the trail, and in no log."""
    with world.app.app_context():
        bodies = list(db.session.scalars(db.select(Entry.body)))
        assert verify_clocks().differences == ()
    told = world.get(ZHAO, "/entries?page_size=100&sort=-id").text
    for secret in (NUMBER, NAME, NOTE, TOLD):
        assert not any(secret in body for body in bodies), secret
        assert secret not in told
        assert secret not in caplog.text


def test_the_center_is_shown_where_the_same_customer_spoke_before(world: World) -> None:
    first, second = voice(world), voice(world, text="还是没有退")
    no = opened(world, first)
    assert done(world.get(ANALYST, f"/signals/{second}"))["same_customer"] == [no]
    assert done(world.get(ANALYST, f"/signals/{first}"))["same_customer"] == []
    assert done(world.get(CHEN, f"/signals/{second}"))["same_customer"] == []
    task = sent(world, no)
    done(world.post(ANALYST, f"/signals/{second}/link", {"issue": no}))
    assert done(world.get(CHEN, f"/tasks/{task}"))["repeats"] == 1
    assert done(world.get(ANALYST, f"/signals/{second}"))["same_customer"] == []


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("contact", {**MISSED, "method": "pigeon"}, "method"),
        ("contact", {**MISSED, "reached": "no"}, "reached"),
        ("contact", {"method": "phone", "reached": True}, "note"),
        ("contact", {**MISSED, "tried_at": "2026-09-16T10:00"}, "tried_at"),
        ("contact", {**MISSED, "tried_at": "2026-09-18T10:00:00+08:00"}, "tried_at"),
        ("contact", {**MISSED, "tried_at": "2026-09-10T10:00:00+08:00"}, "tried_at"),
        ("answer", {"method": "phone"}, "text"),
        ("answer", {"text": "x", "method": "phone", "satisfied": "delighted"}, "satisfied"),
        ("answer", {"text": "x", "method": "phone", "satisfied": "fairly", "why": "unit_fault"}, "why"),
        ("reveal", {"reason": "curiosity"}, "reason"),
    ],
)
def test_what_is_malformed_or_makes_no_sense_names_its_field(
    still_world: World, verb: str, body: dict[str, Any], field: str
) -> None:
    answer = still_world.post(CHEN, f"/signals/{still_world.no('signal_to_call')}/{verb}", body)
    assert answer.status_code == 422
    assert list((answer.json or {})["errors"]) == [field]


def test_an_answer_to_what_somebody_has_answered_meanwhile_is_refused(world: World) -> None:
    signal = world.no("signal_to_call")
    old = done(world.get(HANDLER, f"/signals/{signal}"))
    told = {"text": TOLD, "method": "phone"}
    done(world.post(HANDLER, f"/signals/{signal}/answer", {**told, "satisfied": "satisfied"}))
    late = world.post(CHEN, f"/signals/{signal}/answer", told, headers={"If-Match": f'"{old["version"]}"'})
    assert late.status_code == 412
    assert done(world.get(HANDLER, f"/signals/{signal}"))["answer"]["satisfied"] == "satisfied"


def test_another_province_sees_neither_voice_nor_tries(still_world: World) -> None:
    signal = still_world.no("signal_to_call")
    assert still_world.get(WU, f"/signals/{signal}").status_code == 404
    assert still_world.post(WU, f"/signals/{signal}/contact", MISSED).status_code == 404
