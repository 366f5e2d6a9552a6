"""Two histories of two real processes; the soak has many. These have six payments, two refunds and seven kills."""

import pytest

from tests.flow.money_histories import live_through
from tests.postgres import Postgres


@pytest.mark.parametrize("seed", [3, 5])
async def test_two_processes_that_are_killed_lose_no_money_and_count_none_twice(seed: int, postgres: Postgres) -> None:
    await live_through(postgres.database, seed, 24)
