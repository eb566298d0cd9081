"""Addresses: where to go after signing in, and this page again with something changed."""

import re
from urllib.parse import quote, urlencode

from flask import request

from .. import wording

# Our own paths are plain: no second slash, backslash, percent sign or `@` can lead elsewhere. Queries are encoded.
_OWN = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*/?(?:\?[A-Za-z0-9_.~=&%+,:-]*)?", re.ASCII)
LONGEST = 2000


def safe_next(target: str | None) -> str | None:
    """The target if it is a relative path of our own, else None; anything in doubt is None."""
    if not target or not target.startswith("/") or len(target) > LONGEST or not _OWN.fullmatch(target):
        return None
    return target


def here() -> str:
    """This page's path and query, fit for `next`."""
    query = request.query_string.decode("ascii", "ignore")
    path = quote(request.path)
    return f"{path}?{query}" if query else path


def with_changes(**changes: str | int | None) -> str:
    """This page's address with some parameters changed; None takes one away. For a page we do not have, the home."""
    if request.endpoint is None or request.method != "GET":
        path, given = "/", {}
    else:
        path, given = request.path, request.args.to_dict()
    # The choice of a language lasts; it needs no place in further links.
    given.pop(wording.COOKIE, None)
    wanted = {**given, **{name: None if value is None else str(value) for name, value in changes.items()}}
    query = urlencode({name: value for name, value in wanted.items() if value})
    return f"{path}?{query}" if query else path
