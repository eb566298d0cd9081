"""What goes out, as the API documents it. The views themselves are made by the questions."""

from functools import cache
from typing import Any

from marshmallow import Schema, fields

from ..domain.clocks import KINDS, STATES
from ..domain.vocabulary import Duty, IssueState, MeasureKind, MeasureState, ReportState, SignalState, TaskState


def _codes(known: Any) -> fields.String:
    return fields.String(metadata={"enum": [str(code) for code in known]})


def _moment() -> fields.String:
    return fields.String(allow_none=True, metadata={"format": "date-time"})


def _text() -> fields.String:
    return fields.String(allow_none=True)


class Problem(Schema):
    """RFC 9457: what was refused, and why."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))
    state = fields.String()
    allowed = fields.List(fields.String())
    version = fields.Integer()


class Living(Schema):
    """An object with a life: its version, and what the caller may do with it now."""

    version = fields.Integer()
    acts = fields.List(fields.String())


class SignalView(Living):
    """A customer's voice; personal data masked."""

    no = fields.String()
    state = _codes(SignalState)
    source = fields.String()
    external_id = _text()
    channel = fields.String()
    title = _text()
    text = fields.String()
    urgency = fields.String()
    occurred_at = _moment()
    unit = _text()
    touchpoint = _text()
    product = _text()
    score = fields.Dict(allow_none=True)
    contact = fields.Dict(allow_none=True)
    issue = _text()
    reason = _text()
    completion = _text()
    registered_by = fields.String()
    registered_at = _moment()


class MeasureView(Living):
    """A measure of a task."""

    task = fields.String()
    n = fields.Integer()
    state = _codes(MeasureState)
    kind = _codes(MeasureKind)
    text = fields.String()
    handler = _text()
    agreed_at = _moment()
    due_at = _moment()
    overdue = fields.Boolean()
    done_at = _moment()
    done_by = _text()
    evidence = _text()
    confirmed_at = _moment()
    confirmed_by = _text()


class TaskView(Living):
    """A task; its list form lacks measures, feedback, declined, requests and after."""

    no = fields.String()
    issue = fields.String()
    issue_title = fields.String()
    severity = fields.Integer()
    state = _codes(TaskState)
    unit = fields.String()
    dispatcher = fields.String()
    parent = _text()
    duty = _codes(Duty)
    title = fields.String()
    wanted = fields.String()
    criterion = _text()
    cycle = fields.Integer()
    wave = fields.Integer()
    handler = _text()
    dispatched_at = _moment()
    decline_until = _moment()
    signed_at = _moment()
    signed_by = _text()
    deemed = fields.Boolean()
    binding = fields.Boolean()
    declines = fields.Integer()
    send_backs = fields.Integer()
    submitted_by = _text()
    submitted_at = _moment()
    accepted_at = _moment()
    quality = fields.Integer(allow_none=True)
    cause = _text()
    liability = _text()
    due_at = _moment()
    overdue = fields.Boolean()
    supervision = fields.Dict(allow_none=True)
    measures = fields.List(fields.Nested(MeasureView))
    feedback = fields.List(fields.Dict())
    declined = fields.List(fields.Dict())
    requests = fields.List(fields.Dict())
    after = fields.List(fields.String())


class IssueView(Living):
    """An issue; its list form lacks tasks, signals, copies and verifications."""

    no = fields.String()
    state = _codes(IssueState)
    title = fields.String()
    description = fields.String()
    channel = fields.String()
    severity = fields.Integer()
    urgency = fields.String()
    cycle = fields.Integer()
    waves = fields.Integer()
    joint = fields.Boolean()
    analyst = _text()
    category = _text()
    touchpoint = _text()
    product = _text()
    reach = fields.Integer(allow_none=True)
    opened_by = fields.String()
    opened_at = _moment()
    wait_until = _moment()
    merged_into = _text()
    dismiss_reason = _text()
    closed_at = _moment()
    closed_by = _text()
    review_at = _moment()
    due_at = _moment()
    overdue = fields.Boolean()
    root_cause = fields.Dict(allow_none=True)
    cause = fields.Dict(allow_none=True)
    effect = fields.Dict(allow_none=True)
    tasks = fields.List(fields.Nested(TaskView))
    signals = fields.List(fields.String())
    copies = fields.List(fields.String())
    verifications = fields.List(fields.Dict())


class ClockView(Schema):
    """A clock; its list form lacks plans, spans, rungs and breaches."""

    id = fields.Integer()
    subject = fields.String()
    kind = _codes(KINDS)
    cycle = fields.Integer()
    severity = fields.Integer()
    owner = fields.String()
    holder = fields.String()
    state = _codes(STATES)
    target = fields.String()
    calendar = fields.String()
    calendar_revision = fields.Integer()
    national_revision = fields.Integer()
    policy_version = fields.Integer()
    started_at = _moment()
    due_at = _moment()
    provisional = fields.Boolean()
    overdue = fields.Boolean()
    stopped_at = _moment()
    ended_at = _moment()
    overrun = fields.Integer(allow_none=True, metadata={"description": "seconds of working time"})
    plans = fields.List(fields.Dict())
    spans = fields.List(fields.Dict())
    rungs = fields.List(fields.Dict())
    breaches = fields.List(fields.Dict())


class UnitView(Schema):
    """A unit of the group."""

    code = fields.String()
    name = fields.String()
    name_en = fields.String()
    short = fields.String()
    kind = fields.String()
    parent = _text()
    calendar = fields.String()
    owns = fields.String()
    active = fields.Boolean()
    version = fields.Integer()


class UserView(Schema):
    """A person, without anything secret."""

    name = fields.String()
    display_name = fields.String()
    display_name_en = fields.String()
    locale = fields.String()
    active = fields.Boolean()
    version = fields.Integer()
    memberships = fields.List(fields.Dict())


class MeView(UserView):
    """The caller; to a browser's session also the token that its writes must carry."""

    csrf_token = fields.String()


class ReportView(Schema):
    """A closure report; its list form lacks content and canonical text."""

    no = fields.String()
    issue = fields.String()
    state = _codes(ReportState)
    version = fields.Integer()
    cycle = fields.Integer()
    closed_by = fields.String()
    closed_at = _moment()
    drawn = fields.Boolean()
    drawn_why = fields.String()
    drawn_roll = fields.Integer(allow_none=True)
    sha256 = fields.String()
    opinions = fields.List(fields.Dict())
    content = fields.Dict()
    canonical = fields.String()


class EntryView(Schema):
    """An entry of the trail."""

    id = fields.Integer()
    chain = fields.Dict()
    seq = fields.Integer()
    act_id = fields.String()
    act = fields.String()
    subject = fields.String()
    actor = fields.Dict()
    at = _moment()
    origin = fields.String()
    said = fields.Dict()
    changes = fields.List(fields.Dict())
    prev = fields.String()
    hash = fields.String()


class Due(Schema):
    """A due time."""

    due_at = _moment()
    provisional = fields.Boolean()


class Worked(Schema):
    """Working time between two moments."""

    hours = fields.Float()


class StepView(Schema):
    """A step of why something is due when: its sentence, and what it says as data. Times in seconds of working time."""

    step = fields.String()
    text = fields.String(metadata={"description": "the step in the caller's words, in the calendar's wall time"})
    at = _moment()
    to = _moment()
    seconds = fields.Integer()
    holder = _text()
    due_at = _moment()
    due_before = _moment()
    consumed = fields.Integer()
    left = fields.Integer()
    left_before = fields.Integer()
    days = fields.List(fields.Dict())


class PreviewView(Schema):
    """What would be due when; seconds of working time. Without a due it is still paused."""

    due_at = _moment()
    provisional = fields.Boolean()
    worked = fields.Integer()
    left = fields.Integer(metadata={"description": "negative past the due"})
    breached = fields.Boolean()
    rungs = fields.List(fields.Dict())
    why = fields.List(fields.Nested(StepView))


class Imported(Schema):
    """What became of a file."""

    imported = fields.Integer()
    duplicates = fields.Integer()
    errors = fields.List(fields.Dict())


class Revealed(Schema):
    """A customer's personal data, shown once."""

    no = fields.String()
    contact = fields.Dict()


@cache
def page_of(schema: type[Schema]) -> type[Schema]:
    """The schema of a page of these."""
    return Schema.from_dict(
        {
            "items": fields.List(fields.Nested(schema)),
            "total": fields.Integer(),
            "page": fields.Integer(),
            "page_size": fields.Integer(),
        },
        name=f"{schema.__name__}Page",
    )


class ClockList(Schema):
    """The clocks of one task."""

    items = fields.List(fields.Nested(ClockView))


class Timeline(Schema):
    """What happened, oldest first."""

    items = fields.List(fields.Nested(EntryView))
