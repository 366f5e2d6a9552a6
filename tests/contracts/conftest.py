"""The bank of a contract test, with its other side."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central_server.banks.registry import BANKS
from tests.contracts.bank_rigs import RIGS, Rig


@pytest.fixture(params=sorted(BANKS))
async def rig(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rig]:
    async with RIGS[request.param](tmp_path / "bank") as rig:
        yield rig
