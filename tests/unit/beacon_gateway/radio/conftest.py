from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ, PrivateBus, fake_bluez, private_bus


@pytest.fixture
async def bus_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PrivateBus]:
    """A private system bus without any service."""
    async with private_bus(tmp_path) as daemon:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", daemon.address)
        yield daemon


@pytest.fixture
def bus(bus_daemon: PrivateBus) -> str:
    """The address of that bus."""
    return bus_daemon.address


@pytest.fixture
async def bluez(bus: str) -> AsyncIterator[FakeBlueZ]:
    async with fake_bluez(bus) as fake:
        yield fake
