"""Acts on tasks until they are answered."""

from .attention import attend
from .dispatch import dispatch
from .holding import assign, decline, sign, take_by_default
from .landing import land, release_ready
from .moving import adjudicate, cancel, redispatch, transfer

__all__ = [
    "adjudicate",
    "assign",
    "attend",
    "cancel",
    "decline",
    "dispatch",
    "land",
    "redispatch",
    "release_ready",
    "sign",
    "take_by_default",
    "transfer",
]
