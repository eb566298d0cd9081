"""Time acts: the sweep fires each rung once, writes breaches, and ends what time ends.

An issue's rungs stand or fall together, under the head of its chain, with their notices, breaches, deemed signatures
and entry, however many workers sweep and whenever one of them dies. Many issues share a transaction.

`sweeping` asks what is due and takes it batch by batch. `firing` fires a batch: the chains whose rungs only tell go as
rows (`plain`), the others record by record (`recorded`). `special` is the table of what time does beside telling;
`telling` finds who hears of it. `rehearsal` lets a sweep happen and takes it back.
"""

from .firing import fire_chains
from .rehearsal import Foreseen, rehearse
from .sweeping import Due, next_moment, sweep, what_is_due

__all__ = ["Due", "Foreseen", "fire_chains", "next_moment", "rehearse", "sweep", "what_is_due"]
