"""`python -m bench [requests|sweep|replay] [--engine sqlite|postgresql] [--running N …]`: measure and print tables."""

import argparse
import logging

from bench import replay, requests, sweep
from bench.places import ENGINES


def main() -> None:
    """Run the programs asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("program", nargs="?", choices=("requests", "sweep", "replay"))
    parser.add_argument("--engine", choices=ENGINES, help="one database only")
    parser.add_argument("--running", type=int, nargs="+", default=sweep.SIZES, help="running clocks for the sweep")
    given = parser.parse_args()
    logging.disable(logging.INFO)
    engines = (given.engine,) if given.engine else ENGINES
    if given.program in {None, "requests"}:
        show_requests(engines)
    if given.program in {None, "sweep"}:
        show_sweep(engines, given.running)
    if given.program in {None, "replay"}:
        show_replay(engines)


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
