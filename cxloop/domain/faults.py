"""What is wrong with a published body, place by place: all of it, so that nobody mends one thing to meet the next."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any


@dataclasses.dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: the dotted place in the body, and a message's code with its parameters."""

    field: str
    code: str
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


class Faulty(ValueError):
    """A body that cannot be used; `faults` names everything that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(f"{fault.field or 'body'}: {fault.code}" for fault in faults))
        self.faults = tuple(faults)

    @property
    def field(self) -> str:
        """The first place at fault."""
        return self.faults[0].field
