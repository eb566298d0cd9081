"""The main job over the API, as five people, on files that nobody here wrote: from import to an archived report."""

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from cxloop.operations.act import Call, perform
from cxloop.queries.trail import verify
from tests.api.test_import import COMCAST, MESSAGES, _real
from tests.cast import ANALYST, CHEN, LIN, ZHAO, lead_of
from tests.conftest import build_app, dispose

UNITS = {"P44": "main", "P51": "support", "P11": "support", "P31": "separate", "P33": "separate", "P65": "separate"}
ANSWER = {
    "outcome": "resolved",
    "cause": "参数错误",
    "result": "已恢复",
    "measures": [{"kind": "corrective", "text": "回退并复核"}],
}
EFFECT = {"metric": "重复投诉率", "baseline": {"value": 0.31, "n": 900}, "target": 0.1, "window_days": 14}


class People:
    """Five people with a token each, and the API between them."""

    def __init__(self, app: Flask) -> None:
        self.app: Flask = app
        self.tokens: dict[str, str] = {}

    def call(self, user: str, path: str, body: Any = None, code: int = 200, **more: Any) -> Any:
        """A request that must answer with this code; GET without a body."""
        if user not in self.tokens:
            with self.app.app_context():
                self.tokens[user] = perform(Call("token.issue", "system", datetime.now(UTC), on=user))[1]
        headers = {"Authorization": f"Bearer {self.tokens[user]}"}
        if body is not None:
            more["json"] = body
        method = "GET" if not more else "POST"
        answer = self.app.test_client(use_cookies=False).open(f"/api/v1{path}", method=method, headers=headers, **more)
        assert answer.status_code == code, (path, answer.status_code, answer.text[:300])
        return answer.json

    def take_in(self, name: str, mapping: Any) -> list[str]:
        """Import a file and give the numbers of its signals, the oldest first."""
        data = {"file": (io.BytesIO(_real(name)), name), "mapping": json.dumps(mapping)}
        told = self.call(ANALYST, "/signals/import", data=data, content_type="multipart/form-data")
        assert told == {"imported": 300, "duplicates": 0, "errors": []}
        page = self.call(ANALYST, f"/signals?source={mapping['source']}&sort=no&page_size=100")
        return [item["no"] for item in page["items"]]


@pytest.fixture
def people(group_url: str, tmp_path: Path) -> Iterator[People]:
    app = build_app(group_url, data_dir=tmp_path)
    yield People(app)
    dispose(app)


def dispatched(people: People, signals: list[str]) -> tuple[str, dict[str, str]]:
    fields = {"title": "宽带反复掉线", "description": "多人反映", "channel": "gov_hotline", "signals": signals}
    no = people.call(ANALYST, "/issues", fields, 201)["no"]
    rating = {"severity": 2, "category": "home.fault_repair", "touchpoint": "help.repair_visit", "effect": EFFECT}
    people.call(ANALYST, f"/issues/{no}/analyse", rating)
    wave = [{"unit": unit, "duty": duty, "title": "排查", "wanted": "逐户回访"} for unit, duty in UNITS.items()]
    issue = people.call(ANALYST, f"/issues/{no}/dispatch", {"tasks": wave})
    assert all(task["due_at"] for task in issue["tasks"])
    return no, {task["unit"]: task["no"] for task in issue["tasks"]}


def answered(people: People, tasks: dict[str, str]) -> None:
    people.call(
        "65lead", f"/tasks/{tasks['P65']}/decline", {"reason": "not_our_region", "text": "外省", "proposed_unit": "P54"}
    )
    people.call(ANALYST, f"/tasks/{tasks['P65']}/redispatch", {"unit": "P54"})
    people.call("65lead", f"/tasks/{tasks['P65']}", code=404)
    later = (datetime.now(UTC) + timedelta(days=40)).isoformat()
    plan = {**ANSWER, "outcome": "planned", "measures": [{"kind": "corrective", "text": "换设备", "due_at": later}]}
    for unit, task in tasks.items():
        lead = lead_of("P54" if unit == "P65" else unit)
        people.call(lead, f"/tasks/{task}/sign", {})
        people.call(lead, f"/tasks/{task}/feedback", plan if unit == "P31" else ANSWER)
    people.call(ANALYST, f"/tasks/{tasks['P44']}/send-back", {"reason": "no_evidence", "text": "缺少数据"})
    people.call(CHEN, f"/tasks/{tasks['P44']}/feedback", ANSWER)
    for task in tasks.values():
        people.call(ANALYST, f"/tasks/{task}/accept", {"quality": 4})
    people.call("31lead", f"/tasks/{tasks['P31']}/measures/1/complete", {"text": "已更换"})
    people.call(ANALYST, f"/tasks/{tasks['P31']}/measures/1/confirm", {})


def judged(people: People, no: str, verdict: str, value: float) -> None:
    after = {"value": value, "n": 600}
    fields = {"verdict": verdict, "method": "metric", "text": "按周统计", "after": after}
    people.call(ANALYST, f"/issues/{no}/verify", fields)


def test_from_real_voices_to_an_archived_report(people: People) -> None:
    carrier = people.take_in("comcast_300.csv", COMCAST)
    citizens = people.take_in("messages_replies_300.csv", MESSAGES)
    one = people.call(
        ANALYST, "/issues", {"title": "网速", "description": "x", "channel": "app", "signals": carrier[:1]}, 201
    )
    assert one["signals"] == carrier[:1]
    no, tasks = dispatched(people, citizens[:40])
    assert people.call(ANALYST, f"/signals/{citizens[0]}")["issue"] == no
    answered(people, tasks)
    assert people.call(ANALYST, f"/issues/{no}")["state"] == "verifying"
    judged(people, no, "ineffective", 0.25)
    wave = [{"unit": "P44", "duty": "main", "title": "换设备", "wanted": "更换"}]
    again = people.call(ANALYST, f"/issues/{no}/dispatch", {"tasks": wave})["tasks"][-1]["no"]
    for user, verb, body in ((CHEN, "sign", {}), (CHEN, "feedback", ANSWER), (ANALYST, "accept", {})):
        people.call(user, f"/tasks/{again}/{verb}", body)
    judged(people, no, "effective", 0.08)
    controls = [{"unit": unit, "item": "升级前灰度检查", "rounds": 3} for unit in ("P44", "P31", "P33", "P54")]
    closing = {"summary": "更换设备", "cause": {"class": "network.fault", "text": "版本缺陷"}, "controls": controls}
    people.call(LIN, f"/issues/{no}/close", closing)
    people.call(ZHAO, f"/issues/{no}/return", {"findings": ["样本量说明不足"]})
    judged(people, no, "effective", 0.07)
    people.call(LIN, f"/issues/{no}/close", closing)
    assert people.call(ZHAO, f"/issues/{no}/approve", {"opinion": "同意"})["state"] == "archived"
    report = people.call(ZHAO, f"/issues/{no}/closure-report")
    assert (report["no"], report["state"], len(report["content"]["signals"])) == (f"{no}-R02", "approved", 40)
    assert "closure.close" in {entry["act"] for entry in people.call(ZHAO, f"/issues/{no}/timeline")["items"]}
    with people.app.app_context():
        entries, _chains, _head, faults = verify()
    assert (entries > 600, faults) == (True, [])
