"""Fuzz every operation of the document with schemathesis; tests/soak does more."""

from pathlib import Path

from central_server.api.operations import OPERATIONS
from tests.fakes.api_fuzz import fuzz, unlimited_central


async def test_schemathesis_finds_nothing_in_a_few_hundred_requests(tmp_path: Path) -> None:
    async with unlimited_central(tmp_path) as (central, asked):
        found = await fuzz(central.url, asked, tmp_path, examples=4, phases="fuzzing", seed=1)
    assert not found.failures, found.text[-8000:]
    assert f"Tested: {len(OPERATIONS)}" in found.text
    assert found.cases >= 3 * len(OPERATIONS)
