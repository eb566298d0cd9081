"""How an issue ends: closed with a frozen report, audited, archived; or dismissed, or merged into another."""

from .audit import approve, archive, give_back
from .closing import close
from .ending import dismiss, merge
from .reopening import reopen

__all__ = ["approve", "archive", "close", "dismiss", "give_back", "merge", "reopen"]
