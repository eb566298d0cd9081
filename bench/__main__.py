"""`python -m bench [requests|sweep|replay|trials] [--engine sqlite|postgresql] …`: measure and print tables.

Trials take long and are run when they are asked for by name only.
"""

import argparse
import logging
import sys

from bench import replay, requests, sweep
from bench.places import ENGINES
from bench.trials import show as trials


def main() -> None:
    """Run the programs asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("program", nargs="?", choices=("requests", "sweep", "replay", "trials"))
    parser.add_argument("--engine", choices=ENGINES, help="one database only")
    parser.add_argument("--running", type=int, nargs="+", default=sweep.SIZES, help="running clocks for the sweep")
    parser.add_argument("--events", type=int, default=trials.EVENTS, help="events of a trial with kills")
    parser.add_argument("--kills", type=int, default=trials.KILLS, help="workers killed in a trial")
    parser.add_argument("--rounds", type=int, default=trials.ROUNDS, help="trials with kills, a seed each")
    parser.add_argument("--seconds", type=float, default=trials.OUTAGE_SECONDS, help="how long the database is away")
    given = parser.parse_args()
    logging.disable(logging.INFO)
    engines = (given.engine,) if given.engine else ENGINES
    if given.program in {None, "requests"}:
        show_requests(engines)
    if given.program in {None, "sweep"}:
        show_sweep(engines, given.running)
    if given.program in {None, "replay"}:
        show_replay(engines)
    if given.program == "trials":
        sizes = {"count": given.events, "deaths": given.kills, "rounds": given.rounds}
        sys.exit(0 if trials.show(engines, **sizes, seconds=given.seconds) else 1)


def show_requests(engines: tuple[str, ...]) -> None:
    """The table of requests a second."""
    print("| database | request | statements | cxloop, 1/s | bare Flask, same SQL, 1/s | ratio |")
    print("|---|---|---|---|---|---|")
    for engine in engines:
        for row in requests.measure(engine):
            ratio = row.bare / row.ours
            print(f"| {engine} | {row.what} | {row.statements} | {row.ours:.0f} | {row.bare:.0f} | {ratio:.1f} |")
    print()


def show_sweep(engines: tuple[str, ...], sizes: list[int]) -> None:
    """The table of sweeps."""
    print(f"| database | running clocks | {sweep.DUE} due, s | floor, s | ratio |")
    print("|---|---|---|---|---|")
    for engine in engines:
        for running in sizes:
            row = sweep.measure(engine, running)
            print(f"| {engine} | {running:,} | {row.sweep:.2f} | {row.floor:.2f} | {row.sweep / row.floor:.1f} |")
    print()


def show_replay(engines: tuple[str, ...]) -> None:
    """The table of replays: the same file, twice on each database."""
    print("| database | round | lines | entries | s | of that processor, s | trail head |")
    print("|---|---|---|---|---|---|---|")
    for engine in engines:
        for turn in (1, 2):
            row = replay.measure(engine)
            figures = f"{row.lines:,} | {row.entries:,} | {row.wall:.0f} | {row.processor:.0f}"
            print(f"| {engine} | {turn} | {figures} | `{row.head[:16]}…` |", flush=True)
    print()


if __name__ == "__main__":
    main()
