"""The three real programs, on free ports, in a folder of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from beacon_gateway.commands.demo import House, open_house

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "config" / "demo"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, DEMO, radio="simulated", by_hand=True) as opened:
        yield opened
