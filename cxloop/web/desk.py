"""What every page behind the sign-in shares: nobody passes unknown, and everybody sees what waits for them."""

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, abort, g, redirect, render_template, request, url_for

from ..identity import Caller, caller
from ..queries.pages import unread_count
from .addresses import here

desk = Blueprint("desk", __name__, template_folder="templates", static_folder="static", static_url_path="/static")


@desk.before_request
def _let_in() -> Any:
    if request.endpoint == "desk.static":
        return None
    if "\0" in request.path:
        # PostgreSQL takes no such text: nothing can be under this address.
        abort(404)
    if caller() is None:
        wanted = here() if request.method == "GET" and request.path != "/" else None
        return redirect(url_for("account.login", next=wanted))
    return None


def me() -> Caller:
    """Who reads this page; the desk lets nobody else in."""
    found = caller()
    assert found is not None  # noqa: S101 - `_let_in` stands before every page
    return found


def now() -> datetime:
    """The moment of this request: one for the whole page."""
    if "now" not in g:
        g.now = datetime.now(UTC)
    moment: datetime = g.now
    return moment


def sees_work() -> bool:
    """Whether issues and tasks are any of this person's business: an admin administers and sees none."""
    person = me().person
    return person.reads_all() or bool(person.unit_paths())


def page(template: str, **values: Any) -> str:
    """Render a page of the desk with what its frame needs."""
    frame = {"me": me(), "unread": unread_count(name=me().name, at=now()), "now": now(), "sees_work": sees_work()}
    return render_template(template, **frame, **values)
