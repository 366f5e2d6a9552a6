from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.browser.fake_giving import FakeKiosk
from tests.unit.beacon_gateway.kiosk.resident import Resident
from tests.unit.beacon_gateway.kiosk.site_desk import Asking, made, served


@pytest.fixture
async def kiosk() -> FakeKiosk:
    return FakeKiosk()


@pytest.fixture
async def resident(kiosk: FakeKiosk) -> AsyncIterator[Resident]:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an IP address
    async with kiosk.serve() as url, aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Resident(http, url)


@pytest.fixture
async def neighbour(resident: Resident) -> AsyncIterator[Resident]:
    """A second kiosk on the same gateway."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
        yield Resident(http, resident.url)


@pytest.fixture
def asking() -> Asking:
    return Asking()


@pytest.fixture
async def staff(asking: Asking) -> AsyncIterator[Resident]:
    async for each in served(made(), asking):
        yield each
