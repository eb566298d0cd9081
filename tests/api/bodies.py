"""For every act a body that is well formed, so that refusals behind the shape come to light."""

from typing import Any

BODIES: dict[str, dict[str, Any]] = {
    "signal.register": {"source": "hotline", "channel": "hotline", "text": "掉线"},
    "signal.link": {"issue": "CX-2026-000001"},
    "signal.return": {"reason": "unclear"},
    "signal.set_aside": {"reason": "praise"},
    "signal.complete": {"text": "补充"},
    "signal.reveal": {"reason": "callback"},
    "issue.open": {"title": "掉线", "description": "多省", "channel": "hotline"},
    "issue.analyse": {"severity": 3, "reach": 12},
    "issue.dispatch": {"tasks": [{"unit": "P44", "duty": "separate", "title": "排查", "wanted": "回访"}]},
    "issue.dismiss": {"reason": "no_content"},
    "issue.merge": {"into": "CX-2026-000001"},
    "verification.record": {"verdict": "effective", "method": "metric", "text": "8%", "after": {"value": 0.1, "n": 9}},
    "closure.close": {"summary": "完成", "cause": {"class": "network.fault", "text": "x"}, "controls": []},
    "audit.approve": {"opinion": "同意"},
    "audit.return": {"findings": ["样本不足"]},
    "task.sign": {},
    "task.assign": {"handler": "44handler"},
    "task.decline": {"reason": "not_our_region", "text": "不在本省"},
    "task.redispatch": {"unit": "P44"},
    "task.adjudicate": {"unit": "P44"},
    "task.transfer": {"unit": "P11", "reason": "duty_moved"},
    "task.nudge": {},
    "task.supervise": {"level": "red", "text": "督办"},
    "task.cancel": {"reason": "covered"},
    "feedback.submit": {
        "outcome": "resolved", "cause": "参数", "result": "恢复", "measures": [{"kind": "corrective", "text": "回退"}],
    },
    "feedback.withdraw": {},
    "review.accept": {"quality": 4},
    "review.send_back": {"reason": "no_evidence", "text": "缺数据"},
    "measure.complete": {"text": "已更换"},
    "measure.confirm": {},
    "measure.send_back": {"reason": "no_evidence"},
}  # fmt: skip
