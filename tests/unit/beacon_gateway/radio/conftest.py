from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ, fake_bluez, private_bus


@pytest.fixture
async def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A private system bus without any service; its address."""
    async with private_bus(tmp_path) as daemon:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", daemon.address)
        yield daemon.address


@pytest.fixture
async def bluez(bus: str) -> AsyncIterator[FakeBlueZ]:
    async with fake_bluez(bus) as fake:
        yield fake
