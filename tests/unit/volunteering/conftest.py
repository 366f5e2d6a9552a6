"""Fixtures: the sandbox bank, a session, and the server with the volunteers' part."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from central_server.store.places.places import plant_community
from tests.fakes.central_process import RunningBank, RunningCentral, running_bank, running_central
from tests.unit.volunteering.community_desk import COMMUNITY, NEIGHBOURS
from volunteering.part import PART


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[RunningBank]:
    async with running_bank(tmp_path / "bank") as bank:
        yield bank


@pytest.fixture
async def central(tmp_path: Path, bank: RunningBank, store_url: str) -> AsyncIterator[RunningCentral]:
    async with running_central(tmp_path / "central", bank, store=store_url, parts=(PART,)) as central:
        async with central.database() as database, database.write() as connection:
            for community in (COMMUNITY, NEIGHBOURS):
                await plant_community(connection, community, datetime.now(UTC))
        yield central


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # needed for IP addresses
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=120)) as session:
        yield session
