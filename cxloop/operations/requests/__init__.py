"""What a unit asks of its dispatcher about a task's clock: a later due, or a pause."""

from .extensions import grant_extension, refuse_extension, request_extension
from .pauses import grant_pause, refuse_pause, request_pause, resume

__all__ = [
    "grant_extension",
    "grant_pause",
    "refuse_extension",
    "refuse_pause",
    "request_extension",
    "request_pause",
    "resume",
]
