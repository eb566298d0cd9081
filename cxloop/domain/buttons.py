"""What a person may do now with an object: the lifecycle and the permission table read together."""

from .lifecycle import acts_on, refusal
from .permissions import permitted


def allowed_verbs(*, kind: str, state: str, conditions: frozenset[str], relations: frozenset[str]) -> list[str]:
    """The path verbs that someone with these relations may use on an object of this kind, state and conditions."""
    return [
        row.verb
        for row in acts_on(kind)
        if refusal(act=row.name, state=state, facts=conditions) is None
        and permitted(act=row.name, relations=relations) is None
    ]
