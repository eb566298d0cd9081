"""What closing and auditing take."""

from .fields import Code, Many, Part, Strict, Text, Whole


class Cause(Strict):
    """A root cause: its class and what it is."""

    class_ = Code(required=True, data_key="class", attribute="class")
    text = Text(required=True)


class LiabilityRow(Strict):
    """Who answers for it."""

    unit = Code(required=True)
    code = Code(required=True)


class ControlRow(Strict):
    """A check left behind."""

    unit = Code(required=True)
    item = Text(most=500, required=True)
    rounds = Whole(low=1, high=120, required=True)


class ClosureClose(Strict):
    """What closing takes."""

    summary = Text(required=True)
    cause = Part(Cause, required=True)
    liability = Many(Part(LiabilityRow))
    controls = Many(Part(ControlRow), most=200)
    no_controls_reason = Text(allow_none=True)
    answers = Many(Text(), most=50)
    reason = Text(most=1000, allow_none=True)


class AuditApprove(Strict):
    """The audit agrees."""

    opinion = Text(required=True)


class AuditReturn(Strict):
    """The audit's findings."""

    findings = Many(Text(), most=50, least=1, required=True)
