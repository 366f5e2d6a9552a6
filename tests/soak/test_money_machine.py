"""The machine of tests/flow/money_machine.py for long, with other dice each time.

SOAK_MONEY sets how many histories there are on each database (default 300), each of up to 60 steps. A failure prints
the history, made short, and how to have it again.
"""

import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from hypothesis import HealthCheck, settings

from tests.flow.money_machine import a_file
from tests.flow.test_money_machine import run_machine
from tests.postgres import Postgres

LONG = settings(
    max_examples=int(os.environ.get("SOAK_MONEY", "300")),
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
