"""Every route is guarded, named and described."""

from typing import Any

import pytest

from cxloop.api import PREFIX
from cxloop.domain.lifecycle import ACTS
from cxloop.operations.act import ACTS as TOLD
from tests.api.lived import DISABLED
from tests.api.world import World
from tests.cast import ANALYST, OPS

PLACES = {"no": "X-1", "code": "X", "name": "x", "n": 1, "id_": 1}
# Done by hand with a command: what an admin does is an issue of its own.
BY_COMMAND = {"unit.add", "user.add", "user.set_password", "token.issue", "token.revoke"}

# Asked with a body, and no act: nothing changes.
QUESTIONS = {"issues.read-brief", "clocks.preview", "calendars.preview", "policies.preview"}

# Many acts by one file, each row by the rules of its own.
BY_FILE = {"tasks.return-sheet"}


def routes(world: World) -> list[tuple[str, str, str]]:
    """(method, rule as OpenAPI writes it, an address that fits) of the whole door."""
    found = []
    adapter = world.app.url_map.bind("localhost")
    for rule in world.app.url_map.iter_rules():
        if not rule.rule.startswith(f"{PREFIX}/"):
            continue
        address = adapter.build(rule.endpoint, {name: PLACES[name] for name in rule.arguments})
        spelled = "".join(text if kind is None or kind is False else f"{{{text}}}" for kind, text in _pieces(rule))
        found += [(method, spelled, address) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found


def _pieces(rule: Any) -> list[tuple[bool, str]]:
    return [(is_argument, text) for is_argument, text in rule._trace if text not in {"|", "|/"}]


def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """(METHOD, path) → operation of an OpenAPI document."""
    verbs = {"get", "post", "put", "patch", "delete"}
    return {
        (verb.upper(), path): told
        for path, item in document["paths"].items()
        for verb, told in item.items()
        if verb in verbs
    }


@pytest.fixture
def document(still_world: World) -> dict[str, Any]:
    """What the door says of itself."""
    return dict(still_world.get(None, "/openapi.json").json)


def test_nobody_gets_in_without_a_name(still_world: World) -> None:
    assert len(routes(still_world)) > 50
    for method, _rule, address in routes(still_world):
        answer = still_world.call(None, method, address.removeprefix(PREFIX))
        if address == f"{PREFIX}/openapi.json":
            assert answer.status_code == 200
            continue
        assert answer.status_code == 401, (method, address)
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_disabled_person_is_nobody(still_world: World) -> None:
    for method, _rule, address in routes(still_world):
        if not address.endswith("openapi.json"):
            answer = still_world.call(DISABLED, method, address.removeprefix(PREFIX))
            assert answer.status_code == 401, (method, address)


def test_what_is_not_there_tells_strangers_nothing(still_world: World) -> None:
    assert still_world.get(None, "/nothing").status_code == 401
    assert still_world.get(ANALYST, "/nothing").status_code == 404
    answer = still_world.call(ANALYST, "DELETE", "/issues/X")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_nothing_is_undocumented_and_nothing_documented_is_missing(
    still_world: World, document: dict[str, Any]
) -> None:
    served = {(method, rule) for method, rule, _ in routes(still_world) if not rule.endswith("openapi.json")}
    assert served == set(operations(document))


def test_every_act_that_a_person_may_ask_for_has_its_route(document: dict[str, Any]) -> None:
    found = {told["operationId"]: path for (method, path), told in operations(document).items() if method == "POST"}
    wanted = {name for name in TOLD if not ACTS[name].by_itself} - BY_COMMAND
    assert found.keys() - QUESTIONS - BY_FILE == wanted
    for name, path in found.items():
        if name not in QUESTIONS | BY_FILE and name not in {"signal.register", "issue.open"}:
            assert path.endswith(f"/{ACTS[name].verb}")


def test_every_operation_is_named_once_and_says_what_it_answers(document: dict[str, Any]) -> None:
    told = operations(document)
    assert len({one["operationId"] for one in told.values()}) == len(told)
    for (method, path), one in told.items():
        assert one.get("description") or one.get("summary"), path
        assert {"401", "422", "503"} <= set(one["responses"]), path
        if method == "POST":
            assert "requestBody" in one, path
            assert {"403", "404", "409", "412", "413", "415"} <= set(one["responses"]), path


def test_the_document_is_an_openapi_document(document: dict[str, Any]) -> None:
    validator = pytest.importorskip("openapi_spec_validator", reason="openapi-spec-validator is not installed")
    validator.validate(document)


def test_answers_are_kept_by_nobody(still_world: World) -> None:
    for user, path in ((OPS, "/me"), (ANALYST, "/issues"), (ANALYST, f"/issues/{still_world.no('new')}")):
        answer = still_world.get(user, path)
        assert answer.headers["Cache-Control"] == "no-store"
        assert {"cookie", "authorization"} <= {name.lower() for name in answer.vary}
