"""The words: one catalog a language, read as it is, and which language the reader wants."""

import logging
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from babel.messages.pofile import read_po
from flask import g, has_request_context, request

from .domain.numbers import SHANGHAI

LOCALES = ("zh", "en")
DEFAULT = "zh"
COOKIE = "lang"
UNSAID = "—"
CATALOGS = Path(__file__).parent / "translations"
_log = logging.getLogger(__name__)


class _Filled(dict[str, Any]):
    """Parameters of a wording; one that nobody gave is shown as a dash and logged, for a page must not fail by it."""

    def __missing__(self, name: str) -> str:
        _log.error("wording without its parameter %r: %r", name, sorted(self))
        return UNSAID


def say(key: str, /, **params: Any) -> str:
    """The wording of a key in the reader's language."""
    return say_in(current_locale(), key, **params)


def say_in(locale: str, key: str, /, **params: Any) -> str:
    """The wording of a key in a language. A key nobody worded is logged and shown as a dash, never as itself."""
    text = _catalog(locale).get(key)
    if text is None:
        _log.error("no wording for %r in %r", key, locale)
        return UNSAID
    return text % _Filled({name: _plain(value) for name, value in params.items()}) if "%(" in text else text


def _plain(value: Any) -> Any:
    # No UTC anywhere a person looks: a moment is said as the group's clocks show it.
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else value


def say_count(key: str, /, n: Any, **params: Any) -> str:
    """The wording of a counted thing: `key.one` for one, else `key.other`."""
    return say(f"{key}.one" if str(n) == "1" else f"{key}.other", n=n, **params)


def is_worded(key: str) -> bool:
    """Whether the catalogs know a key."""
    return key in _catalog(DEFAULT)


def current_locale() -> str:
    """The reader's language: asked for in the address, chosen before, the person's own, the browser's, Chinese."""
    if not has_request_context():
        return DEFAULT
    wishes = (asked_locale(), request.cookies.get(COOKIE), g.get("reader_locale"))
    for wish in wishes:
        if wish in LOCALES:
            return str(wish)
    return request.accept_languages.best_match(LOCALES, default=DEFAULT) or DEFAULT


def asked_locale() -> str | None:
    """The language that the address asks for by `?lang=`, if it is one of ours."""
    wish = request.args.get(COOKIE)
    return wish if wish in LOCALES else None


@cache
def _catalog(locale: str) -> dict[str, str]:
    path = CATALOGS / locale / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file, locale=locale) if message.id}
