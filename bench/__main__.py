"""`python -m bench [requests|sweep] [--engine sqlite|postgresql] [--running N …]`: measure and print tables."""

import argparse
import logging

from bench import requests, sweep
from bench.places import ENGINES


def main() -> None:
    """Run the programs asked for, all by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("program", nargs="?", choices=("requests", "sweep"))
    parser.add_argument("--engine", choices=ENGINES, help="one database only")
    parser.add_argument("--running", type=int, nargs="+", default=sweep.SIZES, help="running clocks for the sweep")
    given = parser.parse_args()
    logging.disable(logging.INFO)
    engines = (given.engine,) if given.engine else ENGINES
    if given.program != "sweep":
        show_requests(engines)
    if given.program != "requests":
        show_sweep(engines, given.running)


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


if __name__ == "__main__":
    main()
