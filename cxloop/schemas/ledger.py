"""What the taking over of a ledger's row takes."""

from ..domain.vocabulary import Duty, TaskState
from .fields import Code, Moment, OneOf, Strict, Text, Whole

NUMBER, TITLE = 120, 200


class IssueTakeOver(Strict):
    """One open item of a ledger 台账: its number there, whose it is, and the due that it was given."""

    source = Code(required=True)
    number = Code(most=NUMBER, required=True)
    title = Text(most=TITLE, required=True)
    description = Text(required=True)
    channel = Code(required=True)
    severity = Whole(low=1, high=4, allow_none=True)
    category = Code(allow_none=True)
    unit = Code(required=True)
    duty = OneOf((Duty.MAIN, Duty.SEPARATE), allow_none=True)
    original_due = Moment(required=True)
    state = OneOf((TaskState.DISPATCHED, TaskState.WORKING), allow_none=True)
    handler = Code(allow_none=True)
    note = Text(allow_none=True)
    note_at = Moment(allow_none=True)
