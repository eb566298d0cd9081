"""What the acts on clocks take: more time asked for and granted, breaches excused."""

from .fields import Code, Moment, Strict, Text, Whole


class ExtensionRequest(Strict):
    """A later due, and why; `measure` says which, under follow-up."""

    reason = Code(required=True)
    due_at = Moment(required=True)
    text = Text()
    measure = Whole(low=1, allow_none=True)


class ExtensionGrant(Strict):
    """The due asked for, or an earlier one."""

    due_at = Moment(allow_none=True)
    text = Text(allow_none=True)


class PauseRequest(Strict):
    """Until when at the latest, and why."""

    reason = Code(required=True)
    text = Text(required=True)
    until = Moment(required=True)
    measure = Whole(low=1, allow_none=True)


class PauseGrant(Strict):
    """The end asked for, or an earlier one."""

    until = Moment(allow_none=True)
    text = Text(allow_none=True)


class RequestRefuse(Strict):
    """Why not."""

    reason = Text(most=1000, required=True)
    text = Text(allow_none=True)


class ClockResume(Strict):
    """Words that may be there; `measure` says which, under follow-up."""

    text = Text(allow_none=True)
    measure = Whole(low=1, allow_none=True)


class BreachWaive(Strict):
    """Why it is excused; `plan` says which breach of the clock."""

    reason = Code(required=True)
    text = Text(required=True)
    plan = Whole(low=1, allow_none=True)
