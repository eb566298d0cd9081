"""Issues as people read them: the list, and one with its tasks, clocks and what happened."""

from flask import abort, request

from ..domain.vocabulary import IssueState
from ..queries import issues, pages, trail
from .desk import desk, me, now, page, sees_work
from .labels import Names, actors_of
from .paging import Paging

SORTS = ("newest", "due", "severity")
SHOWN = ("open", "overdue", "supervised", "mine")


@desk.get("/issues")
def issue_list() -> str:
    """The issues that the reader sees, pressing ones on top; filters are in the address."""
    if not sees_work():
        return page("admin.html")
    person, at = me().person, now()
    found = pages.issue_page(person=person, at=at, wishes=request.args)
    numbers = [row["no"] for row in found.items]
    names = Names(found.items)
    return page(
        "issues/list.html",
        rows=found.items,
        dues=pages.issue_dues(rows=found.items, person=person, at=at),
        supervised=pages.supervised_issues(numbers=numbers, person=person),
        counts=pages.task_counts(numbers=numbers, person=person),
        paging=Paging(found.total, found.page, found.page_size),
        names=names,
        states=list(IssueState),
        units=names.units_by_kind(None if person.reads_all() else person.unit_paths()),
        shown=SHOWN if person.is_center() else SHOWN[:-1],
        sorts=SORTS,
    )


@desk.get("/issues/<no>")
def issue(no: str) -> str:
    """One issue; 404 for what there is not and for what is not the reader's to see."""
    person, at = me().person, now()
    found = issues.find(no=no, person=person, at=at)
    if found is None:
        abort(404)
    timeline = trail.timeline(issue_no=no, person=person)
    return page(
        "issues/one.html",
        issue=found,
        due=pages.issue_dues(rows=[found], person=person, at=at).get(no),
        dues=pages.task_dues(rows=found["tasks"], person=person, at=at),
        clocks=pages.clocks_of(no=no, person=person, at=at),
        timeline=timeline[::-1],
        names=Names(found, actors_of(timeline)),
    )
