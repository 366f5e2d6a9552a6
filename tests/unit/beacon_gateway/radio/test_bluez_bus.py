"""SystemBus: buses that are missing, mute or dying."""

import asyncio
import gc
import socket
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from beacon_gateway.radio.bluez_bus import system_bus
from beacon_gateway.radio.ports import RadioLost
from tests.radio.lab_control import find_adapters
from tests.unit.beacon_gateway.radio.fake_bluez import PrivateBus, private_bus


async def test_without_a_bus_or_bluetoothd_there_is_no_adapter(
    bus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await find_adapters() == ()
    for address in (f"unix:path={tmp_path}/nothing", "unix:path=/dev/null", "nonsense", "tcp:host=127.0.0.1,port=1"):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        assert await find_adapters() == ()


async def test_a_bus_that_accepts_and_does_not_reply_is_lost_within_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/mute")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(f"{tmp_path}/mute")
        mute.listen()
        began = monotonic()
        assert await find_adapters(0.3) == ()
        with pytest.raises(RadioLost, match="no D-Bus system bus: TimeoutError"):
            async with system_bus(0.3):
                pass
        assert monotonic() - began < 30


async def test_a_write_to_a_bus_that_has_just_died_leaves_no_unretrieved_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
    async with private_bus(tmp_path) as daemon:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", daemon.address)
        await call_after_death(daemon)
    gc.collect()
    assert problems == []


async def call_after_death(daemon: PrivateBus) -> None:
    async with system_bus() as bus:
        daemon.process.kill()
        while has_open_sockets(daemon.process.pid):
            pass  # without the event loop, which would notice the end of the connection
        with pytest.raises(RadioLost):
            await bus.list_adapters()


def has_open_sockets(pid: int) -> bool:
    try:
        return any("socket:" in str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False
