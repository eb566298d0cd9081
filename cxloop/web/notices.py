"""Notices: what a person should know, unread first, worded in the reader's language when it is read."""

from flask import abort, redirect, request, url_for
from werkzeug.wrappers import Response

from ..domain.numbers import issue_of
from ..models.notice import Notice
from ..operations.notices import mark_read
from ..queries import pages
from .desk import desk, me, now, page
from .labels import Names, notice_text
from .paging import Paging


@desk.get("/notices")
def notice_list() -> str:
    """A page of the reader's own notices."""
    rows, total, number = pages.notice_page(name=me().name, page=request.args.get("page", ""), at=now())
    names = Names()
    seen = pages.seen_numbers(numbers=[_number(row) for row in rows], person=me().person)
    told = [(row, notice_text(row.code, row.subject, row.params or {}, names), _place(row, seen)) for row in rows]
    return page("notices/list.html", told=told, paging=Paging(total, number, pages.PER_PAGE))


@desk.post("/notices/read")
def notices_read() -> Response:
    """Note one notice as read, or all of the reader's."""
    wanted = request.form.get("id", "")
    if wanted and not (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
        abort(404)
    mark_read(name=me().name, at=now(), id_=int(wanted) if wanted else None)
    return redirect(url_for("desk.notice_list"), 303)


def _number(notice: Notice) -> str:
    """The task or issue that a notice speaks of; measures are on their task's page, reports on their issue's."""
    number = notice.subject.split("/")[0]
    return number if "-T" in number or not number.startswith("CX-") else issue_of(no=number)


def _place(notice: Notice, seen: set[str]) -> str | None:
    """The page that a notice speaks of; none for what the reader sees no more: the task went to another unit."""
    number = _number(notice)
    if number not in seen:
        return None
    return url_for("desk.task" if "-T" in number else "desk.issue", no=number)
