"""Policies: published in versions, applied to running clocks."""

from .applying import Applied, Moved, Skipped, preview
from .publishing import Unsound, check_publication, read_sound

__all__ = ["Applied", "Moved", "Skipped", "Unsound", "check_publication", "preview", "read_sound"]
