"""Signing in and out. The only pages that nobody has to be signed in for."""

from datetime import UTC, datetime

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from ..identity import caller, enter, leave
from ..operations.sessions import Throttled
from ..wording import say
from .addresses import safe_next

account = Blueprint("account", __name__, template_folder="templates")


@account.get("/login")
def login() -> Response:
    """The form; who is signed in already goes on."""
    target = safe_next(request.args.get("next"))
    if caller() is not None:
        return redirect(target or url_for("desk.home"))
    told = ""
    if "_user_id" in session:
        told = say("page.login.expired")
    elif request.args.get("out"):
        told = say("page.logout.done")
    elif target:
        told = say("page.login.needed")
    return _form(200, target, told=told)


@account.post("/login")
def sign_in() -> Response:
    """Sign in and go on to `next`. A wrong name and a wrong password are answered alike."""
    target = safe_next(request.form.get("next"))
    name = request.form.get("user", "")
    try:
        found = enter(name=name, password=request.form.get("password", ""), at=datetime.now(UTC))
    except Throttled as waiting:
        answer = _form(429, target, name=name, failed=say("error.login_throttled", minutes=waiting.minutes))
        answer.headers["Retry-After"] = str(waiting.minutes * 60)
        return answer
    if found is None:
        return _form(401, target, name=name, failed=say("page.login.failed"))
    return redirect(target or url_for("desk.home"), 303)


@account.post("/logout")
def logout() -> Response:
    """End the session, in every process."""
    leave(at=datetime.now(UTC))
    return redirect(url_for("account.login", out=1), 303)


def _form(code: int, target: str | None, *, name: str = "", told: str = "", failed: str = "") -> Response:
    values = {"next": target, "name": name[:100], "told": told, "failed": failed}
    return make_response(render_template("login.html", **values), code)
