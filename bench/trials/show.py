"""The trials' tables, as `python -m bench trials` prints them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import make_url

from bench.places import FOUNDED, fresh_group
from bench.trials import downtime, events, kills, outage
from bench.trials.ledger import Verdict
from cxloop.cli.player import Player
from cxloop.seeds.base import base_lines
from tests.postgres import Server, fresh_database, own_server

EVENTS, KILLS, ROUNDS = 2_000, 20, 3
# After a row whose events did not fire in the time that F-05 allows.
LATE = " **later than promised**"
MISSED, OUTAGE_SECONDS, DUE_MEANWHILE = 200, 30.0, 200


def show(engines: tuple[str, ...], *, count: int, deaths: int, rounds: int, seconds: float) -> bool:
    """Run every trial on these databases and print the figures; returns whether all of them held."""
    held = True
    for engine in engines:
        with fresh_group(engine):
            events.prepare(max(count, MISSED))
            held &= show_kills(engine, count=count, deaths=deaths, rounds=rounds)
            held &= show_downtime(engine)
    if "postgresql" in engines:
        held &= show_outage(seconds)
    return held


def show_kills(engine: str, *, count: int, deaths: int, rounds: int) -> bool:
    """F-05 and F-06: one round without kills, then as many seeds as rounds."""
    print(f"\n{engine}: {count:,} events within {kills.WITHIN:.0f} s, {kills.WORKERS[engine]} workers")
    print(f"Waiting for {os.cpu_count()} processors before it began: {os.getloadavg()[0]:.1f}\n")
    print("| seed | kills | before the last event | in a transaction | once | breaches | deemed signatures", end="")
    print(" | notices | phantom | missing | double | trail | late p50, s | p99 | most | s after the last kill |")
    print("|---" * 16 + "|")
    held = True
    for seed, dying in [(0, 0), *((seed, deaths) for seed in range(1, rounds + 1))]:
        row = kills.measure(events=count, kills=dying, seed=seed)
        held &= row.verdict.holds() and row.is_in_time()
        print(f"| {seed} | {' | '.join(_cells(engine, row))} |{'' if row.is_in_time() else LATE}", flush=True)
    return held


def _cells(engine: str, row: kills.Figure) -> list[str]:
    told, late, deaths = row.events, row.late, row.deaths
    return [
        str(deaths.kills),
        str(deaths.early),
        # SQLite cannot be asked who has a transaction open.
        str(deaths.at_work) if engine == "postgresql" else "–",
        _once(row),
        str(told[events.BREACH] + told[events.DEEMED]),
        str(told[events.DEEMED]),
        f"{row.notices:,}",
        _notices(row.verdict),
        _trail(row.verdict),
        *(f"{seconds:.2f}" for seconds in (late.p50, late.p99, late.most)),
        f"{row.after:.1f}" if deaths.kills else "–",
    ]


def _once(row: kills.Figure) -> str:
    wrong = row.verdict.rungs + row.verdict.breaches + row.verdict.deemed
    return f"{row.events.total():,} of {row.events.total():,}" if not wrong else f"{wrong} wrong"


def _notices(verdict: Verdict) -> str:
    return f"{verdict.phantom} | {verdict.missing} | {verdict.double}"


def _trail(verdict: Verdict) -> str:
    wrong = verdict.faults + verdict.told
    return "whole" if not wrong else f"{verdict.faults} faults, {verdict.told} changes"


def show_downtime(engine: str) -> bool:
    """F-07."""
    row = downtime.measure(events=MISSED, seed=1)
    print(f"\n{engine}: {MISSED} events passed while nothing ran\n")
    print("| fired once | marked late | with their moment | out of order | s from the start of the workers |")
    print("|---|---|---|---|---|")
    print(
        f"| {row.fired} of {row.events} | {row.late} | {row.true_moment} | {row.out_of_order} | {row.seconds:.1f} |",
        flush=True,
    )
    whole = row.fired == row.late == row.true_moment == row.events and not row.out_of_order
    return whole and row.verdict.holds()


@contextmanager
def own_group(count: int) -> Iterator[Server]:
    """A server of our own with the demo's group and tasks for `count` events, and the application on it."""
    with (
        own_server(settings=()) as server,
        fresh_database(server.url) as url,
        tempfile.TemporaryDirectory(prefix="cxtrial-") as folder,
        kills.opened(make_url(url), Path(folder)),
    ):
        upgrade()
        Player().play(base_lines(at=FOUNDED))
        events.prepare(count)
        yield server


def show_outage(seconds: float) -> bool:
    """F-08, in both ways."""
    held = True
    with own_group(DUE_MEANWHILE) as server:
        for how in (outage.STOPPED, outage.TERMINATED):
            row = outage.measure(server, how=how, seconds=seconds, events=DUE_MEANWHILE)
            held &= row.holds()
            _print_outage(row)
    return held


def _print_outage(row: outage.Figure) -> None:
    print(f"\npostgresql, {row.how}, {row.seconds:.0f} s\n")
    print("| asked meanwhile | answered | slowest, s | 503 without Retry-After | worked again after, s |")
    print("|---|---|---|---|---|")
    for one in row.asked:
        codes = ", ".join(f"{code}: {count}" for code, count in sorted(one.codes.items()))
        print(f"| {one.what} | {codes} | {one.slowest:.2f} | {one.without_retry_after} | {one.back_after:.2f} |")
    wrong = row.verdict.rungs + row.verdict.breaches + row.verdict.deemed
    told = [
        f"{row.events - wrong} of {row.events} events due meanwhile fired once, the last {row.fired_after:.1f} s after "
        "the return",
        f"notices phantom, missing, double: {_notices(row.verdict)}",
        f"trail {_trail(row.verdict)}",
        f"same processes: {'yes' if row.same_processes else 'no'}",
        f"voices taken {row.voices}, lost {row.voices_lost}, double {row.voices_double}",
        f"tracebacks in the log: {row.unexpected}",
    ]
    print(f"\n{'; '.join(told)}.", flush=True)
