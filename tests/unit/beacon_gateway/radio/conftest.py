from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from beacon_gateway.radio import bluez as bluez_calls
from beacon_gateway.radio.advertise import advertiser
from beacon_gateway.radio.recovery import adapter_faults, recovery_loop
from beacon_gateway.radio.scan import scan_loop, scan_session
from tests.radio.inside import PATIENCE
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ, fake_bluez, private_bus

CALL_LIMIT_S = max(0.3, 0.15 * PATIENCE)
"""Long enough that only a bus or a bluetoothd that hangs goes beyond it, also on a machine that others use too."""


@pytest.fixture(autouse=True)
def _short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bluez_calls, "CALL_LIMIT_S", CALL_LIMIT_S)
    monkeypatch.setattr(scan_session, "CALL_LIMIT_S", CALL_LIMIT_S)
    monkeypatch.setattr(recovery_loop, "LOOK_S", 0.05)
    monkeypatch.setattr(scan_loop, "BUSY_PAUSE_S", 0.05)
    monkeypatch.setattr(adapter_faults, "KERNEL_SCAN_S", 0.5)
    monkeypatch.setattr(scan_loop, "PAUSE_FIRST_S", 0.02)
    monkeypatch.setattr(advertiser, "PAUSE_FIRST_S", 0.02)


@pytest.fixture
async def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """A private system bus with nobody on it."""
    async with private_bus(tmp_path) as address:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address


@pytest.fixture
async def bluez(bus: str) -> AsyncIterator[FakeBlueZ]:
    async with fake_bluez(bus) as fake:
        yield fake
