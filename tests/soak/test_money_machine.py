"""The money machines of tests/flow in long runs with random seeds.

SOAK_MONEY sets how many histories the one within this process lives through on each database (default 1000), each of up
to 60 steps. SOAK_MONEY_PROCESSES sets how many the one of real processes does (default 12), each of 40; SOAK_SEED has
one of those again. A failure prints the history, made short, and how to have it again.
"""

import os
import random
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.flow.money_histories import live_through
from tests.flow.money_machine import a_file
from tests.flow.test_money_machine import run_machine
from tests.postgres import Postgres

PROCESSES = int(os.environ.get("SOAK_MONEY_PROCESSES", "12"))
LONG = settings(
    max_examples=int(os.environ.get("SOAK_MONEY", "1000")),
    stateful_step_count=60,
    deadline=None,
    print_blob=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_money_is_neither_lost_nor_counted_twice_on_sqlite() -> None:
    run_machine(a_file, LONG)


def test_money_is_neither_lost_nor_counted_twice_on_postgresql(postgres: Postgres) -> None:
    def stores(_folder: Path) -> AbstractAsyncContextManager[str]:
        return postgres.database()

    run_machine(stores, LONG)


@pytest.mark.parametrize("_history", range(PROCESSES))
async def test_two_processes_that_are_killed_lose_no_money_and_count_none_twice(
    _history: int, postgres: Postgres
) -> None:
    seed = int(os.environ.get("SOAK_SEED", random.randrange(10**6)))
    print(f"SOAK_SEED={seed}")
    await live_through(postgres.database, seed, 40)
