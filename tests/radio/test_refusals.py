"""What BlueZ refuses, it refuses in riddles; our words say what was refused."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise.advertisement import Advertisement
from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser, explain
from beacon_gateway.radio.bluez import ADVERTISING, BlueZRefused, system_bus
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.scan.scanner import BlueZScanner
from tests.radio.inside import Ear, end_bluetoothd, power, radios_ready, running, start_bluetoothd, until

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


@pytest.fixture(autouse=True)
async def _ready() -> None:
    await radios_ready()


async def answer_to_registering(adapter: str, interval_ms: int = 100) -> BlueZRefused:
    """BlueZ's own answer to one registration."""
    async with system_bus() as bus:
        bus.export("/refused", Advertisement("broadcast", FRAME.encode(), interval_ms))
        with pytest.raises(BlueZRefused) as caught:
            await bus.call(f"/org/bluez/{adapter}", ADVERTISING, "RegisterAdvertisement", "oa{sv}", "/refused", {})
        return caught.value


@asynccontextmanager
async def all_sets_taken() -> AsyncIterator[None]:
    async with AsyncExitStack() as others:
        for _ in range(3):  # btvirt's controllers have three
            other = BlueZAdvertiser("hci0", FRAME)
            await others.enter_async_context(running(other.keep_on_air()))
            await until(lambda other=other: other.describe()["state"] == "on_air")  # type: ignore[misc]  # bound early
        yield


async def test_an_adapter_that_is_off() -> None:
    await power("hci0", False)
    error = await answer_to_registering("hci0")
    assert (error.name, error.text) == ("org.bluez.Error.Failed", "Failed to register advertisement")
    assert explain(error, "hci0", powered=False) == "adapter hci0 is off"


async def test_an_adapter_that_does_not_exist() -> None:
    assert explain(await answer_to_registering("hci7"), "hci7", powered=False) == "adapter hci7 is gone"


async def test_a_property_that_bluez_does_not_take() -> None:
    text = explain(await answer_to_registering("hci0", interval_ms=10), "hci0", powered=True)
    assert text == "BlueZ refused a property of the advertisement (Failed to parse advertisement.); its log names it"


async def test_a_bluetoothd_that_is_not_there() -> None:
    await end_bluetoothd()
    error = await answer_to_registering("hci0")
    start_bluetoothd()
    assert explain(error, "hci0", powered=False) == "bluetoothd is not running"


async def test_no_free_advertisement_set_is_said_and_taken_as_soon_as_one_is_free() -> None:
    last = BlueZAdvertiser("hci0", FRAME)
    async with running(last.keep_on_air()):
        await until(lambda: last.describe()["state"] == "on_air")
    async with AsyncExitStack() as stack:
        async with all_sets_taken():
            await stack.enter_async_context(running(last.keep_on_air()))
            said = "adapter hci0 has no free advertisement set (Maximum advertisements reached)"
            await until(lambda: last.describe()["refused"] == said)
            assert last.describe()["state"] == "refused"
        await until(lambda: last.describe()["state"] == "on_air")
        assert last.describe()["refused"] is None


async def test_an_adapter_that_is_missing_for_long_ends_the_stage() -> None:
    stages = (
        BlueZScanner("hci7", patience_s=1).hear(Ear().heard.append),
        BlueZAdvertiser("hci7", FRAME, patience_s=1).keep_on_air(),
    )
    for stage in stages:
        with pytest.raises(RadioLost, match="no Bluetooth adapter hci7 for 1 s"):
            await stage
