"""schemathesis finds no fault in at least 10,000 requests, with all its checks."""

from pathlib import Path

from central_server.api.operations import OPERATIONS
from tests.fakes.api_fuzz import fuzz, unlimited_central


async def test_schemathesis_finds_nothing_in_ten_thousand_requests(tmp_path: Path) -> None:
    made = 0
    async with unlimited_central(tmp_path) as (central, asked):
        for seed in range(2, 22):
            phases = "examples,coverage,fuzzing,stateful" if seed == 2 else "fuzzing"
            found = await fuzz(central.url, asked, tmp_path, examples=150, phases=phases, seed=seed)
            assert not found.failures, f"seed {seed}: {found.text[-8000:]}"
            assert f"Tested: {len(OPERATIONS)}" in found.text
            made += found.cases
            if made >= 10_000:
                break
    assert made >= 10_000
