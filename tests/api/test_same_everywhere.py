"""SQLite and PostgreSQL give the same answers to the same questions, letter for letter."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from cxloop.queries.trail import verify
from tests.api.bodies import BODIES
from tests.api.test_order import path_of
from tests.api.test_scope import addresses
from tests.api.world import World
from tests.cast import ANALYST, CHEN, HANDLER, LIN, WU, ZHAO

# Counted by each database for itself.
OWN = {"id"}
TARGETED = {"metric": "repeat", "baseline": {"value": 0.31, "n": 900}, "target": 0.1, "window_days": 14}
SCRIPT: list[tuple[str, str, str, dict[str, Any]]] = [
    (HANDLER, "feedback.submit", "main", BODIES["feedback.submit"]),
    (WU, "feedback.withdraw", "separate", {}),
    (WU, "feedback.submit", "separate", {**BODIES["feedback.submit"], "outcome": "explained", "measures": []}),
    (ANALYST, "review.send_back", "main", {"reason": "shallow_cause", "text": "再查😡"}),
    (ANALYST, "review.accept", "separate", {"quality": 5, "liability": "none"}),
    (ANALYST, "review.accept", "main", {}),
    (CHEN, "feedback.submit", "main", BODIES["feedback.submit"]),
    (ANALYST, "review.accept", "main", {"quality": 3}),
    (ANALYST, "task.redispatch", "declined", {"unit": "P54"}),
    (ANALYST, "task.supervise", "moved", {"level": "yellow", "text": "督办"}),
    (WU, "measure.complete", "measure_sichuan", {"text": "已更换"}),
    (ANALYST, "measure.confirm", "measure_sichuan", {}),
    (ANALYST, "issue.analyse", "new", {"severity": 2, "category": "home.speed", "effect": TARGETED}),
    (ANALYST, "issue.dispatch", "new", BODIES["issue.dispatch"]),
    (ANALYST, "verification.record", "verifying", {**BODIES["verification.record"], "verdict": "ineffective"}),
    (LIN, "issue.dismiss", "merged", BODIES["issue.dismiss"]),
    (ZHAO, "audit.return", "closed", BODIES["audit.return"]),
    (ANALYST, "signal.link", "signal_of_center", {"issue": "CX-2026-000001"}),
    (ANALYST, "signal.return", "signal_of_guangdong", {"reason": "unclear"}),
]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items() if name not in OWN}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


def _told(world: World) -> Iterator[tuple[Any, ...]]:
    for user, act, name, body in SCRIPT:
        world.now += timedelta(minutes=17)
        answer = world.post(user, path_of(act, world.no(name)), body)
        yield act, answer.status_code, _plain(answer.json)
    for user in (ANALYST, CHEN):
        for address in addresses(world):
            if not address.startswith(("/clocks/", "/entries/", "/units/", "/users/")):
                answer = world.get(user, address)
                yield user, address, answer.status_code, _plain(answer.json)


def test_the_same_script_gives_the_same_answers(both_worlds: list[World]) -> None:
    left, right = (list(_told(world)) for world in both_worlds)
    assert [step[:2] for step in left if step[1] == 200][:3]
    for one, other in zip(left, right, strict=True):
        assert json.dumps(one, ensure_ascii=False, indent=1) == json.dumps(other, ensure_ascii=False, indent=1)
    heads = []
    for world in both_worlds:
        with world.app.app_context():
            _entries, _chains, head, faults = verify()
        assert not faults
        heads.append(head)
    assert heads[0] == heads[1]
