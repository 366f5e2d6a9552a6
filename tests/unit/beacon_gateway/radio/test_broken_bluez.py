"""A bluetoothd, or a controller below it, that is broken in ways the lab's never are."""

import asyncio
import socket
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from time import monotonic
from uuid import UUID

import pytest
from dbus_fast import Variant

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.advertise import advertiser as advertising
from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser
from beacon_gateway.radio.bluez import find_adapters, system_bus
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.scan.scanner import BlueZScanner
from tests.radio.inside import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


def forget(_: Sighting) -> None:
    """For tests that do not look at sightings."""


async def test_without_a_bus_there_is_no_adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for address in (f"unix:path={tmp_path}/nothing", "unix:path=/dev/null", "nonsense", "tcp:host=127.0.0.1,port=1"):
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        assert await find_adapters() == ()


async def test_a_bus_that_accepts_and_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/mute")
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(f"{tmp_path}/mute")
        mute.listen()
        began = monotonic()
        assert await find_adapters() == ()
        assert monotonic() - began < 30


async def test_without_bluetoothd_on_the_bus_there_is_no_adapter(bus: str) -> None:
    assert await find_adapters() == ()


async def test_a_bluetoothd_that_hangs_has_no_adapter_and_ends_the_stage_after_its_patience(bluez: FakeBlueZ) -> None:
    assert await find_adapters() == ("hci0",)
    bluez.hung = {"GetManagedObjects"}
    assert await find_adapters() == ()
    with pytest.raises(RadioLost, match="no_answer"):
        await BlueZScanner("hci0", patience_s=0.5).hear(forget)


async def test_a_scan_that_is_never_started_ends_the_stage_after_its_patience(bluez: FakeBlueZ) -> None:
    bluez.hung = {"StartDiscovery"}
    scanner = BlueZScanner("hci0", patience_s=1)
    hearing = asyncio.create_task(scanner.hear(forget))
    await until(lambda: scanner.describe()["state"] == "no_answer")
    with pytest.raises(RadioLost, match="has not started a scan for 1 s"):
        await hearing
    assert bluez.count("StartDiscovery") == 1


async def test_in_progress_is_retried_and_after_long_the_adapter_is_power_cycled_once(bluez: FakeBlueZ) -> None:
    bluez.errors["StartDiscovery"] = ("org.bluez.Error.InProgress", "Operation already in progress")
    scanner = BlueZScanner("hci0")
    async with running(scanner.hear(forget)):
        await until(lambda: bluez.count("Set") == 2)
        assert bluez.moments("Set")[0] - bluez.moments("StartDiscovery")[0] >= 0.5
        tried = bluez.count("StartDiscovery")
        await until(lambda: bluez.count("StartDiscovery") > tried + 3)
        assert bluez.count("Set") == 2
        assert bluez.powered
        bluez.errors.clear()
        await until(lambda: scanner.describe()["state"] == "listening")


async def test_a_start_that_is_refused_is_retried_ever_more_slowly(bluez: FakeBlueZ) -> None:
    bluez.errors["StartDiscovery"] = ("org.bluez.Error.NotReady", "Resource Not Ready")
    scanner = BlueZScanner("hci0")
    async with running(scanner.hear(forget)):
        await until(lambda: scanner.describe()["starts_refused"] == 6)
        told = scanner.describe()
    first, *others = bluez.moments("StartDiscovery")
    assert others[-1] - others[-2] > 4 * (others[0] - first)
    assert (told["state"], told["refused"]) == ("refused", "org.bluez.Error.NotReady")
    assert told["rebuilds"] == 0


async def test_a_deaf_scan_is_renewed_once_in_each_silence_whatever_stop_says(bluez: FakeBlueZ) -> None:
    bluez.errors["StopDiscovery"] = ("org.bluez.Error.Failed", "No discovery started")
    scanner = BlueZScanner("hci0", silence_s=0.2)
    async with running(scanner.hear(forget)):
        await until(lambda: bluez.count("StartDiscovery") >= 4)
        await until(lambda: scanner.describe()["state"] == "silent")
        assert scanner.describe()["last_why"] == "silence"
    starts = bluez.moments("StartDiscovery")
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(starts))


async def test_any_advert_breaks_the_silence_and_only_known_frames_are_told(bluez: FakeBlueZ) -> None:
    heard: list[Sighting] = []
    scanner = BlueZScanner("hci0")
    async with running(scanner.hear(heard.append)):
        await until(lambda: scanner.describe()["state"] == "listening")
        await bluez.hear(b"\x10\x05something else")
        await until(lambda: scanner.describe()["state"] == "hearing")
        assert (heard, scanner.describe()["foreign"]) == ([], 1)
        await bluez.hear(FRAME.encode(), rssi=None)  # BlueZ forgets an RSSI: nothing was heard
        await bluez.hear(FRAME.encode(), rssi=127)
        await bluez.hear(FRAME.encode(), rssi=-61)
        await until(lambda: len(heard) == 2)
    assert [sighting.rssi for sighting in heard] == [None, -61]


async def test_every_frame_is_asked_for_not_only_changes(bluez: FakeBlueZ) -> None:
    scanner = BlueZScanner("hci0")
    async with running(scanner.hear(forget)):
        await until(lambda: scanner.describe()["state"] == "listening")
        assert bluez.filters["DuplicateData"].value is True


async def test_a_discovery_that_ends_by_itself_is_started_again(bluez: FakeBlueZ) -> None:
    scanner = BlueZScanner("hci0")
    async with running(scanner.hear(forget)):
        await until(lambda: scanner.describe()["state"] == "listening")
        await bluez.tell(Discovering=Variant("b", True))
        await bluez.tell(Discovering=Variant("b", False))
        await until(lambda: bluez.count("StartDiscovery") >= 2)
        assert scanner.describe()["last_why"] == "discovery ended"


async def test_a_fault_of_the_listener_ends_the_stage(bluez: FakeBlueZ) -> None:
    def broken(_: Sighting) -> None:
        raise ZeroDivisionError("a fault of ours")

    scanner = BlueZScanner("hci0")
    hearing = asyncio.create_task(scanner.hear(broken))
    await until(lambda: scanner.describe()["state"] == "listening")
    await bluez.hear(FRAME.encode())
    with pytest.raises(ZeroDivisionError):
        await asyncio.wait_for(hearing, 60)


async def test_a_controller_that_refuses_is_power_cycled_once_and_put_back_on(bluez: FakeBlueZ) -> None:
    bluez.errors["RegisterAdvertisement"] = ("org.bluez.Error.Failed", "Failed to register advertisement")
    advertiser = BlueZAdvertiser("hci0", FRAME)
    async with running(advertiser.keep_on_air()):
        await until(lambda: bluez.count("Set") == 2)
        before = [at for at in bluez.moments("RegisterAdvertisement") if at < bluez.moments("Set")[0]]
        assert len(before) == advertising.REFUSALS_BEFORE_POWER_CYCLE
        assert advertiser.describe()["refused"] == "the controller of hci0 refused the advertisement"
        await until(lambda: bluez.count("RegisterAdvertisement") > 4)
        assert (bluez.count("Set"), bluez.powered) == (2, True)
        assert advertiser.seconds_on_air() == 0
        bluez.errors.clear()
        await until(lambda: advertiser.describe()["state"] == "on_air")


@pytest.mark.parametrize("refusal", ["NotPermitted", "AlreadyExists"])
async def test_nothing_but_a_refusing_controller_is_power_cycled(refusal: str, bluez: FakeBlueZ) -> None:
    bluez.errors["RegisterAdvertisement"] = (f"org.bluez.Error.{refusal}", "")
    async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        await until(lambda: bluez.count("RegisterAdvertisement") > 4)
    assert bluez.count("Set") == 0


async def test_an_adapter_found_off_without_a_signal_is_off_the_air(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advertising, "CHECK_S", 0.1)
    advertiser = BlueZAdvertiser("hci0", FRAME)
    async with running(advertiser.keep_on_air()):
        await until(lambda: advertiser.describe()["state"] == "on_air")
        bluez.powered = False
        await until(lambda: advertiser.describe()["state"] == "off")
        counted = advertiser.seconds_on_air()
        await asyncio.sleep(0.1)
        assert advertiser.seconds_on_air() == counted > 0


@pytest.mark.parametrize(
    "make",
    [
        lambda: BlueZAdvertiser("hci0", FRAME, interval_ms=19),
        lambda: BlueZAdvertiser("hci0", FRAME, interval_ms=10_241),
    ],
)
def test_an_interval_that_no_radio_keeps_is_refused(make: Callable[[], BlueZAdvertiser]) -> None:
    with pytest.raises(ValueError, match="20 to 10240 ms"):
        make()


async def test_a_bus_that_takes_us_and_says_nothing_is_told_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "bus"))
        silent.listen()
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
        with pytest.raises(RadioLost, match="no D-Bus system bus: TimeoutError"):
            async with system_bus():
                pass
