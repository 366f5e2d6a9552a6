"""The three real programs, on free ports, in a folder of their own."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from beacon_gateway.commands.demo import House, open_house
from tests.ports import keep_ports

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "config" / "demo"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    keep_ports(tmp_path)
    async with open_house(tmp_path, DEMO, radio="simulated", by_hand=True) as opened:
        yield opened
