"""Workarounds: remembered iBeacons, orphaned scans; and the states of a scan."""

import pytest
from dbus_fast import Variant

from beacon_gateway.radio.bluez_bus import system_bus
from beacon_gateway.radio.scan.bluez_workarounds import OrphanedScan, forget_ibeacons
from beacon_gateway.radio.scan.scan_loop import ScanState
from beacon_gateway.radio.timings import DEFAULT_TIMINGS
from tests.captures.identity import PERSON_TAG
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ
from tests.unit.beacon_gateway.radio.fast_timings import FAST

IBEACON = {"ManufacturerData": Variant("a{qv}", {0x004C: Variant("ay", PERSON_TAG.encode())})}
KERNEL_SCAN_S, APART_S = DEFAULT_TIMINGS.kernel_scan_s, DEFAULT_TIMINGS.orphaned_scan_cycles_apart_s


def device(adapter: str, number: int) -> str:
    return f"/org/bluez/{adapter}/dev_C0_00_00_00_00_{number:02X}"


async def test_only_unused_ibeacons_of_this_adapter_are_forgotten(bluez: FakeBlueZ) -> None:
    phone = {"ManufacturerData": Variant("a{qv}", {0x004C: Variant("ay", b"\x10\x05abcde")})}
    bluez.remembered = {
        device("hci0", 1): IBEACON,
        device("hci0", 2): IBEACON | {"Paired": Variant("b", True)},
        device("hci0", 3): IBEACON | {"Paired": Variant("b", False), "Trusted": Variant("b", True)},
        device("hci0", 4): phone,
        device("hci0", 5): {"Name": Variant("s", "a keyboard")},
        device("hci1", 6): IBEACON,
        device("hci0", 7): IBEACON | {"Paired": Variant("b", False)},
    }
    async with system_bus() as bus:
        await forget_ibeacons(bus, "hci0")
    assert set(bluez.remembered) == {device("hci0", n) for n in (2, 3, 4, 5)} | {device("hci1", 6)}


@pytest.mark.parametrize("reply", ["none", "refusal"])
async def test_a_bluetoothd_that_does_not_forget_is_ignored(bluez: FakeBlueZ, reply: str) -> None:
    bluez.remembered = {device("hci0", 1): IBEACON}
    if reply == "none":
        bluez.unanswered.add("RemoveDevice")
    else:
        bluez.errors["RemoveDevice"] = ("org.bluez.Error.DoesNotExist", "Does Not Exist")
    async with system_bus(FAST.call_limit_s) as bus:
        await forget_ibeacons(bus, "hci0")


def test_a_busy_kernel_is_power_cycled_only_after_bluetoothd_died() -> None:
    assert not OrphanedScan(DEFAULT_TIMINGS).needs_power_cycle(100.0)


def test_each_death_of_bluetoothd_allows_a_power_cycle_at_once_and_another_after_a_pause() -> None:
    orphan = OrphanedScan(DEFAULT_TIMINGS)
    orphan.record_death(100.0)
    assert orphan.needs_power_cycle(100.5)
    assert not orphan.needs_power_cycle(101.0)
    orphan.record_death(102.0)
    assert orphan.needs_power_cycle(102.5)
    assert not orphan.needs_power_cycle(103.0)
    assert orphan.needs_power_cycle(102.5 + APART_S)


def test_an_old_death_left_no_scan() -> None:
    orphan = OrphanedScan(DEFAULT_TIMINGS)
    orphan.record_death(100.0)
    orphan.record_death(90.0)
    assert not orphan.needs_power_cycle(100.0 + KERNEL_SCAN_S)
    assert orphan.needs_power_cycle(99.0 + KERNEL_SCAN_S)


def test_a_replaced_scan_continues_to_listen_and_an_adapter_that_was_off_starts_again() -> None:
    state = ScanState()

    def enter(name: str) -> float | None:
        state.enter(name, "hci0")
        return state.listens_since

    assert enter("starting") is None
    began = enter("listening")
    assert began is not None
    assert {enter(name) for name in ("starting", "listening", "starting", "listening")} == {began}
    for name in ("off", "no_adapter", "no_answer", "refused"):
        assert enter("listening") is not None
        assert enter(name) is None, name


def test_received_adverts_determine_the_state() -> None:
    state = ScanState()
    assert state.describe(1.0, 60.0) == "starting"
    state.enter("listening", "hci0")
    assert [state.describe(quiet_s, 60.0) for quiet_s in (None, 59.0, 60.0)] == ["listening", "hearing", "listening"]
    state.record_renewal("silence", "hci0")
    assert [state.describe(quiet_s, 60.0) for quiet_s in (None, 59.0)] == ["silent", "hearing"]
    assert (state.rebuilds.total(), state.last_why) == (1, "silence")
