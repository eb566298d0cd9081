"""The acts: one function is one act, one transaction, one trail entry. Importing the package registers them all."""

from . import (
    accounts,
    calendars,
    closure,
    escalation,
    feedback,
    guidance,
    issues,
    policies,
    requests,
    reviews,
    signals,
    standins,
    tasks,
    verification,
    waivers,
)

__all__ = [
    "accounts",
    "calendars",
    "closure",
    "escalation",
    "feedback",
    "guidance",
    "issues",
    "policies",
    "requests",
    "reviews",
    "signals",
    "standins",
    "tasks",
    "verification",
    "waivers",
]
