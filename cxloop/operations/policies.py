"""Policies: versions of the rules that an admin publishes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ..domain.canonical import canonical, digest
from ..domain.codes import Codes, CodesError
from ..domain.policy import Policy as SlaPolicy
from ..domain.policy import PolicyError
from ..extensions import db
from ..models.policy import CODES, SLA, Policy, PolicyVersion
from .act import Invalid, act


@act("policy.publish")
def publish_policy(
    *, on: str, by: str, at: datetime, body: Mapping[str, Any], effective_from: datetime | None = None
) -> Policy:
    """Publish a version of a policy, in force from a moment (else now). Invalid names what makes no sense."""
    _check_policy(on, body)
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
            effective_from=effective_from or at,
            body=dict(body),
            digest=digest(canonical(body)),
        )
    )
    db.session.flush()
    return policy


def _check_policy(code: str, body: Mapping[str, Any]) -> None:
    parsers = {SLA: SlaPolicy.parse, CODES: Codes.parse}
    if code not in parsers:
        raise Invalid("code", "error.unknown_policy", code=code)
    try:
        parsers[code](body)
    except (PolicyError, CodesError) as error:
        raise Invalid(f"body.{error.field}", "error.policy", why=error.message) from None
