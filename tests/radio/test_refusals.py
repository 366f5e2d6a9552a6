"""Real refusals of BlueZ, whose texts are ambiguous, and how they are classified."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.radio_status import AdvertRefusal, RefusalReason
from beacon_gateway.radio.advertise.advert_wording import word_off_air
from beacon_gateway.radio.advertise.advertising_parameters import Advertisement
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser, classify_refusal
from beacon_gateway.radio.bluez_bus import ADVERTISING, BlueZRefused, system_bus
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from beacon_gateway.radio.timings import DEFAULT_TIMINGS
from tests.radio.lab_control import end_bluetoothd, power, radios_ready, start_bluetoothd
from tests.radio.waiting import Ear, running, until

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


@pytest.fixture(autouse=True)
async def _ready() -> None:
    await radios_ready()


async def error_of_registering(adapter: str, interval_ms: int = 100) -> BlueZRefused:
    """Return BlueZ's error for one registration."""
    async with system_bus() as bus:
        bus.export("/refused", Advertisement("broadcast", FRAME.encode(), interval_ms))
        with pytest.raises(BlueZRefused) as caught:
            await bus.call(f"/org/bluez/{adapter}", ADVERTISING, "RegisterAdvertisement", "oa{sv}", "/refused", {})
        return caught.value


def reason_of(error: BlueZRefused, adapter: str, *, powered: bool) -> RefusalReason:
    return classify_refusal(error, adapter, powered=powered).reason


@asynccontextmanager
async def all_sets_taken() -> AsyncIterator[None]:
    async with AsyncExitStack() as others:
        for _ in range(3):  # btvirt's controllers have three
            other = BlueZAdvertiser("hci0", FRAME)
            await others.enter_async_context(running(other.keep_on_air()))
            await until(lambda other=other: other.read_status().state == "on_air")  # type: ignore[misc]  # bound early
        yield


async def test_an_adapter_that_is_off() -> None:
    await power("hci0", False)
    error = await error_of_registering("hci0")
    assert (error.name, error.text) == ("org.bluez.Error.Failed", "Failed to register advertisement")
    assert reason_of(error, "hci0", powered=False) is RefusalReason.adapter_off


async def test_an_adapter_that_does_not_exist() -> None:
    assert reason_of(await error_of_registering("hci7"), "hci7", powered=False) is RefusalReason.no_adapter


async def test_a_property_that_bluez_does_not_accept() -> None:
    error = await error_of_registering("hci0", interval_ms=10)
    assert reason_of(error, "hci0", powered=True) is RefusalReason.bad_property


async def test_a_bluetoothd_that_does_not_run() -> None:
    await end_bluetoothd()
    error = await error_of_registering("hci0")
    start_bluetoothd()
    assert reason_of(error, "hci0", powered=False) is RefusalReason.no_bluetoothd


async def test_an_advert_without_a_free_set_is_refused_until_one_is_free() -> None:
    last = BlueZAdvertiser("hci0", FRAME)
    async with running(last.keep_on_air()):
        await until(lambda: last.read_status().state == "on_air")
    async with AsyncExitStack() as stack:
        async with all_sets_taken():
            await stack.enter_async_context(running(last.keep_on_air()))
            refusal = AdvertRefusal(RefusalReason.no_free_set, "hci0", "Maximum advertisements reached")
            await until(lambda: last.read_status().refusal == refusal)
            assert last.read_status().state == "refused"
        await until(lambda: last.read_status().state == "on_air")
        assert last.read_status().refusal is None


async def test_a_refused_advert_is_on_the_air_when_a_set_becomes_free_without_waiting_for_its_next_try() -> None:
    patient = replace(DEFAULT_TIMINGS, refused_pause_s=3600.0, advert_pause_cap_s=3600.0)
    last = BlueZAdvertiser("hci0", FRAME, timings=patient)
    async with AsyncExitStack() as stack:
        async with all_sets_taken():
            await stack.enter_async_context(running(last.keep_on_air()))
            await until(lambda: last.read_status().state == "refused")
        await until(lambda: last.read_status().state == "on_air", 5)


async def test_a_dead_bluetoothd_and_an_adapter_that_is_gone_have_different_words() -> None:
    """What a person can do appears once it has lasted; the advert is back as soon as bluetoothd is."""
    ours = BlueZAdvertiser("hci0", FRAME, timings=replace(DEFAULT_TIMINGS, ask_after_s=7.0))
    missing = BlueZAdvertiser("hci7", FRAME)

    def words(advertiser: BlueZAdvertiser = ours) -> str:
        return str(word_off_air(advertiser.read_status()))

    async with running(ours.keep_on_air()):
        await until(lambda: ours.read_status().state == "on_air")
        await end_bluetoothd()
        await until(lambda: "the Bluetooth service is not running. It is being tried again" in words(), 10)
        await until(lambda: "the Bluetooth service is not running. Please restart" in words(), 10)
        start_bluetoothd()
        await until(lambda: ours.read_status().state == "on_air", 5)
    async with running(missing.keep_on_air()):
        await until(lambda: "there is no Bluetooth adapter. It is being tried again" in words(missing), 10)


async def test_a_long_absence_of_the_adapter_ends_the_stage() -> None:
    stages = (
        AdapterScanner("hci7", ScanOptions(patience_s=1)).hear(Ear().heard.append),
        BlueZAdvertiser("hci7", FRAME, patience_s=1).keep_on_air(),
    )
    for stage in stages:
        with pytest.raises(RadioLost, match="no Bluetooth adapter hci7 for 1 s"):
            await stage
