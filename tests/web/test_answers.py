"""What every answer bears, which language it is in, and what a failure looks like."""

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError
from werkzeug.middleware.proxy_fix import ProxyFix

from cxloop.operations import act
from tests.cast import CHEN, LIN
from tests.conftest import build_app, dispose
from tests.web.conftest import Browser


def test_nothing_but_our_own_files_and_nothing_kept(browser: Browser) -> None:
    browser.enter(LIN)
    for path in ("/issues", "/tasks", "/notices", "/nowhere", "/logout", "/api/v1/me", "/api/v1/nowhere"):
        answer = browser.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Cookie" in answer.vary, path
    sheet = browser.get("/static/cxloop.css")
    assert "no-store" not in sheet.headers.get("Cache-Control", "")
    assert "Set-Cookie" not in sheet.headers


def test_no_page_has_a_script_a_style_or_a_foreign_address_in_it(browser: Browser) -> None:
    browser.enter(LIN)
    for path in ("/issues", "/tasks", "/notices", "/nowhere"):
        html = browser.get(path).text
        for word in ("<script", "<style", "style=", "onclick", "http://", "https://"):
            assert word not in html, (path, word)


def test_the_cookie_is_for_the_server_alone(browser: Browser) -> None:
    cookie = browser.get("/login").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_which_language_a_reader_gets(house: Flask) -> None:
    def language(browser: Browser, path: str = "/login", **headers: str) -> str:
        return browser.get(path, headers=headers).text.split('<html lang="')[1].split('"')[0]

    fresh = Browser(house)
    assert language(fresh) == "zh-CN"
    assert language(fresh, **{"Accept-Language": "en-GB,en;q=0.9"}) == "en"
    assert language(fresh, **{"Accept-Language": "fr"}) == "zh-CN"
    signed_in = Browser(house).enter(CHEN)
    assert language(signed_in, "/tasks", **{"Accept-Language": "en"}) == "zh-CN"
    assert language(signed_in, "/tasks?lang=en") == "en"
    assert language(signed_in, "/tasks") == "en"
    assert language(signed_in, "/tasks?lang=xx") == "en"
    assert language(signed_in, "/nowhere?lang=zh") == "zh-CN"


def test_the_way_to_the_other_language_stays_on_this_site(browser: Browser) -> None:
    for path in ("//e.com/%2e%2e", "/\\e.com", "//e.com"):
        html = browser.get(path, follow_redirects=True).text
        assert 'href="//' not in html
        assert 'href="/\\' not in html


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (RuntimeError("secret detail"), 500, "系统出错，未作任何变更"),
        (OperationalError("select secret", {}, Exception("no route")), 503, "系统繁忙"),
        (act.Unseen("CX-1"), 404, "没有找到"),
        (act.Forbidden("segregation"), 403, "按岗位分离要求"),
        (act.Stale(7), 409, "已被他人更新"),
        (act.WrongState("following", "verifying", []), 409, "尚有工单在整改跟踪"),
    ],
)
def test_every_refusal_and_failure_is_a_page_in_words(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, fault: Exception, code: int, said: str
) -> None:
    def fail() -> None:
        raise fault

    app = build_app(
        f"sqlite:///{tmp_path_factory.mktemp('none') / 'none.sqlite'}", data_dir=tmp_path_factory.mktemp("d")
    )
    monkeypatch.setattr("cxloop.web.desk.caller", fail)
    answer = app.test_client().get("/tasks")
    assert answer.status_code == code
    assert said in answer.text
    for word in ("secret", "Traceback", "select", "RuntimeError"):
        assert word not in answer.text
    assert ("Retry-After" in answer.headers) == (code == 503)
    dispose(app)


def test_a_page_asked_in_the_wrong_way_says_so(browser: Browser) -> None:
    answer = browser.get("/logout")
    assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (405, {"OPTIONS", "POST"})
    assert "不支持的请求方式" in answer.text


def test_a_proxy_is_believed_only_where_the_operator_says_so(
    house: Flask, group_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert not isinstance(house.wsgi_app, ProxyFix)
    folder = tmp_path_factory.mktemp("proxied")
    from cxloop.app import create_app

    settings = {"CXLOOP_DATABASE_URL": group_url, "CXLOOP_DATA_DIR": str(folder), "CXLOOP_TRUSTED_PROXIES": "1"}
    app = create_app("testing", settings)
    codes = []
    for n in range(8):
        # The right-most hop is the proxy's word; what stands before it is the client's own.
        claimed = {"X-Forwarded-For": f"6.6.6.{n}, 192.0.2.1"}
        codes.append(Browser(app).sign_in("nobody", "wrong", headers=claimed).status_code)
    other = Browser(app).sign_in("nobody", "wrong", headers={"X-Forwarded-For": "192.0.2.2"}).status_code
    assert (codes, other) == ([401] * 5 + [429] * 3, 401)
    dispose(app)
