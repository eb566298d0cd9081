"""Trials: the clockwork under kills, after downtime, and with its database gone. `python -m bench trials`."""
