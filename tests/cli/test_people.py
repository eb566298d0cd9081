"""People and their tokens by command."""

import pytest

from cxloop.extensions import db
from cxloop.models.user import Token, User
from cxloop.operations.sessions import token_user
from tests.cli.conftest import Run


def test_a_token_is_printed_alone_and_works(run: Run) -> None:
    told = run("token", "issue", "chen")
    assert (told.exit_code, told.output.count("\n")) == (0, 1)
    assert token_user(plain=told.output.strip()).name == "chen"
    assert told.output.strip() not in {row.digest for row in db.session.scalars(db.select(Token))}


def test_a_revoked_token_is_nobodys(run: Run) -> None:
    plain = run("token", "issue", "chen").output.strip()
    assert run("token", "revoke", "chen", "1").exit_code == 0
    db.session.rollback()
    assert token_user(plain=plain) is None


def test_a_token_for_nobody_is_refused(run: Run) -> None:
    told = run("token", "issue", "nobody")
    assert told.exit_code == 1
    assert told.output.startswith("Error:")


def test_a_person_is_added_with_a_password_printed_once(run: Run) -> None:
    told = run("user", "add", "new", "--display", "新人", "--role", "P44:handler", "--role", "P4401:handler")
    assert told.exit_code == 0, told.output
    db.session.rollback()
    assert len(db.session.get(User, "new").memberships) == 2
    assert "with the password: " in told.output
    given = run("user", "add", "other", "--display", "别人", "--role", "P44:handler", "--password", "long-enough-1")
    assert "long-enough-1" not in given.output


@pytest.mark.parametrize("role", ["P44", "P44:boss", "P99:handler", ":", "P44:unit_lead:x"])
def test_a_role_that_is_none_is_refused_in_words(run: Run, role: str) -> None:
    told = run("user", "add", "new", "--display", "新人", "--role", role)
    assert told.exit_code == 1
    assert told.output.startswith("Error:")
    db.session.rollback()
    assert db.session.get(User, "new") is None


def test_a_name_is_given_once(run: Run) -> None:
    told = run("user", "add", "chen", "--display", "另一个", "--role", "P44:handler")
    assert told.exit_code == 1
