"""A unit's working day over the API: handed down, signed off, stood in for, rung up at night, and contested."""

from typing import Any

import pytest

from cxloop.domain.vocabulary import SYSTEM
from cxloop.operations.act import Call, perform
from cxloop.operations.escalation import sweep
from tests.api.conftest import lived_postgres, lived_sqlite, world
from tests.api.world import World
from tests.cast import ANALYST, BRANCH, CHEN, HANDLER, LEADER, LIN, OPS, WU
from tests.factories import EFFECT, local, stop_reading

__all__ = ["lived_postgres", "lived_sqlite", "world"]
HE = "sun"  # a second center manager
DEPUTY = "51leader"
ANSWER = {
    "outcome": "resolved",
    "cause": "参数",
    "result": "恢复",
    "measures": [{"kind": "corrective", "text": "回退"}],
}


class Day:
    """Requests as people, one after the other, at a time of day that moves."""

    def __init__(self, world: World) -> None:
        self.world = world

    def at(self, text: str) -> None:
        self.world.now = local(text)

    def do(self, who: str, path: str, body: Any = None, *, code: int = 200) -> Any:
        answer = self.world.post(who, path, body or {})
        assert answer.status_code == code, answer.text
        return answer.json

    def see(self, who: str, path: str, *, code: int = 200) -> Any:
        answer = self.world.get(who, path)
        assert answer.status_code == code, answer.text
        return answer.json

    def admit(self, name: str) -> None:
        """Give a person a token of their own."""
        with self.world.app.app_context():
            issued = perform(Call("token.issue", SYSTEM, self.world.now, on=name), answer=lambda found: found[1])
            self.world.lived.tokens[name] = issued

    def clockwork(self, text: str) -> None:
        self.at(text)
        with self.world.app.app_context():
            sweep(at=self.world.now)
            stop_reading()

    def dispatched(self, *units: str, severity: int = 3, duty: str = "separate") -> tuple[str, list[str]]:
        """An issue out to these units: its number and its tasks'."""
        opened = self.do(ANALYST, "/issues", {"title": "掉线", "description": "多省", "channel": "hotline"}, code=201)
        effect = {**EFFECT, "baseline": {"value": 0.31, "n": 900}, "target": 0.1}
        self.do(ANALYST, f"/issues/{opened['no']}/analyse", {"severity": severity, "effect": effect})
        rows = [{"unit": unit, "duty": duty, "title": "排查", "wanted": "逐户回访"} for unit in units]
        told = self.do(ANALYST, f"/issues/{opened['no']}/dispatch", {"tasks": rows})
        return opened["no"], [task["no"] for task in told["tasks"]]


@pytest.fixture
def day(world: World) -> Day:
    return Day(world)


def test_guangdong_splits_gathers_is_signed_is_sent_back_and_appeals(day: Day) -> None:
    day.do(OPS, "/units/P44/set-sign-off", {"sign_off": "leader"})
    no, [task] = day.dispatched("P44")
    day.do(CHEN, f"/tasks/{task}/sign", {"handler": HANDLER})
    shares = [{"unit": unit, "title": "片区", "wanted": "逐户回访"} for unit in ("P4401", "P4403")]
    day.do(CHEN, f"/tasks/{task}/split", {"tasks": shares})
    first, second = f"{task}.01", f"{task}.02"
    refused = day.do(HANDLER, f"/tasks/{task}/feedback", ANSWER, code=409)
    assert "split" in refused["allowed"] or refused["state"] == "working"
    day.see(BRANCH, f"/tasks/{second}", code=404)
    day.see(WU, f"/tasks/{first}", code=404)
    day.do(BRANCH, f"/tasks/{first}/sign")
    day.do(BRANCH, f"/tasks/{first}/feedback", ANSWER)
    day.do(ANALYST, f"/tasks/{first}/accept", code=403)
    day.do(CHEN, f"/tasks/{first}/accept")
    day.do(CHEN, f"/tasks/{second}/cancel", {"reason": "covered"})
    assert day.do(HANDLER, f"/tasks/{task}/feedback", ANSWER)["state"] == "signing"
    assert "sign-feedback" in day.see(LEADER, f"/tasks/{task}")["acts"]
    assert day.do(LEADER, f"/tasks/{task}/sign-feedback")["state"] == "submitted"
    day.do(LIN, f"/tasks/{task}/send-back", {"reason": "copied", "text": "与他省雷同"})
    filed = day.do(CHEN, f"/tasks/{task}/appeal", {"matter": "send_back", "text": "已附本地清单"})
    assert filed["no"] == task
    [appeal] = day.see(LIN, "/appeals")["items"]
    assert (appeal["matter"], appeal["acts"]) == ("send_back", [])
    day.do(LIN, f"/appeals/{appeal['id']}/uphold", {"text": "x"}, code=403)
    assert day.do(HE, f"/appeals/{appeal['id']}/uphold", {"text": "确已结合本地"})["decision"] == "upheld"
    assert day.see(WU, "/appeals")["items"] == []
    assert day.see(ANALYST, f"/issues/{no}")["state"] == "in_progress"


def test_a_typhoon_day_is_contested_and_excused(day: Day) -> None:
    _no, [task] = day.dispatched("P44")
    day.do(CHEN, f"/tasks/{task}/sign")
    due = day.see(CHEN, f"/tasks/{task}")["due_at"]
    day.clockwork("2026-09-29 10:00")
    assert due < "2026-09-29"
    day.do(CHEN, f"/tasks/{task}/appeal", {"matter": "breach", "text": "台风全省停工"})
    [appeal] = day.see(LIN, "/appeals?unit=P44")["items"]
    day.do(LIN, f"/appeals/{appeal['id']}/uphold", {"text": "属实"}, code=422)
    day.do(LIN, f"/appeals/{appeal['id']}/uphold", {"text": "属实", "reason": "disaster"})
    clocks = day.see(CHEN, f"/tasks/{task}/clocks")["items"]
    [breach] = [row for clock in clocks if clock["kind"] == "feedback" for row in clock["breaches"]]
    assert breach["waiver"]["reason"] == "disaster"


def test_sichuans_lead_is_on_leave_and_her_deputy_acts(day: Day) -> None:
    day.admit(DEPUTY)
    _no, [task] = day.dispatched("P51")
    day.do(DEPUTY, f"/tasks/{task}/sign", code=403)
    day.do(WU, f"/users/{WU}/delegate", {"deputy": DEPUTY, "to_at": "2036-09-30T18:00:00+08:00"})
    signed = day.do(DEPUTY, f"/tasks/{task}/sign")
    assert signed["state"] == "working"
    entries = day.see(ANALYST, f"/issues/{task[:-4]}/timeline")["items"]
    assert "代" in next(e for e in entries if e["act"] == "task.sign" and e["subject"] == task)["actor"]["display_name"]
    day.do(DEPUTY, f"/users/{WU}/delegate", {"deputy": WU, "to_at": "2036-09-30T18:00:00+08:00"}, code=403)


def test_two_provinces_decline_each_other_until_a_conference_is_cited(day: Day) -> None:
    no, [task] = day.dispatched("P11")
    said = {"reason": "not_our_region", "text": "不涉及"}
    day.do("11lead", f"/tasks/{task}/decline", said)
    day.do("65lead", f"/tasks/{task}/decline", said, code=404)
    day.do(ANALYST, f"/tasks/{task}/redispatch", {"unit": "P65"})
    day.do("65lead", f"/tasks/{task}/decline", said)
    day.do(ANALYST, f"/tasks/{task}/redispatch", {"unit": "P11"}, code=409)
    day.do(LIN, f"/tasks/{task}/adjudicate", {"unit": "D02"}, code=422)
    told = day.do(
        ANALYST, f"/issues/{no}/confer",
        {"units": ["D05", "D02", "P11", "P65"], "minutes": "由签约省牵头", "decisions": "新疆牵头"},
    )  # fmt: skip
    assert told["conferences"][0]["n"] == 1
    bound = day.do(LIN, f"/tasks/{task}/adjudicate", {"unit": "P65", "cites": "conference.1"})
    assert (bound["unit"], bound["binding"]) == ("P65", True)


def test_a_saturday_alarm_is_signed_from_the_roster_and_briefed_within_the_hour(day: Day) -> None:
    roster = {"days": [{"day": "2026-09-19", "user": HANDLER, "phone": "13800138000"}]}
    day.do(CHEN, "/units/P44/set-duty", roster)
    assert day.see(WU, "/units/P44/duty?from=2026-09-19&to=2026-09-19")["items"][0]["phone"] is None
    day.at("2026-09-19 20:10")
    voice = {"source": "watch", "channel": "frontline", "text": "充值异常", "urgency": "extra"}
    day.do(CHEN, "/signals", voice, code=201)
    no, [task] = day.dispatched("P44", severity=1)
    day.at("2026-09-19 20:20")
    day.do(HANDLER, f"/tasks/{task}/sign")
    day.at("2026-09-19 20:55")
    brief = {"text": "款项是安全的", "internal": "不承诺到账时间", "valid_until": "2026-09-26T20:00:00+08:00"}
    day.do(ANALYST, f"/issues/{no}/brief", brief)
    [told] = day.see(HANDLER, f"/issues/{no}")["briefs"]
    assert (told["text"], told["unread"]) == ("款项是安全的", 1)
    day.do(HANDLER, f"/issues/{no}/briefs/1/read")
    assert day.see(HANDLER, f"/issues/{no}")["briefs"][0]["unread"] == 0
    day.clockwork("2026-09-19 21:30")
    clocks = day.see(CHEN, f"/tasks/{task}/clocks")["items"]
    assert [clock["breaches"] for clock in clocks if clock["kind"] == "sign"] == [[]]
