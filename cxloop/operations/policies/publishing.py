"""Policies: versions of the rules that an admin publishes, each from a moment on."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from ...domain.canonical import canonical, digest
from ...domain.codes import Codes
from ...domain.faults import Fault, Faulty
from ...domain.policy import Policy as SlaPolicy
from ...domain.policy_check import find_faults
from ...extensions import db
from ...models.calendar import Calendar
from ...models.policy import CODES, SLA, Policy, PolicyVersion
from ..act import Invalid, act


class Unsound(Invalid):
    """A policy's body that cannot be used; `faults` names everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first, *_others = faults
        super().__init__(_place(first), f"error.{first.code}", **first.params)
        self.faults: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for fault in faults:
            self.faults.setdefault(_place(fault), []).append((f"error.{fault.code}", dict(fault.params)))
        self.errors = {place: said[0] for place, said in self.faults.items()}


def _place(fault: Fault) -> str:
    return f"body.{fault.field}" if fault.field else "body"


@act("policy.publish")
def publish_policy(
    *, on: str, by: str, at: datetime, body: Mapping[str, Any], effective_from: datetime | None = None
) -> Policy:
    """Publish a version of a policy, in force from a moment (else now); running clocks keep theirs.

    Unsound names everything in the body that makes no sense; Invalid a moment in the past or before the last version's.
    """
    begins = effective_from or at
    check_publication(code=on, body=body, effective_from=begins, at=at)
    policy = db.session.get(Policy, on)
    if policy is None:
        policy = Policy(code=on, current=0)
        db.session.add(policy)
        db.session.flush()
    policy.current += 1
    db.session.add(
        PolicyVersion(
            policy=on,
            n=policy.current,
            published_at=at,
            effective_from=begins,
            body=dict(body),
            digest=digest(canonical(body)),
        )
    )
    db.session.flush()
    return policy


def check_publication(*, code: str, body: Any, effective_from: datetime, at: datetime) -> None:
    """Refuse what could not be published at this moment; writes nothing."""
    if code == SLA:
        policy: SlaPolicy = _parse(SlaPolicy.parse, body)
        _refuse([*find_faults(policy), *_unknown_calendars(policy)])
    elif code == CODES:
        _parse(Codes.parse, body)
    else:
        raise Invalid("code", "error.unknown_policy", code=code)
    _check_begin(code, effective_from, at)


def read_sound(body: Any) -> SlaPolicy:
    """A body as the policy it states; Unsound with everything that is wrong with it, by itself or as a whole."""
    policy: SlaPolicy = _parse(SlaPolicy.parse, body)
    _refuse(find_faults(policy))
    return policy


def _refuse(faults: Sequence[Fault]) -> None:
    if faults:
        raise Unsound(faults)


def _parse(parse: Callable[[Any], Any], body: Any) -> Any:
    try:
        return parse(body)
    except Faulty as error:
        raise Unsound(error.faults) from None


def _unknown_calendars(policy: SlaPolicy) -> list[Fault]:
    known = set(db.session.scalars(select(Calendar.code)))
    return [
        Fault(f"severity.{severity}.calendar", "unknown_calendar", {"code": row.calendar})
        for severity, row in policy.severities.items()
        if row.calendar is not None and row.calendar not in known
    ]


def _check_begin(code: str, begins: datetime, at: datetime) -> None:
    if begins < at:
        raise Invalid("effective_from", "error.policy_past")
    last = db.session.scalar(
        select(PolicyVersion.effective_from).where(PolicyVersion.policy == code).order_by(PolicyVersion.n.desc())
    )
    # The newest version is always the last to take effect: so a number tells which of two holds at a moment.
    if last is not None and begins < last:
        raise Invalid("effective_from", "error.policy_before_last", moment=last.isoformat())
