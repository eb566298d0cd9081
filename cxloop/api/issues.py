"""Issues: opened, analysed, dispatched, verified, closed, audited."""

from datetime import datetime
from typing import Any

from flask import Response
from werkzeug.exceptions import NotFound

from ..domain.permissions import Person
from ..operations.guidance import note_read
from ..queries import group, issues, times, trail
from ..schemas import clock_views, views
from ..schemas.acts import Nothing
from . import door
from .blueprint import act_route, get_route, list_route, noun, post_route, question_route, read_route

blueprint = noun("issues", "Issues of the center")
ACTS = (
    "issue.analyse",
    "issue.dispatch",
    "issue.rerate",
    "issue.instruct",
    "issue.confer",
    "issue.brief",
    "issue.set_outside_due",
    "issue.dismiss",
    "issue.merge",
    "verification.record",
    "closure.close",
    "audit.approve",
    "audit.return",
    "issue.reopen",
)


def _one(issue: Any, person: Person, at: datetime) -> Any:
    return issues.find(no=issue.no, person=person, at=at)


def open_issue() -> Response:
    """Open an issue from one or many signals."""
    return door.do(
        "issue.open", None, _one, code=201, headers=lambda shown: {"Location": f"/api/v1/issues/{shown['no']}"}
    )


def timeline(no: str) -> Response:
    """What happened to an issue, oldest first, within the caller's scope."""
    person = door.person()
    if issues.find(no=no, person=person, at=door.now()) is None:
        raise NotFound
    return door.ask({"items": trail.timeline(issue_no=no, person=person)})


def closure_report(no: str) -> Response:
    """The latest closure report of an issue: content, canonical text and digest."""
    return door.ask(group.latest_report(issue_no=no, person=door.person(), at=door.now()))


def read_brief(no: str, n: int) -> Response:
    """Note that the caller has read a brief that was sent to them."""
    person = door.person()
    if not note_read(issue_no=no, n=n, name=person.name, at=door.now()):
        raise NotFound
    return door.ask(issues.find(no=no, person=door.person(), at=door.now()))


list_route(blueprint, issues.LISTING, views.IssueView)
post_route(blueprint, "", "issue.open", views.IssueView, open_issue, takes="issue.open", code=201)
read_route(blueprint, "/<string:no>", "issues.read", views.IssueView, issues.find)
get_route(blueprint, "/<string:no>/timeline", "issues.timeline", views.Timeline, timeline)
read_route(blueprint, "/<string:no>/times", "issues.times", clock_views.IssueTimesView, times.of_issue)
get_route(blueprint, "/<string:no>/closure-report", "issues.closure-report", views.ReportView, closure_report)
for _act in ACTS:
    act_route(blueprint, "/<string:no>", _act, views.IssueView, _one)
question_route(
    blueprint, "/<string:no>/briefs/<number:n>/read", "issues.read-brief", views.IssueView, read_brief, Nothing
)
