"""Acts on tasks until they are answered."""

from .attention import attend
from .dispatch import dispatch
from .holding import assign, decline, sign, take_by_default
from .landing import land, release_ready
from .moving import adjudicate, cancel, redispatch, transfer
from .redoing import redo
from .splitting import open_children, split
from .taking_over import take_over
from .transferring import grant_transfer, refuse_transfer, request_transfer
from .underway import answer, ask, charge_for_silence, report

__all__ = [
    "adjudicate",
    "answer",
    "ask",
    "assign",
    "attend",
    "cancel",
    "charge_for_silence",
    "decline",
    "dispatch",
    "grant_transfer",
    "land",
    "open_children",
    "redispatch",
    "redo",
    "refuse_transfer",
    "release_ready",
    "report",
    "request_transfer",
    "sign",
    "split",
    "take_by_default",
    "take_over",
    "transfer",
]
