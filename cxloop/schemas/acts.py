"""What each act takes: one schema an act, shared by the API, the replay and the pages."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema

from ..domain.vocabulary import Duty, MeasureKind, Outcome, Verdict
from . import calendars
from .closing import AuditApprove, AuditReturn, Cause, ClosureClose
from .customer import SignalAnswer, SignalContact, SignalReveal
from .day import (
    AppealFile,
    AppealRefuse,
    AppealUphold,
    IssueBrief,
    IssueConfer,
    IssueInstruct,
    OutsideDue,
    ProgressReport,
    TaskAdjudicate,
    TaskAnswer,
    TaskAsk,
    TaskRedo,
    TaskSplit,
    TransferGrant,
    TransferRequest,
)
from .fields import NAME, Code, Figure, Many, Moment, OneOf, Part, Strict, Text, Truth, Whole
from .group import (
    CalendarPublish,
    DelegationEnd,
    DelegationSet,
    PasswordSet,
    PolicyApply,
    PolicyPublish,
    TokenRevoke,
    UnitAdd,
    UnitDuty,
    UnitSignOff,
    UserAdd,
)
from .ledger import IssueTakeOver
from .time import BreachWaive, ClockResume, ExtensionGrant, ExtensionRequest, PauseGrant, PauseRequest, RequestRefuse

TITLE = 200
SEVERITY = {"low": 1, "high": 4}


class Nothing(Strict):
    """An act that takes nothing."""


class Contact(Strict):
    """A customer's personal data."""

    name = Text(most=NAME, line=True, allow_none=True)
    phone = Text(most=40, line=True, allow_none=True)
    account = Text(most=80, line=True, allow_none=True)


class Score(Strict):
    """A survey's score."""

    kind = OneOf(("nps", "csat", "ces"), required=True)
    value = Figure(required=True)


class SignalFields(Strict):
    """One customer's voice."""

    source = Code(required=True)
    external_id = Code(most=120, allow_none=True)
    channel = Code(required=True)
    text = Text(required=True)
    title = Text(most=TITLE, allow_none=True)
    urgency = Code(allow_none=True)
    occurred_at = Moment(allow_none=True)
    unit = Code(allow_none=True)
    touchpoint = Code(allow_none=True)
    product = Code(allow_none=True)
    contact = Part(Contact, allow_none=True)
    score = Part(Score, allow_none=True)


class ImportRow(Strict):
    """One row of a file, as read: its fields."""

    row = Whole(low=1, required=True)
    fields_ = Part(SignalFields, required=True, data_key="fields", attribute="fields")


class SignalImport(Strict):
    """The rows of a file that was read already (the replay's form of an import)."""

    rows = Many(Part(ImportRow), most=100_000, required=True)
    strict = Truth()


class SignalLink(Strict):
    """Which issue."""

    issue = Code(required=True)


class ReasonText(Strict):
    """A reason code, and words."""

    reason = Code(required=True)
    text = Text(allow_none=True)


class Wording(Strict):
    """Words that must be there."""

    text = Text(required=True)


class WordsMaybe(Strict):
    """Words that may be there."""

    text = Text(allow_none=True)


class IssueOpen(Strict):
    """A new issue."""

    title = Text(most=TITLE, required=True)
    description = Text(required=True)
    channel = Code(required=True)
    severity = Whole(**SEVERITY, allow_none=True)
    urgency = Code()
    signals = Many(Code(), most=1000)


class Measured(Strict):
    """A figure and the sample or population behind it."""

    value = Figure(required=True)
    n = Whole(low=1, required=True)


class Effect(Strict):
    """How one will know that the customers feel it."""

    metric = Text(most=TITLE, required=True)
    baseline = Part(Measured, required=True)
    target = Figure(required=True)
    window_days = Whole(low=1, high=400, required=True)


class IssueAnalyse(Strict):
    """Any part of the analysis."""

    severity = Whole(**SEVERITY, allow_none=True)
    analyst = Code(allow_none=True)
    category = Code(allow_none=True)
    touchpoint = Code(allow_none=True)
    product = Code(allow_none=True)
    reach = Whole(allow_none=True)
    root_cause = Part(Cause, allow_none=True)
    effect = Part(Effect, allow_none=True)


class DispatchTask(Strict):
    """One unit's part."""

    unit = Code(required=True)
    duty = OneOf(Duty, required=True)
    title = Text(most=TITLE, required=True)
    wanted = Text(required=True)
    criterion = Text(allow_none=True)
    contact_wanted = Truth(allow_none=True)
    after = Many(Whole(high=98), most=98, allow_none=True)


class IssueDispatch(Strict):
    """A wave of tasks."""

    joint = Truth(allow_none=True)
    copies = Many(Code())
    tasks = Many(Part(DispatchTask), most=99, least=1, required=True)


class IssueRerate(Strict):
    """Another severity, and why."""

    severity = Whole(**SEVERITY, required=True)
    reason = Text(most=1000, required=True)
    effect = Part(Effect, allow_none=True)
    longer = Truth()


class IssueMerge(Strict):
    """Which issue survives."""

    into = Code(required=True)
    reach = Whole(allow_none=True)


class VerificationRecord(Strict):
    """A verdict on the effect."""

    verdict = OneOf(Verdict, required=True)
    method = Code(required=True)
    text = Text(required=True)
    after = Part(Measured, allow_none=True)


class TaskSign(Strict):
    """Who will handle it, if not the signer."""

    handler = Code(allow_none=True)


class TaskAssign(Strict):
    """Who will handle it."""

    handler = Code(required=True)


class TaskDecline(Strict):
    """Why it is not ours, and whose it is."""

    reason = Code(required=True)
    text = Text(required=True)
    proof = Text(allow_none=True)
    proposed_unit = Code(allow_none=True)


class TaskRedispatch(Strict):
    """Where it goes."""

    unit = Code(required=True)
    text = Text(allow_none=True)


class TaskTransfer(Strict):
    """Where it goes, and why."""

    unit = Code(required=True)
    reason = Code(required=True)


class TaskSupervise(Strict):
    """Supervision begins, changes or ends."""

    level = Code(required=True)
    text = Text(required=True)
    on = Truth()
    wanted = Text(most=1000, allow_none=True)
    due_at = Moment(allow_none=True)


class MeasureRow(Strict):
    """A measure of an answer."""

    kind = OneOf(MeasureKind, required=True)
    text = Text(most=2000, required=True)
    handler = Code(allow_none=True)
    due_at = Moment(allow_none=True)


class FeedbackSubmit(Strict):
    """The unit's answer."""

    outcome = OneOf(Outcome, required=True)
    cause = Text(required=True)
    measures = Many(Part(MeasureRow), most=50)
    result = Text(required=True)
    reply = Text(allow_none=True)
    reason = Code(allow_none=True)
    review_at = Moment(allow_none=True)
    without_children = Text(most=1000, allow_none=True)


class ReviewAccept(Strict):
    """The dispatcher's favourable verdict."""

    remark = Text(allow_none=True)
    quality = Whole(low=1, high=5, allow_none=True)
    cause = Code(allow_none=True)
    liability = Code(allow_none=True)


SCHEMAS: Mapping[str, type[Schema]] = {
    "signal.register": SignalFields,
    "signal.import": SignalImport,
    "signal.link": SignalLink,
    "signal.return": ReasonText,
    "signal.set_aside": ReasonText,
    "signal.complete": Wording,
    "signal.reveal": SignalReveal,
    "signal.contact": SignalContact,
    "signal.answer": SignalAnswer,
    "issue.open": IssueOpen,
    "issue.take_over": IssueTakeOver,
    "issue.analyse": IssueAnalyse,
    "issue.dispatch": IssueDispatch,
    "issue.rerate": IssueRerate,
    "issue.reopen": ReasonText,
    "issue.instruct": IssueInstruct,
    "issue.confer": IssueConfer,
    "issue.brief": IssueBrief,
    "issue.set_outside_due": OutsideDue,
    "appeal.file": AppealFile,
    "appeal.uphold": AppealUphold,
    "appeal.refuse": AppealRefuse,
    "task.split": TaskSplit,
    "transfer.request": TransferRequest,
    "transfer.grant": TransferGrant,
    "transfer.refuse": RequestRefuse,
    "progress.report": ProgressReport,
    "task.ask": TaskAsk,
    "task.answer": TaskAnswer,
    "task.redo": TaskRedo,
    "feedback.sign": WordsMaybe,
    "feedback.return": RequestRefuse,
    "extension.request": ExtensionRequest,
    "extension.grant": ExtensionGrant,
    "extension.refuse": RequestRefuse,
    "pause.request": PauseRequest,
    "pause.grant": PauseGrant,
    "pause.refuse": RequestRefuse,
    "clock.resume": ClockResume,
    "breach.waive": BreachWaive,
    "issue.dismiss": ReasonText,
    "issue.merge": IssueMerge,
    "verification.record": VerificationRecord,
    "closure.close": ClosureClose,
    "audit.approve": AuditApprove,
    "audit.return": AuditReturn,
    "task.sign": TaskSign,
    "task.assign": TaskAssign,
    "task.decline": TaskDecline,
    "task.redispatch": TaskRedispatch,
    "task.adjudicate": TaskAdjudicate,
    "task.transfer": TaskTransfer,
    "task.nudge": WordsMaybe,
    "task.supervise": TaskSupervise,
    "task.cancel": ReasonText,
    "feedback.submit": FeedbackSubmit,
    "feedback.withdraw": Nothing,
    "review.accept": ReviewAccept,
    "review.send_back": ReasonText,
    "measure.complete": Wording,
    "measure.confirm": WordsMaybe,
    "measure.send_back": ReasonText,
    "unit.add": UnitAdd,
    "unit.set_sign_off": UnitSignOff,
    "unit.set_duty": UnitDuty,
    "delegation.set": DelegationSet,
    "delegation.end": DelegationEnd,
    "user.add": UserAdd,
    "user.set_password": PasswordSet,
    "token.issue": Nothing,
    "token.revoke": TokenRevoke,
    "unit.set_days": calendars.UnitSetDays,
    "calendar.publish": CalendarPublish,
    "calendar.import_days": calendars.CalendarImportDays,
    "calendar.withdraw": Nothing,
    "policy.publish": PolicyPublish,
    "policy.apply": PolicyApply,
}


def load_fields(act: str, body: Any) -> dict[str, Any]:
    """The act's fields from a body; marshmallow's ValidationError with keys for messages when malformed."""
    return dict(SCHEMAS[act]().load(body))
