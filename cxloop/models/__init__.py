"""The records: one file per noun. Importing the package makes every table known."""

from . import (
    beat,
    calendar,
    chain,
    clock,
    closure,
    entry,
    idempotency,
    issue,
    measure,
    notice,
    numbering,
    policy,
    signal,
    task,
    unit,
    user,
)

__all__ = [
    "beat",
    "calendar",
    "chain",
    "clock",
    "closure",
    "entry",
    "idempotency",
    "issue",
    "measure",
    "notice",
    "numbering",
    "policy",
    "signal",
    "task",
    "unit",
    "user",
]
