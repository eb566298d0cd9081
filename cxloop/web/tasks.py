"""Tasks as people read them: the list they work from, and one with its answers, measures and clocks."""

from flask import abort, request

from ..domain.numbers import issue_of
from ..domain.vocabulary import TaskState
from ..queries import pages, tasks, trail
from .desk import desk, me, now, page, sees_work
from .labels import Names, actors_of
from .paging import Paging

SORTS = ("due", "newest", "no")
SHOWN = ("open", "overdue", "supervised", "mine")


@desk.get("/tasks")
def task_list() -> str:
    """The tasks that the reader sees: supervised ones on top, then by due; filters are in the address."""
    if not sees_work():
        return page("admin.html")
    person, at = me().person, now()
    found = pages.task_page(person=person, at=at, wishes=request.args)
    names = Names(found.items)
    return page(
        "tasks/list.html",
        rows=found.items,
        dues=pages.task_dues(rows=found.items, person=person, at=at),
        paging=Paging(found.total, found.page, found.page_size),
        names=names,
        states=list(TaskState),
        units=names.units_by_kind(None if person.reads_all() else person.unit_paths()),
        shown=SHOWN[:-1] if person.reads_all() else SHOWN,
        sorts=SORTS,
    )


@desk.get("/tasks/<no>")
def task(no: str) -> str:
    """One task; 404 for what there is not and for what is not the reader's to see."""
    person, at = me().person, now()
    found = tasks.find(no=no, person=person, at=at)
    if found is None:
        abort(404)
    told = trail.timeline(issue_no=issue_of(no=no), person=person)
    timeline = [entry for entry in told if entry["subject"].split("/")[0] == no][::-1]
    return page(
        "tasks/one.html",
        task=found,
        due=pages.task_dues(rows=[found], person=person, at=at).get(no),
        clocks=pages.clocks_of(no=no, person=person, at=at),
        timeline=timeline,
        names=Names(found, actors_of(timeline)),
    )
