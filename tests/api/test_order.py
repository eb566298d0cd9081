"""The order of refusals: 401, shape, unseen, forbidden, stale, state, meaning; each a problem in the caller's words."""

from typing import Any

import pytest

from cxloop.domain.lifecycle import ACTS, acts_on
from cxloop.domain.permissions import TABLE
from tests.api.bodies import BODIES
from tests.api.world import World
from tests.cast import ANALYST, CHEN, HANDLER, LEADER, LIN, OPS, WU, XU, ZHAO

NOUNS = {"signal": "signals", "issue": "issues", "task": "tasks", "measure": "tasks"}
STALE = {"If-Match": '"0"'}


def path_of(act: str, number: str) -> str:
    """Where an act on this object is posted to."""
    row = ACTS[act]
    if row.on == "measure":
        number = number.replace("/", "/measures/")
    return f"/{NOUNS[row.on]}/{number}/{row.verb}"


def test_each_refusal_comes_before_the_next(world: World) -> None:
    path, bad_shape, no_sense = path_of("review.accept", world.no("separate")), {"quality": 9}, {"cause": "nonsense"}
    steps = [
        (None, bad_shape, STALE, 401),
        (HANDLER, bad_shape, STALE, 422),
        (HANDLER, no_sense, STALE, 404),
        (WU, no_sense, STALE, 403),
        (ANALYST, no_sense, STALE, 412),
        (ANALYST, no_sense, {}, 422),
        (ANALYST, {}, {}, 200),
        (ANALYST, no_sense, {}, 409),
    ]
    for user, body, headers, code in steps:
        answer = world.post(user, path, body, headers=headers)
        assert answer.status_code == code, (user, body, answer.text)


def test_a_wrong_state_says_state_and_what_is_allowed(still_world: World) -> None:
    answer = still_world.post(ANALYST, path_of("closure.close", still_world.no("new")), BODIES["closure.close"])
    assert answer.status_code == 403
    answer = still_world.post(LIN, path_of("closure.close", still_world.no("new")), BODIES["closure.close"])
    assert answer.status_code == 409
    assert answer.json["state"] == "new"
    assert {"analyse", "dispatch"} <= set(answer.json["allowed"])


def test_a_stale_version_is_told_the_present_one(still_world: World) -> None:
    path = f"/issues/{still_world.no('new')}"
    now = still_world.get(ANALYST, path).json["version"]
    answer = still_world.post(ANALYST, f"{path}/analyse", {"reach": 1}, headers=STALE)
    assert (answer.status_code, answer.json["version"]) == (412, now)


@pytest.mark.parametrize(("wish", "required"), [("en", "required"), ("zh", "必填")])
def test_problems_are_worded_in_the_callers_language(still_world: World, wish: str, required: str) -> None:
    answer = still_world.post(ANALYST, "/issues", {"title": " "}, headers={"Accept-Language": wish})
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"
    assert set(answer.json) >= {"type", "title", "status", "detail", "errors"}
    assert set(answer.json["errors"]) == {"title", "description", "channel"}
    assert required in answer.json["errors"]["channel"][0].lower()
    chinese = any("\u4e00" <= sign <= "\u9fff" for sign in answer.json["title"])
    assert chinese == (wish == "zh")


OBJECTS = {
    # Who sees it, of those who ask below.
    "new": {LIN, ANALYST, ZHAO},
    "merged": {LIN, ANALYST, ZHAO},
    "of_sichuan": {LIN, ANALYST, ZHAO, WU},
    "shared": {LIN, ANALYST, ZHAO, WU, CHEN, HANDLER, LEADER, "11lead"},
    "closed": {LIN, ANALYST, ZHAO, WU, CHEN, HANDLER, LEADER},
    "verifying": {LIN, ANALYST, ZHAO, WU},
    "main": {LIN, ANALYST, ZHAO, CHEN, HANDLER, LEADER},
    "support": {LIN, ANALYST, ZHAO, CHEN, HANDLER, LEADER, "11lead"},
    "separate": {LIN, ANALYST, ZHAO, WU},
    "planned": {LIN, ANALYST, ZHAO},
    "task_of_sichuan": {LIN, ANALYST, ZHAO, WU},
    "moved": {LIN, ANALYST, ZHAO, CHEN, HANDLER, LEADER},
    "declined": {LIN, ANALYST, ZHAO, "65lead"},
    "following_sichuan": {LIN, ANALYST, ZHAO, WU},
    "measure_sichuan": {LIN, ANALYST, ZHAO, WU},
    "measure_guangdong": {LIN, ANALYST, ZHAO, CHEN, HANDLER, LEADER},
    "signal_of_sichuan": {LIN, ANALYST, ZHAO, WU},
    "signal_of_guangdong": {LIN, ANALYST, ZHAO, CHEN, HANDLER, LEADER},
    "signal_of_center": {LIN, ANALYST, ZHAO},
    "signal_to_call": {LIN, ANALYST, ZHAO, CHEN, HANDLER, LEADER},
}
KINDS = {"signal_": "signal", "measure_": "measure"}
ISSUES = {"new", "merged", "of_sichuan", "shared", "closed", "verifying"}
NOWHERE = {
    "signal": "SG-99999999",
    "issue": "CX-2026-999999",
    "task": "CX-2026-999999-T01",
    "measure": "CX-2026-999999-T01/1",
}
ASKING = (LIN, ANALYST, ZHAO, CHEN, HANDLER, LEADER, WU, "11lead", "65lead", OPS)


def _kind(name: str) -> str:
    return "issue" if name in ISSUES else next((kind for head, kind in KINDS.items() if name.startswith(head)), "task")


@pytest.mark.parametrize("user", ASKING)
def test_the_unseen_is_the_same_as_what_is_not_there(still_world: World, user: str) -> None:
    """Each verb on some object; `make torture` tries every verb on every one."""
    _try_unseen(still_world, user, every=4)


@pytest.mark.torture
@pytest.mark.parametrize("user", ASKING)
def test_every_verb_on_everything_unseen(still_world: World, user: str) -> None:
    _try_unseen(still_world, user, every=1)


def _try_unseen(still_world: World, user: str, *, every: int) -> None:
    nothing: dict[str, Any] = {}
    for n, (name, seeing) in enumerate(OBJECTS.items()):
        kind = _kind(name)
        read = still_world.get(user, path_of(acts_on(kind)[0].name, still_world.no(name)).rpartition("/")[0])
        assert read.status_code == (200 if user in seeing else 404), (user, name)
        if user in seeing:
            continue
        for row in acts_on(kind)[n % every :: every]:
            answer = still_world.post(user, path_of(row.name, still_world.no(name)), BODIES[row.name])
            if row.name not in nothing:
                nothing[row.name] = still_world.post(user, path_of(row.name, NOWHERE[kind]), BODIES[row.name])
            assert (answer.status_code, answer.data) == (404, nothing[row.name].data), (user, name, row.name)
            assert answer.headers == nothing[row.name].headers


@pytest.mark.parametrize("user", [ZHAO, LEADER, OPS, "11lead", XU])
def test_the_seen_that_one_may_not_do_is_forbidden(still_world: World, user: str) -> None:
    """The relations of these people hold wherever they look, so that the table alone says what they may not."""
    standing = {ZHAO: {"auditor"}, LEADER: {"leader", "unit_member"}, XU: {"center", "dispatcher"}}.get(user, set())
    for name, seeing in OBJECTS.items():
        if user not in seeing and not (user == XU and ANALYST in seeing):
            continue
        for row in acts_on(_kind(name)):
            if TABLE[row.name].allow & (standing | {"owner_unit", "unit_lead", "handler", "liaison"}):
                continue
            answer = still_world.post(user, path_of(row.name, still_world.no(name)), BODIES[row.name])
            assert answer.status_code == 403, (user, name, row.name, answer.text)
