"""Random histories against the oracle that walks minutes: `make clocks-trial` tells 5,000 on each database.

`CXLOOP_TEST_CASES` is the number of calendar cases; half as many histories are told. A difference prints the smallest
history that still differs, and its seed; `CXLOOP_TEST_SEED=<seed>` tells that one alone.
"""

import os

import pytest
from flask import Flask

from tests.operations.drawn import drawn
from tests.operations.histories import smallest, tell
from tests.operations.stored import Difference

HISTORIES = int(os.environ.get("CXLOOP_TEST_CASES", "1000")) // 2
ONLY = os.environ.get("CXLOOP_TEST_SEED")
SHARDS = 2


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_clock_is_as_the_oracle_says(group: Flask, shard: int) -> None:
    seeds = range(shard, HISTORIES, SHARDS) if ONLY is None else [int(ONLY)]
    differing, shown = [], ""
    for seed in seeds:
        begin, steps = drawn(seed)
        try:
            tell(begin, steps)
        except Difference:
            if not differing:
                begin, _left, found = smallest(begin, steps)
                shown = f"seed {seed}, begun with {begin}: {found}"
            differing.append(seed)
    if differing:
        pytest.fail(
            f"{len(differing)} of {len(seeds)} histories differ, seeds {differing[:20]}\n{shown}", pytrace=False
        )
