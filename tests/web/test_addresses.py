"""Where signing in may lead: to our own pages, whatever the link said."""

import pytest
from flask import Flask

from cxloop.web.addresses import safe_next
from tests.cast import CHEN
from tests.web.conftest import Browser, give_password

ELSEWHERE = [
    "//e.com",
    "////e.com",
    "/\\e.com",
    "\\\\e.com",
    "\\/e.com",
    "/\t/e.com",
    "/\n/e.com",
    " //e.com",
    "http://e.com",
    "https:e.com",
    "https:/e.com",
    "HTTPS://e.com",
    "%2F%2Fe.com",
    "/%2F%2Fe.com",
    "/%5Ce.com",
    "javascript:alert(1)",
    "data:text/html,x",
    "/%0d%0aX:y",
    "/\r\nX: y",
    "/@e.com",
    "@e.com",
    "e.com",
    "/.//e.com",
    "/..//e.com",
    "/tasks//e.com",
    "///",
    "/\u2028/e.com",
    "/tasks#@e.com",
    "/tasks?next=//e.com\\",
    "/" + "a" * 3000,
    "",
    "\0",
    "/tasks\0",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_nowhere_else(target: str) -> None:
    assert safe_next(target) is None


@pytest.mark.parametrize(
    "target", ["/", "/tasks", "/tasks?q=%E5%AE%BD&page=2", "/issues/CX-2026-000001", "/tasks?q=a+b"]
)
def test_to_our_own_pages(target: str) -> None:
    assert safe_next(target) == target


def test_the_form_leads_home_instead(house: Flask) -> None:
    give_password(house, CHEN)
    for target in ELSEWHERE[:22:4]:
        browser = Browser(house)
        assert 'name="next"' not in browser.get("/login", query_string={"next": target}).text
        assert browser.sign_in(CHEN, next=target).location == "/"
        assert browser.get("/login", query_string={"next": target}).location == "/"
