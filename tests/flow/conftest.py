"""The three real programs, on free ports, in a folder of their own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from beacon_gateway.commands.demo import Demo, open_demo
from tests.paths import ROOT
from tests.ports import keep_ports
from tests.sqlite import put_database

DEMO = ROOT / "config" / "demo"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Demo]:
    async with furnished_house(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def furnished_house(folder: Path) -> AsyncIterator[Demo]:
    """With the schema already there. Houses that begin with nothing: test_enrolment.py, test_site.py."""
    keep_ports(folder)
    (folder / "central").mkdir(mode=0o700)
    await put_database(folder / "central" / "central.db")
    async with open_demo(folder, DEMO, radio="simulated", by_hand=True) as opened:
        yield opened
