"""Anything at all, sent by anybody to every operation: no failure of ours, and no answer that is not documented."""

import copy
import json
import random
from collections import Counter
from typing import Any

import pytest

from cxloop.extensions import db
from cxloop.models.clock import Clock
from cxloop.models.entry import Entry
from cxloop.queries.trail import verify
from tests.api.bodies import BODIES
from tests.api.test_doors import operations
from tests.api.world import API, World
from tests.cast import ANALYST, BRANCH, CHEN, HANDLER, LEADER, LIN, OPS, SUN, TANG, WU, XU, ZHAO

USERS = (LIN, ANALYST, XU, CHEN, WU, HANDLER, LEADER, BRANCH, ZHAO, OPS, TANG, SUN, "65lead", None)
NASTY: list[Any] = [
    None, True, False, 0, -1, 1, 3, 1.0, 1.5, 2**31, 2**63, 10**30, "", " ", "x", "\0", "\ud800", "😡", "长" * 300,
    "P44", "P51", "CENTER", "chen", "hotline", "resolved", "parked", "planned", "2026-12-01",
    "2026-12-01T10:00:00+08:00",
    [], {}, [None], [{}], {"x": 1}, [1, "2"], "%", "_", "\\", "' OR 1=1 --", "network.fault", "effective", "liable",
    "x" * 20_000,
]  # fmt: skip
QUERIES = [
    "",
    "page=2",
    "page_size=100",
    "page_size=0",
    "q=%25",
    "q=%00",
    "sort=-no",
    "sort=due_at",
    "state=new",
    "x=1",
]
QUERIES += ["severity=2", "severity=9", "unit=P44", "active=true", "joint=maybe", "start=2026-09-01T10:00:00Z&hours=3"]
QUERIES += [
    "start=2026-09-01T10:00:00Z&end=2026-09-03T10:00:00Z",
    "kind=feedback",
    "chain=CX-2026-000001",
    "q=" + "x" * 300,
]
HEADERS: list[dict[str, str]] = [{}, {}, {}, {"If-Match": '"1"'}, {"If-Match": "x"}, {"Idempotency-Key": "k"}]


def _known(world: World) -> dict[str, list[str]]:
    no = world.lived.no
    with world.app.app_context():
        clock, entry = db.session.scalar(db.select(Clock.id)), db.session.scalar(db.select(Entry.id))
    issues = [number for number in no.values() if number.startswith("CX") and "-T" not in number and "-R" not in number]
    return {
        "signals": [number for number in no.values() if number.startswith("SG")],
        "issues": issues,
        "tasks": [number for number in no.values() if "-T" in number and "/" not in number],
        "clocks": [str(clock)],
        "entries": [str(entry)],
        "units": ["P44", "CENTER"],
        "users": ["chen", "lin"],
        "calendars": ["CN", "CN-DAYS"],
        "policies": ["sla", "codes"],
        "closure-reports": [no["report"]],
    }


class Fuzz:
    """A repeatable source of requests."""

    def __init__(self, world: World, seed: int) -> None:
        self.world, self.dice, self.known = world, random.Random(seed), _known(world)

    def nasty(self) -> Any:
        """A value that nobody means to send; one's own copy, for it may be spoilt further."""
        return copy.deepcopy(self.dice.choice(NASTY))

    def address(self, path: str) -> str:
        """A documented path with numbers in it, mostly real ones."""
        noun = path.removeprefix(f"{API}/").split("/")[0]
        strange = ["0", "1", "-1", "9" * 30, "CX-2026-999999", "x%00", "%ff", "..", "a b", "١", "x" * 3000]
        numbers = self.known.get(noun, ["x"])
        number = self.dice.choice(numbers if self.dice.random() < 0.9 else strange)
        filled = path.removeprefix(API)
        for name in ("no", "code", "name", "id_"):
            filled = filled.replace(f"{{{name}}}", number)
        return filled.replace("{n}", self.dice.choice(["1", "1", "2", "0", "9" * 20]))

    def body(self, act: str) -> bytes:
        """A well-formed body of the act with one to three things wrong; sometimes none, sometimes everything."""
        body = copy.deepcopy(BODIES.get(act, {}))
        if self.dice.random() < 0.05:
            return self.dice.choice(
                [b"", b"{", b"[]", b"null", b"\xff", b"[" * 5000, b'{"a":1,"a":2}', b'{"x": 1e999999999}']
            )
        for _ in range(self.dice.choice([0, 1, 1, 2, 3])):
            self._spoil(body)
        return json.dumps(body).encode()

    def _spoil(self, body: Any) -> None:
        names = list(body) if isinstance(body, dict) else list(range(len(body)))
        if isinstance(body, dict) and (not names or self.dice.random() < 0.2):
            body[self.dice.choice(["reason", "text", "handler", "due_at", "version", "state", "no", "\0", "unit"])] = (
                self.nasty()
            )
            return
        if not names:
            return
        name = self.dice.choice(names)
        if isinstance(body[name], dict | list) and self.dice.random() < 0.6:
            self._spoil(body[name])
        elif self.dice.random() < 0.2 and isinstance(body, dict):
            del body[name]
        else:
            body[name] = self.nasty()

    def send(self, method: str, path: str, told: dict[str, Any]) -> int:
        """One request; its answer must be documented and ours no failure."""
        user, headers, address = self.dice.choice(USERS), self.dice.choice(HEADERS), self.address(path)
        if method == "GET":
            address += f"?{self.dice.choice(QUERIES)}"
            answer = self.world.get(user, address, headers=headers)
            body = b""
        else:
            body = self.body(told["operationId"])
            answer = self.world.call(user, method, address, raw=body, headers=headers)
        code = answer.status_code
        sent = (user, method, address, body[:300], answer.data[:300])
        assert code < 500, sent
        assert str(code) in told["responses"], sent
        documented = told["responses"][str(code)]["content"]
        assert answer.is_json or answer.content_type in documented, sent
        return code


def _fuzz(world: World, *, seed: int, rounds: int) -> Counter[int]:
    fuzz, codes = Fuzz(world, seed), Counter[int]()
    told = operations(dict(world.get(None, "/openapi.json").json))
    for _ in range(rounds):
        for (method, path), operation in told.items():
            codes[fuzz.send(method, path, operation)] += 1
    with world.app.app_context():
        assert not verify()[3]
    return codes


def test_anything_at_all(world: World) -> None:
    codes = _fuzz(world, seed=20260916, rounds=6)
    # Not vacuous: all kinds of answers came.
    assert {200, 401, 403, 404, 409, 422} <= set(codes)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(8))
def test_anything_at_all_for_long(world: World, seed: int) -> None:
    _fuzz(world, seed=seed, rounds=300)
