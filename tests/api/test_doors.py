"""Every route is guarded, named and described."""

from cxloop.api import PREFIX
from tests.api.world import World

PLACES = {"no": "X-1", "code": "X", "name": "x", "n": 1, "id_": 1}


def _routes(world: World) -> list[tuple[str, str]]:
    found = []
    adapter = world.app.url_map.bind("localhost")
    for rule in world.app.url_map.iter_rules():
        if rule.rule.startswith(f"{PREFIX}/"):
            address = adapter.build(rule.endpoint, {name: PLACES[name] for name in rule.arguments}, method=None)
            found += [(method, address) for method in sorted(rule.methods - {"HEAD", "OPTIONS"})]
    return found


def test_nobody_gets_in_without_a_name(still_world: World) -> None:
    routes = _routes(still_world)
    assert len(routes) > 60
    for method, address in routes:
        answer = still_world.call(None, method, address.removeprefix(PREFIX))
        if address == f"{PREFIX}/openapi.json":
            assert answer.status_code == 200
            continue
        assert answer.status_code == 401, (method, address)
        assert answer.content_type == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
