"""Clocks as they go out: their rows, why they are due when they are, and what would be due when."""

from marshmallow import Schema, fields

from ..domain.clocks import KINDS, REQUESTS, RUNG_STATES, STATES
from .views import a_code, a_moment, a_text


class PlanView(Schema):
    """A stated due time, and by which act it came to be."""

    n = fields.Integer()
    at = a_moment()
    due_at = a_moment()
    why = fields.String()
    act = fields.String()
    target = fields.String()
    calendar = fields.String()
    calendar_revision = fields.Integer()
    national_revision = fields.Integer()
    policy_version = fields.Integer()
    consumed = fields.Integer(metadata={"description": "seconds run before it"})
    remaining = fields.Integer(allow_none=True, metadata={"description": "seconds left from it on"})


class SpanView(Schema):
    """A stretch in one state and on one holder's account."""

    n = fields.Integer()
    state = fields.String()
    holder = fields.String()
    from_at = a_moment()
    to_at = a_moment()


class RungView(Schema):
    """A moment at which something is said."""

    plan = fields.Integer()
    code = fields.String()
    moment = a_moment()
    state = a_code(RUNG_STATES)
    fired_at = a_moment()
    late = fields.Boolean()


class WaiverView(Schema):
    """Why a breach is excused, and by whom."""

    reason = fields.String()
    text = fields.String()
    by = fields.String()
    at = a_moment()


class BreachView(Schema):
    """A due time that passed; `cause` where it is on another's account: undecided, rerated."""

    plan = fields.Integer()
    at = a_moment()
    due_at = a_moment()
    policy_version = fields.Integer()
    holder = fields.String()
    cause = a_text()
    waiver = fields.Nested(WaiverView, allow_none=True)


class AskedView(Schema):
    """What a unit asked for on a clock, and what was decided."""

    n = fields.Integer()
    kind = a_code(REQUESTS)
    reason = fields.String()
    text = fields.String()
    wanted_at = a_moment()
    granted_at = a_moment()
    by = fields.String()
    at = a_moment()
    decision = a_text()
    decided_by = a_text()
    decided_at = a_moment()
    decision_text = a_text()


class ClockView(Schema):
    """A clock; its list form lacks plans, spans, rungs, breaches and requests. Lengths are seconds of working time."""

    id = fields.Integer()
    subject = fields.String()
    kind = a_code(KINDS)
    cycle = fields.Integer()
    severity = fields.Integer()
    owner = fields.String()
    holder = fields.String()
    state = a_code(STATES)
    target = fields.String()
    calendar = fields.String()
    calendar_revision = fields.Integer()
    national_revision = fields.Integer()
    policy_version = fields.Integer()
    started_at = a_moment()
    due_at = fields.String(allow_none=True, metadata={"format": "date-time", "description": "none while it is paused"})
    original_due_at = fields.String(
        allow_none=True, metadata={"format": "date-time", "description": "what was promised first, whatever came later"}
    )
    provisional = fields.Boolean()
    overdue = fields.Boolean()
    remaining = fields.Integer(allow_none=True, metadata={"description": "what is left while it is paused"})
    pause_until = a_moment()
    paused = fields.Integer(metadata={"description": "how long it was paused so far"})
    extensions = fields.Integer(metadata={"description": "how often it was extended"})
    stopped_at = a_moment()
    ended_at = a_moment()
    overrun = fields.Integer(allow_none=True)
    plans = fields.List(fields.Nested(PlanView))
    spans = fields.List(fields.Nested(SpanView))
    rungs = fields.List(fields.Nested(RungView))
    breaches = fields.List(fields.Nested(BreachView))
    requests = fields.List(fields.Nested(AskedView))


class StepView(Schema):
    """A step of why something is due when: its sentence, and what it says as data. Times in seconds of working time."""

    step = fields.String()
    text = fields.String(metadata={"description": "the step in the caller's words, in the calendar's wall time"})
    at = a_moment()
    to = a_moment()
    seconds = fields.Integer()
    holder = a_text()
    due_at = a_moment()
    due_before = a_moment()
    consumed = fields.Integer()
    left = fields.Integer()
    left_before = fields.Integer()
    days = fields.List(fields.Dict())


class WhyView(Schema):
    """Why a clock is due when it is."""

    id = fields.Integer()
    subject = fields.String()
    kind = a_code(KINDS)
    cycle = fields.Integer()
    state = a_code(STATES)
    due_at = a_moment()
    remaining = fields.Integer(allow_none=True)
    provisional = fields.Boolean()
    why = fields.List(fields.Nested(StepView))


class PreviewView(Schema):
    """What would be due when; seconds of working time. Without a due it is still paused."""

    due_at = a_moment()
    provisional = fields.Boolean()
    worked = fields.Integer()
    left = fields.Integer(metadata={"description": "negative past the due"})
    breached = fields.Boolean()
    rungs = fields.List(fields.Dict())
    why = fields.List(fields.Nested(StepView))


class ClockList(Schema):
    """The clocks of one task."""

    items = fields.List(fields.Nested(ClockView))


class PartView(Schema):
    """A part of a whole: whose it was, in seconds of working time and as a share."""

    stage = fields.String()
    state = fields.String()
    holder = fields.String()
    unit = fields.String()
    seconds = fields.Integer()
    share = fields.Float()


class TaskTimesView(Schema):
    """A task while it lay with one unit; the parts add up to `seconds`, in that unit's calendar."""

    no = fields.String()
    unit = fields.String()
    cycle = fields.Integer()
    state = a_code(STATES)
    calendar = fields.String()
    since = fields.String(data_key="from", metadata={"format": "date-time"})
    to = a_moment()
    seconds = fields.Integer()
    parts = fields.List(fields.Nested(PartView))


class IssueTimesView(Schema):
    """Whose time an issue took; by stage and by holder it adds up to `seconds`. Units see holders only."""

    no = fields.String()
    calendar = fields.String()
    calendar_revision = fields.Integer()
    national_revision = fields.Integer()
    since = fields.String(data_key="from", metadata={"format": "date-time"})
    to = a_moment()
    over = fields.Boolean()
    seconds = fields.Integer()
    by_holder = fields.List(fields.Nested(PartView))
    by_stage = fields.List(fields.Nested(PartView))
    by_unit = fields.List(fields.Nested(PartView), metadata={"description": "side by side: these overlap"})
    stretches = fields.List(fields.Dict())
    tasks = fields.List(fields.Nested(TaskTimesView))


class KindTimesView(Schema):
    """A unit's clocks of one kind: working time, and what became of those that ended in the period."""

    kind = a_code(KINDS)
    clocks = fields.Integer()
    seconds = fields.Integer(metadata={"description": "own + others + stopped + paused"})
    own = fields.Integer()
    others = fields.Integer(metadata={"description": "running on another's account"})
    stopped = fields.Integer()
    paused = fields.Integer()
    ended = fields.Integer(metadata={"description": "on_time + late + late_others"})
    on_time = fields.Integer()
    late = fields.Integer()
    late_others = fields.Integer(metadata={"description": "late on another's account"})
    waived = fields.Integer(metadata={"description": "of the late ones, how many are excused"})


class UnitTimesView(Schema):
    """A unit's time over a period, by kind of clock."""

    unit = fields.String()
    since = fields.String(data_key="from", metadata={"format": "date-time"})
    to = a_moment()
    by_kind = fields.List(fields.Nested(KindTimesView))
