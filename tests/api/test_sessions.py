"""The same door for a browser's session: every write carries the form's token, and what ends, ends at once."""

import pytest
from flask.testing import FlaskClient

from cxloop.extensions import db
from cxloop.models.user import User
from cxloop.operations.act import Call, perform
from tests.api.bodies import BODIES
from tests.api.world import API, World
from tests.cast import ANALYST, CHEN

PASSWORD = "long-enough-1"


@pytest.fixture
def browser(world: World) -> FlaskClient:
    """A browser in which the analyst signed in on the page for people."""
    with world.app.app_context():
        perform(Call("user.set_password", "system", world.now, on=ANALYST, fields={"password": PASSWORD}))
    client = world.app.test_client()
    page = client.get("/login").text
    token = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    answer = client.post("/login", data={"user": ANALYST, "password": PASSWORD, "csrf_token": token})
    assert answer.status_code in {302, 303}, answer.text
    return client


def test_a_session_reads_and_writes_with_its_token(browser: FlaskClient) -> None:
    me = browser.get(f"{API}/me").json
    assert me["name"] == ANALYST
    refused = browser.post(f"{API}/issues", json=BODIES["issue.open"])
    assert (refused.status_code, refused.content_type) == (403, "application/problem+json")
    headers = {"X-CSRF-Token": me["csrf_token"]}
    assert browser.post(f"{API}/issues", json=BODIES["issue.open"], headers=headers).status_code == 201


def test_a_token_beside_a_session_speaks_for_itself(browser: FlaskClient, world: World) -> None:
    bearer = {"Authorization": f"Bearer {world.lived.tokens[CHEN]}"}
    assert browser.get(f"{API}/me", headers=bearer).json["name"] == CHEN
    assert "csrf_token" not in browser.get(f"{API}/me", headers=bearer).json
    assert browser.get(f"{API}/me", headers={"Authorization": "Bearer x"}).status_code == 401


def test_who_is_disabled_is_out_with_the_next_request(browser: FlaskClient, world: World) -> None:
    assert world.get(ANALYST, "/me").status_code == 200
    with world.app.app_context():
        db.session.execute(db.update(User).where(User.name == ANALYST).values(active=False))
        db.session.commit()
    assert browser.get(f"{API}/me").status_code == 401
    assert world.get(ANALYST, "/me").status_code == 401


def test_no_answer_bears_a_secret(world: World) -> None:
    for path in ("/me", "/users?page_size=100", f"/users/{CHEN}", "/entries?page_size=100"):
        text = world.get(ANALYST, path).text
        for word in ("argon2", "password_hash", "digest_of", world.lived.tokens[CHEN]):
            assert word not in text, path
