"""What goes out, as the API documents it. The views themselves are made by the questions."""

from functools import cache
from typing import Any

from marshmallow import Schema, fields

from ..domain.contacts import ContactState
from ..domain.vocabulary import Duty, IssueState, MeasureKind, MeasureState, ReportState, SignalState, TaskState


def a_code(known: Any) -> fields.String:
    """A text that is one of these codes."""
    return fields.String(metadata={"enum": [str(code) for code in known]})


def a_moment() -> fields.String:
    """A moment, or none."""
    return fields.String(allow_none=True, metadata={"format": "date-time"})


def a_text() -> fields.String:
    """A text, or none."""
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
    state = a_code(SignalState)
    source = fields.String()
    external_id = a_text()
    channel = fields.String()
    title = a_text()
    text = fields.String()
    urgency = fields.String()
    occurred_at = a_moment()
    unit = a_text()
    touchpoint = a_text()
    product = a_text()
    score = fields.Dict(allow_none=True)
    contact = fields.Dict(allow_none=True)
    issue = a_text()
    reason = a_text()
    completion = a_text()
    answer = fields.Dict(allow_none=True)
    contact_state = a_code(ContactState)
    tries = fields.List(fields.Dict())
    same_customer = fields.List(fields.String())
    registered_by = fields.String()
    registered_at = a_moment()


class MeasureView(Living):
    """A measure of a task."""

    task = fields.String()
    n = fields.Integer()
    state = a_code(MeasureState)
    kind = a_code(MeasureKind)
    text = fields.String()
    handler = a_text()
    agreed_at = a_moment()
    due_at = a_moment()
    overdue = fields.Boolean()
    done_at = a_moment()
    done_by = a_text()
    evidence = a_text()
    confirmed_at = a_moment()
    confirmed_by = a_text()


class TaskView(Living):
    """A task; its list form lacks measures, feedback, declined, requests, contacts and after."""

    no = fields.String()
    issue = fields.String()
    issue_title = fields.String()
    severity = fields.Integer()
    state = a_code(TaskState)
    unit = fields.String()
    dispatcher = fields.String()
    parent = a_text()
    duty = a_code(Duty)
    title = fields.String()
    wanted = fields.String()
    criterion = a_text()
    contact_wanted = fields.Boolean()
    repeats = fields.Integer()
    cycle = fields.Integer()
    wave = fields.Integer()
    handler = a_text()
    dispatched_at = a_moment()
    decline_until = a_moment()
    signed_at = a_moment()
    signed_by = a_text()
    deemed = fields.Boolean()
    binding = fields.Boolean()
    declines = fields.Integer()
    send_backs = fields.Integer()
    submitted_by = a_text()
    submitted_at = a_moment()
    accepted_at = a_moment()
    quality = fields.Integer(allow_none=True)
    cause = a_text()
    liability = a_text()
    due_at = a_moment()
    overdue = fields.Boolean()
    supervision = fields.Dict(allow_none=True)
    measures = fields.List(fields.Nested(MeasureView))
    feedback = fields.List(fields.Dict())
    declined = fields.List(fields.Dict())
    requests = fields.List(fields.Dict())
    contacts = fields.List(fields.Dict())
    after = fields.List(fields.String())


class AppealView(Schema):
    """What a unit contests, and what was decided."""

    id = fields.Integer()
    issue = fields.String()
    task = a_text()
    unit = fields.String()
    matter = fields.String()
    ref = fields.String()
    text = fields.String()
    by = fields.String()
    at = a_moment()
    decision = a_text()
    decided_by = a_text()
    decided_at = a_moment()
    decision_text = a_text()
    acts = fields.List(fields.String())


class IssueView(Living):
    """An issue; its list form lacks tasks, signals, callbacks, copies and verifications."""

    no = fields.String()
    state = a_code(IssueState)
    title = fields.String()
    description = fields.String()
    channel = fields.String()
    severity = fields.Integer()
    urgency = fields.String()
    cycle = fields.Integer()
    waves = fields.Integer()
    joint = fields.Boolean()
    analyst = a_text()
    category = a_text()
    touchpoint = a_text()
    product = a_text()
    reach = fields.Integer(allow_none=True)
    opened_by = fields.String()
    opened_at = a_moment()
    wait_until = a_moment()
    merged_into = a_text()
    dismiss_reason = a_text()
    closed_at = a_moment()
    closed_by = a_text()
    review_at = a_moment()
    due_at = a_moment()
    overdue = fields.Boolean()
    root_cause = fields.Dict(allow_none=True)
    cause = fields.Dict(allow_none=True)
    effect = fields.Dict(allow_none=True)
    tasks = fields.List(fields.Nested(TaskView))
    signals = fields.List(fields.String())
    callbacks = fields.Dict()
    copies = fields.List(fields.String())
    verifications = fields.List(fields.Dict())
    instructions = fields.List(fields.Dict())
    conferences = fields.List(fields.Dict())
    briefs = fields.List(fields.Dict())
    outside_due = fields.Dict(allow_none=True)


class UnitView(Schema):
    """A unit of the group."""

    code = fields.String()
    name = fields.String()
    name_en = fields.String()
    short = fields.String()
    kind = fields.String()
    parent = a_text()
    calendar = fields.String()
    owns = fields.String()
    sign_off = a_text()
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
    stands_in = fields.List(fields.Dict())


class DutyView(Schema):
    """One person on duty on one date."""

    day = fields.Date()
    user = fields.String()
    display_name = fields.String()
    phone = a_text()


class DutyList(Schema):
    """A stretch of a unit's roster."""

    items = fields.List(fields.Nested(DutyView))


class MeView(UserView):
    """The caller; to a browser's session also the token that its writes must carry."""

    csrf_token = fields.String()


class ReportView(Schema):
    """A closure report; its list form lacks content and canonical text."""

    no = fields.String()
    issue = fields.String()
    state = a_code(ReportState)
    version = fields.Integer()
    cycle = fields.Integer()
    closed_by = fields.String()
    closed_at = a_moment()
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
    at = a_moment()
    origin = fields.String()
    said = fields.Dict()
    changes = fields.List(fields.Dict())
    prev = fields.String()
    hash = fields.String()


class Due(Schema):
    """A due time."""

    due_at = a_moment()
    provisional = fields.Boolean()


class Worked(Schema):
    """Working time between two moments."""

    hours = fields.Float()


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


class Timeline(Schema):
    """What happened, oldest first."""

    items = fields.List(fields.Nested(EntryView))
