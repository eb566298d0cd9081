"""Who is calling: a browser by its session cookie, a machine by its Bearer token. Both doors ask here."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask, Request, current_app, g, request, session
from flask_login import current_user, login_user, logout_user

from .domain.permissions import Person
from .extensions import csrf, login_manager
from .models.standing import standing
from .models.user import User
from .operations import sessions

SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True)
class Caller:
    """The person behind a request, as plain values: acts let go of every record that was loaded before them."""

    person: Person
    names: tuple[str, str]
    locale: str
    # The session's secret; empty for a machine.
    secret: str = ""
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    @property
    def name(self) -> str:
        """The user name."""
        return self.person.name

    def display_name(self, locale: str) -> str:
        """The name as colleagues know it, in a language."""
        return self.names[0] if locale == "zh" else self.names[1]

    def get_id(self) -> str:
        """What Flask-Login keeps in the signed cookie."""
        return self.secret


def caller() -> Caller | None:
    """Who is calling; None when nobody is signed in."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def enter(*, name: str, password: str, at: datetime) -> Caller | None:
    """Sign in from the browser: a new session under a new id, whatever there was before. None when it does not fit.

    Raises sessions.Throttled.
    """
    secret = sessions.sign_in(
        name=name,
        password=password,
        peer=request.remote_addr or "",
        at=at,
        limits=_limits(),
        instead_of=session.get("_user_id"),
    )
    if secret is None:
        return None
    session.clear()
    found = _load_session(secret)
    if found is not None:
        login_user(found)
        session.permanent = True
    return found


def leave(*, at: datetime) -> None:
    """Sign out: the session ends here and in every other process."""
    secret = session.get("_user_id")
    if secret:
        sessions.sign_out(secret=secret, at=at)
    logout_user()
    session.clear()


def init_identity(app: Flask) -> None:
    """Wire Flask-Login and the guard of forms to the application."""
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(hours=app.config["SESSION_HOURS"])
    # A session's end is fixed when it begins; a cookie sent anew with every file would only hinder caches.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    # Flask-Login's own protection hashes addresses and browsers; ours is the row that ends.
    app.config["SESSION_PROTECTION"] = None
    # Who bears a token needs no form token; `_guard_forms` asks for it where a cookie speaks.
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    # Its context processor would ask the database at each page, the page that says the database is away included.
    login_manager.init_app(app, add_context_processor=False)
    login_manager.user_loader(_load_session)
    login_manager.request_loader(_load_token)
    csrf.init_app(app)
    app.before_request(_guard_forms)


def _limits() -> sessions.Limits:
    config = current_app.config
    return sessions.Limits(
        tries=config["LOGIN_TRIES"],
        wait=timedelta(minutes=config["LOGIN_WAIT_MINUTES"]),
        lasts=timedelta(hours=config["SESSION_HOURS"]),
    )


def _load_session(secret: str) -> Caller | None:
    # A request that names a token is the token's, even where a cookie came along.
    if "Authorization" in request.headers:
        return None
    user = sessions.session_user(secret=secret, at=datetime.now(UTC), lasts=_limits().lasts)
    return _caller(user, secret)


def _load_token(asking: Request) -> Caller | None:
    scheme, _, plain = asking.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not plain.strip():
        return None
    return _caller(sessions.token_user(plain=plain.strip()), "")


def _caller(user: User | None, secret: str) -> Caller | None:
    if user is None:
        return None
    g.reader_locale = user.locale
    return Caller(standing(user, at=datetime.now(UTC)), (user.display_name, user.display_name_en), user.locale, secret)


def _guard_forms() -> Any:
    """Every write that a cookie vouches for needs the form's token too (CSRFError, 400)."""
    if request.method in SAFE or "Authorization" in request.headers:
        return
    # Without anybody signed in, the API answers 401 before anything else.
    if request.path.startswith("/api/") and caller() is None:
        return
    csrf.protect()
