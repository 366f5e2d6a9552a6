"""AdapterScanner with a bluetoothd or a controller that is broken in ways the lab's never are."""

import asyncio
from itertools import pairwise
from uuid import UUID

import pytest
from dbus_fast import Variant

from beacon_gateway.commands.radio_wording import radio_sentences
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import AdvertStatus, RefusalReason
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.backend_selection import BackendSelector
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from sync_contract.strict_model import Environment
from tests.radio.lab_control import find_adapters
from tests.radio.waiting import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ, PrivateBus
from tests.unit.beacon_gateway.radio.fast_timings import FAST

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


def ignore(_: Sighting) -> None:
    """For tests that need no sightings."""


async def test_a_bluetoothd_without_replies_has_no_adapter_and_ends_the_stage_after_its_patience(
    bluez: FakeBlueZ,
) -> None:
    assert await find_adapters() == ("hci0",)
    bluez.unanswered = {"GetManagedObjects"}
    assert await find_adapters(FAST.call_limit_s) == ()
    with pytest.raises(RadioLost, match="no_answer"):
        await AdapterScanner("hci0", ScanOptions(patience_s=0.5, timings=FAST)).hear(ignore)


async def test_a_scan_that_does_not_start_ends_the_stage_after_its_patience(bluez: FakeBlueZ) -> None:
    bluez.unanswered = {"StartDiscovery"}
    scanner = AdapterScanner("hci0", ScanOptions(patience_s=1, timings=FAST))
    hearing = asyncio.create_task(scanner.hear(ignore))
    await until(lambda: scanner.read_status().state == "no_answer")
    with pytest.raises(RadioLost, match="has not started a scan for 1 s"):
        await hearing
    assert bluez.count("StartDiscovery") == 1


async def test_in_progress_is_retried_and_after_a_while_the_adapter_is_power_cycled_once(bluez: FakeBlueZ) -> None:
    bluez.errors["StartDiscovery"] = ("org.bluez.Error.InProgress", "Operation already in progress")
    scanner = AdapterScanner("hci0", ScanOptions(timings=FAST))
    async with running(scanner.hear(ignore)):
        await until(lambda: bluez.count("Set") == 2)
        assert bluez.times_of("Set")[0] - bluez.times_of("StartDiscovery")[0] >= 0.5
        attempts = bluez.count("StartDiscovery")
        await until(lambda: bluez.count("StartDiscovery") > attempts + 3)
        assert bluez.count("Set") == 2
        assert bluez.powered
        bluez.errors.clear()
        await until(lambda: scanner.read_status().state == "listening")


async def test_a_refused_start_is_retried_with_growing_pauses(bluez: FakeBlueZ) -> None:
    bluez.errors["StartDiscovery"] = ("org.bluez.Error.NotReady", "Resource Not Ready")
    scanner = AdapterScanner("hci0", ScanOptions(timings=FAST))
    async with running(scanner.hear(ignore)):
        await until(lambda: scanner.read_status().starts_refused == 6)
        status = scanner.read_status()
    first, *others = bluez.times_of("StartDiscovery")
    assert others[-1] - others[-2] > 4 * (others[0] - first)
    assert (status.state, status.refused) == ("refused", "org.bluez.Error.NotReady")
    assert status.rebuilds == 0


async def test_a_deaf_scan_is_renewed_once_in_each_silence_whatever_stop_returns(bluez: FakeBlueZ) -> None:
    bluez.errors["StopDiscovery"] = ("org.bluez.Error.Failed", "No discovery started")
    scanner = AdapterScanner("hci0", ScanOptions(silence_s=0.2, timings=FAST))
    async with running(scanner.hear(ignore)):
        await until(lambda: bluez.count("StartDiscovery") >= 4)
        await until(lambda: scanner.read_status().state == "silent")
        assert scanner.read_status().last_why == "silence"
    starts = bluez.times_of("StartDiscovery")
    assert all(later - earlier >= 0.2 for earlier, later in pairwise(starts))


async def test_any_advert_ends_the_silence_and_only_ibeacons_are_sightings(bluez: FakeBlueZ) -> None:
    heard: list[Sighting] = []
    scanner = AdapterScanner("hci0", ScanOptions(timings=FAST))
    async with running(scanner.hear(heard.append)):
        await until(lambda: scanner.read_status().state == "listening")
        assert bluez.filters["DuplicateData"].value is True
        await bluez.report_advert(b"\x10\x05something else")
        await until(lambda: scanner.read_status().state == "hearing")
        assert (heard, scanner.read_status().foreign) == ([], 1)
        await bluez.report_advert(FRAME.encode(), rssi=None)  # BlueZ forgets an RSSI: not received
        await bluez.report_advert(FRAME.encode(), rssi=127)
        await bluez.report_advert(FRAME.encode(), rssi=-61)
        await until(lambda: len(heard) == 2)
    assert [sighting.rssi for sighting in heard] == [None, -61]


async def test_a_discovery_that_ends_by_itself_is_started_again(bluez: FakeBlueZ) -> None:
    scanner = AdapterScanner("hci0", ScanOptions(timings=FAST))
    async with running(scanner.hear(ignore)):
        await until(lambda: scanner.read_status().state == "listening")
        await bluez.change_adapter(Discovering=Variant("b", True))
        await bluez.change_adapter(Discovering=Variant("b", False))
        await until(lambda: bluez.count("StartDiscovery") >= 2)
        assert scanner.read_status().last_why == "discovery ended"


async def test_a_restart_of_bluetoothd_leads_to_a_new_scan(bluez: FakeBlueZ) -> None:
    scanner = AdapterScanner("hci0", ScanOptions(timings=FAST))
    async with running(scanner.hear(ignore)):
        await until(lambda: scanner.read_status().state == "listening")
        await bluez.restart()
        await until(lambda: bluez.count("StartDiscovery") == 2)
        assert scanner.read_status().rebuilds_why == {"bluetoothd stopped": 1}


async def test_a_denial_by_the_policy_of_d_bus_has_its_own_state_and_ends_with_it(
    bus_daemon: PrivateBus, bluez: FakeBlueZ
) -> None:
    """The real dbus-daemon denies; bluetoothd runs and has an adapter all the time."""
    bus_daemon.deny('send_destination="org.bluez"')
    scanner, advertiser = MergedScanner((), ScanOptions(timings=FAST)), BlueZAdvertiser(None, FRAME, timings=FAST)
    async with running(scanner.hear(ignore)), running(advertiser.keep_on_air()):
        await until(lambda: {scanner.read_status().state, advertiser.read_status().state} == {"access_denied"})
        assert await BackendSelector("auto").resolve(Environment.drill) == "bluez", "a drill does not simulate"
        assert bluez.count("StartDiscovery") == bluez.count("RegisterAdvertisement") == 0
        advert = AdvertStatus("access_denied", identities=(advertiser.read_status(),))
        sentences = " ".join(radio_sentences(scanner.read_status(), advert))
        assert sentences.count("D-Bus does not let the gateway use bluetoothd") == 2, sentences
        bus_daemon.deny('send_interface="org.bluez.LEAdvertisingManager1"')
        await until(lambda: scanner.read_status().state == "listening")
        await until(lambda: advertiser.read_status().refusal is not None)
        refusal = advertiser.read_status().refusal
        assert refusal is not None
        assert refusal.reason is RefusalReason.access_denied
        bus_daemon.deny("")
        await until(lambda: advertiser.read_status().state == "on_air")
