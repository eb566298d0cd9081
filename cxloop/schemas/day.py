"""What a unit's working day takes: handing down, asking, signing off, doing again, what guides it."""

from ..domain.vocabulary import CONTESTABLE
from .fields import Code, Many, Moment, OneOf, Part, Strict, Text, Truth, Whole


class SplitTask(Strict):
    """One unit's share of a task."""

    unit = Code(required=True)
    title = Text(most=200, required=True)
    wanted = Text(required=True)
    criterion = Text(allow_none=True)
    contact_wanted = Truth(allow_none=True)


class TaskSplit(Strict):
    """The shares, all or none."""

    tasks = Many(Part(SplitTask), most=99, least=1, required=True)


class TransferRequest(Strict):
    """Why it is not ours, with proof, and whose it is."""

    reason = Code(required=True)
    text = Text(required=True)
    proof = Text(allow_none=True)
    unit = Code(allow_none=True)


class TransferGrant(Strict):
    """Where it goes, if not where it was proposed."""

    unit = Code(allow_none=True)
    text = Text(allow_none=True)


class ProgressReport(Strict):
    """A word on the way, and when the next one comes."""

    text = Text(required=True)
    next_at = Moment(allow_none=True)


class TaskAsk(Strict):
    """A question."""

    text = Text(required=True)


class TaskAnswer(Strict):
    """An answer; `question` says to which."""

    text = Text(required=True)
    question = Whole(low=1, allow_none=True)


class TaskRedo(Strict):
    """By whose fault, and what is wanted now."""

    reason = Code(required=True)
    text = Text(required=True)


class TaskAdjudicate(Strict):
    """Where it goes, and what that rests on: `instruction.1`, `conference.2`."""

    unit = Code(required=True)
    text = Text(allow_none=True)
    cites = Code(allow_none=True)


class IssueInstruct(Strict):
    """A leader's instruction: the office and its words."""

    office = Text(most=100, line=True, required=True)
    text = Text(required=True)
    given_at = Moment(allow_none=True)


class IssueConfer(Strict):
    """A conference: which units, what was said and decided."""

    units = Many(Code(), most=100, least=1, required=True)
    minutes = Text(required=True)
    decisions = Text(required=True)
    held_at = Moment(allow_none=True)


class IssueBrief(Strict):
    """What the front line says, what only colleagues know, to whom, and until when it holds."""

    text = Text(required=True)
    internal = Text(allow_none=True)
    units = Many(Code(), most=100)
    valid_until = Moment(required=True)


class OutsideDue(Strict):
    """Who waits outside, under which number, until when; nothing: nobody any more."""

    due_at = Moment(allow_none=True)
    who = Text(most=100, line=True, allow_none=True)
    number = Text(most=100, line=True, allow_none=True)


class AppealFile(Strict):
    """What is contested, and why; `clock` and `plan`, or `feedback`, say which where there are several."""

    matter = OneOf(CONTESTABLE, required=True)
    text = Text(required=True)
    clock = Whole(low=1, allow_none=True)
    plan = Whole(low=1, allow_none=True)
    feedback = Whole(low=1, allow_none=True)


class AppealUphold(Strict):
    """Why the unit is right; for a breach also the reason that excuses it."""

    text = Text(required=True)
    reason = Code(allow_none=True)


class AppealRefuse(Strict):
    """Why it stands."""

    text = Text(required=True)
