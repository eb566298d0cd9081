"""Signing in and out: who gets in, how long it lasts, and what becomes of those who guess."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import update

from cxloop.extensions import db
from cxloop.models.user import LoginFailure, User, UserSession
from cxloop.operations import accounts, trail
from cxloop.operations.act import Call, perform, record
from tests.cast import CHEN, LIN, OPS, WU, ZHAO
from tests.web.conftest import PASSWORD, Browser, give_password


def is_in(browser: Browser) -> bool:
    return browser.get("/notices").status_code == 200


def wrong(browser: Browser, name: str, times: int, **more: Any) -> list[int]:
    return [browser.sign_in(name, "wrong", **more).status_code for _ in range(times)]


def test_everybody_gets_to_the_list_they_work_from(house: Flask) -> None:
    give_password(house, LIN, ZHAO, CHEN)
    for name, home in ((LIN, "/issues"), (ZHAO, "/issues"), (CHEN, "/tasks")):
        browser = Browser(house)
        answer = browser.sign_in(name)
        assert (answer.status_code, answer.location) == (303, "/")
        assert browser.get("/").location == home
        assert browser.get(home).status_code == 200


def test_whoever_is_not_signed_in_is_asked_to_and_comes_back(house: Flask, browser: Browser) -> None:
    give_password(house, CHEN)
    asked = browser.get("/tasks?q=%E5%AE%BD%E5%B8%A6&page=2")
    assert asked.status_code == 302
    form = browser.get(asked.location)
    assert "请先登录" in form.text
    assert 'name="next" value="/tasks?q=%E5%AE%BD%E5%B8%A6&amp;page=2"' in form.text
    answer = browser.sign_in(CHEN, next="/tasks?q=%E5%AE%BD%E5%B8%A6&page=2")
    assert answer.location == "/tasks?q=%E5%AE%BD%E5%B8%A6&page=2"


def test_a_wrong_name_and_a_wrong_password_are_answered_alike_and_take_the_same_time(
    house: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_password(house, CHEN)
    hashed: list[str] = []

    class Watched:
        def verify(self, stored: str, password: str) -> bool:
            hashed.append(stored)
            return bool(hasher.verify(stored, password))

    hasher = accounts.PASSWORDS
    monkeypatch.setattr(accounts, "PASSWORDS", Watched())
    pairs = [(CHEN, "wrong"), ("nobody", PASSWORD), (CHEN, ""), ("", ""), (WU, PASSWORD)]
    for n, (name, password) in enumerate(pairs, 1):
        answer = browser.sign_in(name, password)
        assert answer.status_code == 401
        assert "用户名或密码不正确" in answer.text
        assert len(hashed) == n
    assert not is_in(browser)


def test_odd_names_and_passwords_are_merely_wrong(browser: Browser) -> None:
    for odd in ("a\0b", "\ufffd", "x" * 100_000, "陈" * 101, "%00", "' or 1=1 --", "\u202echen"):
        assert browser.sign_in(odd, odd).status_code == 401


# Sessions


def test_signing_out_ends_the_session_in_every_process(house: Flask, annex: Flask, browser: Browser) -> None:
    give_password(house, CHEN)
    browser.sign_in(CHEN)
    elsewhere = Browser(annex)
    stolen = browser.client.get_cookie("session")
    assert stolen is not None
    elsewhere.client.set_cookie("session", stolen.value)
    assert is_in(elsewhere)
    answer = browser.post("/logout", {"csrf_token": browser.token("/tasks")})
    assert (answer.status_code, answer.location) == (303, "/login?out=1")
    assert "已退出" in browser.get("/login?out=1").text
    elsewhere.client.set_cookie("session", stolen.value)
    assert not is_in(elsewhere)
    assert not is_in(browser)


def test_an_id_known_before_signing_in_is_worth_nothing_afterwards(house: Flask, browser: Browser) -> None:
    give_password(house, CHEN, LIN)
    browser.sign_in(CHEN)
    before = browser.client.get_cookie("session")
    browser.post("/login", {"user": LIN, "password": PASSWORD, "csrf_token": browser.token("/tasks")})
    after = browser.client.get_cookie("session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    planted = Browser(house)
    planted.client.set_cookie("session", before.value)
    assert not is_in(planted)
    assert is_in(browser)


def test_a_password_change_ends_every_session(house: Flask, browser: Browser) -> None:
    give_password(house, CHEN)
    browser.sign_in(CHEN)
    give_password(house, CHEN, password="another long password")
    assert not is_in(browser)
    assert "登录已过期" in browser.get("/login").text


def test_whoever_is_no_longer_active_is_out_at_once(house: Flask, browser: Browser) -> None:
    give_password(house, CHEN)
    browser.sign_in(CHEN)
    with house.app_context():
        db.session.execute(update(User).where(User.name == CHEN).values(active=False))
        db.session.commit()
    assert not is_in(browser)
    assert browser.sign_in(CHEN).status_code == 401


def test_a_session_lasts_so_many_hours_whatever_the_cookie_says(house: Flask, browser: Browser) -> None:
    give_password(house, CHEN)
    hours = house.config["SESSION_HOURS"]
    with time_machine.travel("2026-08-24T02:00:00Z", tick=False) as clock:
        browser.sign_in(CHEN)
        clock.shift(timedelta(hours=hours) - timedelta(seconds=1))
        assert is_in(browser)
        clock.shift(timedelta(seconds=1))
        assert not is_in(browser)


def test_only_digests_are_kept(house: Flask, browser: Browser) -> None:
    give_password(house, CHEN)
    browser.sign_in(CHEN)
    with browser.client.session_transaction() as cookie:
        secret = cookie["_user_id"]
    with house.app_context():
        rows = list(db.session.scalars(db.select(UserSession)))
        assert [row.user_name for row in rows] == [CHEN]
        assert secret not in rows[0].digest


# Guessing


def test_after_so_many_wrong_passwords_one_has_to_wait(house: Flask, browser: Browser) -> None:
    give_password(house, CHEN)
    tries, minutes = house.config["LOGIN_TRIES"], house.config["LOGIN_WAIT_MINUTES"]
    with time_machine.travel("2026-08-24T02:00:00Z", tick=False) as clock:
        assert wrong(browser, CHEN, tries) == [401] * tries
        refused = browser.sign_in(CHEN)
        assert refused.status_code == 429
        assert f"请 {minutes} 分钟后再试" in refused.text
        assert refused.headers["Retry-After"] == str(minutes * 60)
        clock.shift(timedelta(minutes=minutes) - timedelta(seconds=1))
        assert browser.sign_in(CHEN).status_code == 429
        clock.shift(timedelta(seconds=1))
        assert browser.sign_in(CHEN).status_code == 303


def test_nobody_else_has_to(house: Flask, browser: Browser) -> None:
    give_password(house, CHEN, WU)
    wrong(browser, CHEN, 6)
    assert browser.sign_in(WU).status_code == 303
    assert Browser(house, peer="10.0.0.2").sign_in(CHEN).status_code == 303


def test_a_success_wipes_the_count(house: Flask, browser: Browser) -> None:
    give_password(house, CHEN)
    for _ in range(3):
        assert wrong(Browser(house), CHEN, 4) == [401] * 4
        assert Browser(house).sign_in(CHEN).status_code == 303
    with house.app_context():
        assert db.session.scalar(db.select(db.func.count()).select_from(LoginFailure)) == 0


def test_a_header_of_the_callers_own_changes_nothing(house: Flask, browser: Browser) -> None:
    codes = []
    for n in range(20):
        claimed = {"X-Forwarded-For": f"1.2.3.{n}", "X-Real-IP": f"1.2.3.{n}", "Forwarded": f"for=1.2.3.{n}"}
        codes.append(browser.sign_in("nobody", "wrong", headers=claimed).status_code)
    assert codes == [401] * 5 + [429] * 15


def test_in_every_process_the_same_count(house: Flask, annex: Flask) -> None:
    codes = [wrong(Browser(app), CHEN, 1)[0] for app in (house, annex) * 4]
    assert codes == [401] * 5 + [429] * 3


def test_tries_at_the_same_time_gain_nothing(house: Flask) -> None:
    browsers = [Browser(house) for _ in range(16)]
    forms = [{"user": CHEN, "password": "wrong", "csrf_token": browser.token()} for browser in browsers]
    with ThreadPoolExecutor(8) as pool:
        answers = list(
            pool.map(lambda pair: pair[0].post("/login", pair[1]).status_code, zip(browsers, forms, strict=True))
        )
    assert sorted(answers) == [401] * 5 + [429] * 11


# Forms and tokens


def test_a_form_without_its_token_is_refused(house: Flask, browser: Browser) -> None:
    browser.enter(CHEN)
    for path in ("/login", "/logout", "/notices/read"):
        for fields in ({}, {"csrf_token": "made up"}, {"csrf_token": Browser(house).token()}):
            answer = browser.post(path, fields)
            assert answer.status_code == 400
            assert "页面已过期" in answer.text
    assert is_in(browser)


def test_the_api_asks_a_cookie_for_the_token_too(browser: Browser) -> None:
    assert browser.client.post("/api/v1/signals", json={}).status_code == 401
    browser.enter(LIN)
    assert browser.client.post("/api/v1/signals", json={}).status_code == 403
    told = {"X-CSRF-Token": browser.token("/issues")}
    assert browser.client.post("/api/v1/signals", json={}, headers=told).status_code == 422


def test_a_token_speaks_for_itself_alone(house: Flask, browser: Browser) -> None:
    with house.app_context():
        at = datetime.now(UTC)
        _, plain = perform(Call("token.issue", CHEN, at, on=CHEN))
    bearer = {"Authorization": f"Bearer {plain}"}
    me = browser.get("/api/v1/me", headers=bearer)
    assert (me.status_code, me.json["name"]) == (200, CHEN)
    assert browser.client.post("/api/v1/signals", json={}, headers=bearer).status_code == 422
    browser.enter(LIN)
    for header in ("Bearer made-up", "Basic bGluOmxpbg==", "Bearer", ""):
        if header:
            assert browser.get("/api/v1/me", headers={"Authorization": header}).status_code == 401
    with house.app_context():
        perform(Call("token.revoke", OPS, datetime.now(UTC), on=CHEN, fields={"n": 1}))
    assert browser.get("/api/v1/me", headers=bearer).status_code == 401


def test_what_belongs_in_the_trail_cannot_be_recorded_without_an_act(house: Flask) -> None:
    def rename() -> None:
        user = db.session.get(User, CHEN)
        assert user is not None
        user.display_name = "换名"

    with house.app_context():
        with pytest.raises(trail.HeadNotTaken):
            record(rename)
        assert db.session.get(User, CHEN).display_name != "换名"
