"""Recovery steps on a fake bluetoothd that is broken in different ways."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from beacon_gateway.model.radio_status import Proof, RecoveryStatus, RecoveryStep
from beacon_gateway.radio.ports import HelperRefused, RadioHelper
from beacon_gateway.radio.radio_wording import word_recovery
from beacon_gateway.radio.recovery.adapter_reset import NoHelper
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from tests.radio.waiting import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ
from tests.unit.beacon_gateway.radio.recovery.broken_radio import KNOWN, TIMINGS, WALL, StepHelper, WallBeacon


def scanner_with(
    helper: RadioHelper | None = None, *, observe_only: bool = False, others_hear: bool = False
) -> AdapterScanner:
    options = ScanOptions(transmitters=[KNOWN], helper=helper or NoHelper(), observe_only=observe_only, timings=TIMINGS)
    return AdapterScanner("hci0", options, others_hear=lambda: others_hear)


@asynccontextmanager
async def hearing(scanner: AdapterScanner, beacon: WallBeacon) -> AsyncIterator[None]:
    """Run the scanner, and wait until it receives the wall beacon."""
    async with running(scanner.hear(lambda _: None)), running(beacon.send()):
        await until(lambda: proof(scanner) is Proof.proved)
        yield


def recovery(scanner: AdapterScanner) -> RecoveryStatus:
    status = scanner.read_status().recovery
    assert status is not None
    return status


def proof(scanner: AdapterScanner) -> Proof | None:
    liveness = scanner.read_status().liveness
    return liveness.proof if liveness else None


async def test_a_deaf_radio_gets_one_step_after_another_until_it_receives(bluez: FakeBlueZ) -> None:
    beacon = WallBeacon(bluez)
    helper = StepHelper(lambda step: setattr(beacon, "audible", step.startswith("reset")))
    scanner = scanner_with(helper)
    async with hearing(scanner, beacon):
        beacon.audible = False
        await until(lambda: proof(scanner) is Proof.lost)
        await until(lambda: recovery(scanner).fault == "deaf")
        assert "hears nothing, not even east gate" in str(word_recovery(recovery(scanner)))
        await until(lambda: helper.steps == ["restart", "reset hci0"])
        assert bluez.count("Set") == 2  # one power cycle: off and on
        assert bluez.powered
        await until(lambda: proof(scanner) is Proof.proved and recovery(scanner).fault is None)
        assert recovery(scanner).taken == dict.fromkeys(list(RecoveryStep)[:4], 1)
        assert not recovery(scanner).asks_a_person


async def test_without_a_privileged_helper_its_steps_are_skipped_and_a_person_is_asked(bluez: FakeBlueZ) -> None:
    beacon = WallBeacon(bluez)
    scanner = scanner_with()
    async with hearing(scanner, beacon):
        beacon.audible = False
        await until(lambda: recovery(scanner).asks_a_person)
        skipped = (RecoveryStep.restart_bluetoothd, RecoveryStep.reset_adapter, RecoveryStep.reset_hardware)
        assert recovery(scanner).skipped == dict.fromkeys(skipped, "no privileged helper")
        words = str(word_recovery(recovery(scanner)))
        assert "a person is needed" in words
        assert "请人来看" in words
        beacon.audible = True
        await until(lambda: not recovery(scanner).asks_a_person)


async def test_an_observer_switches_and_resets_nothing_and_still_reports_the_fault(bluez: FakeBlueZ) -> None:
    """`beacon-gateway scan` runs beside a gateway, to which the radio belongs."""
    beacon, helper = WallBeacon(bluez), StepHelper()
    scanner = scanner_with(helper, observe_only=True)
    async with hearing(scanner, beacon):
        beacon.audible = False
        await until(lambda: recovery(scanner).asks_a_person)
        assert recovery(scanner).skipped == dict.fromkeys(list(RecoveryStep)[1:5], "left to the gateway")
        bluez.errors["StartDiscovery"] = ("org.bluez.Error.InProgress", "Operation already in progress")
        await bluez.restart()
        attempts = bluez.count("StartDiscovery")
        await until(lambda: bluez.count("StartDiscovery") > attempts + 3)
        assert (bluez.count("Set"), helper.steps) == (0, [])


async def test_a_refused_step_is_followed_by_the_next_one(bluez: FakeBlueZ) -> None:
    class RefusingHelper(StepHelper):
        async def restart_bluetoothd(self) -> None:
            raise HelperRefused("polkit does not allow it")

    beacon, helper = WallBeacon(bluez), RefusingHelper()
    scanner = scanner_with(helper)
    async with hearing(scanner, beacon):
        beacon.audible = False
        await until(lambda: helper.steps == ["reset hci0"])
        assert recovery(scanner).skipped == {RecoveryStep.restart_bluetoothd: "polkit does not allow it"}


async def test_a_tag_that_becomes_silent_among_others_causes_no_power_cycle(bluez: FakeBlueZ) -> None:
    beacon, helper = WallBeacon(bluez), StepHelper()
    scanner = scanner_with(helper)
    async with hearing(scanner, beacon):
        beacon.data = b"\x10\x05another"
        await until(lambda: recovery(scanner).asks_a_person)
        assert (recovery(scanner).fault, recovery(scanner).detail) == ("transmitter_lost", "east gate")
        assert "its battery is flat or it was taken away" in str(word_recovery(recovery(scanner)))
        assert (bluez.count("Set"), helper.steps) == (0, [])


async def test_a_bluetoothd_that_does_not_reply_is_restarted_and_not_power_cycled(bluez: FakeBlueZ) -> None:
    helper = StepHelper(lambda _: bluez.unanswered.clear())
    scanner = scanner_with(helper)
    bluez.unanswered = {"GetManagedObjects"}
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: helper.steps == ["restart"])
        await until(lambda: scanner.read_status().state == "listening")
        await until(lambda: recovery(scanner).fault is None)
    assert bluez.count("Set") == 0


async def test_bluetoothd_is_not_restarted_for_one_adapter_while_another_works(bluez: FakeBlueZ) -> None:
    beacon, helper = WallBeacon(bluez), StepHelper()
    scanner = scanner_with(helper, others_hear=True)
    async with hearing(scanner, beacon):
        beacon.audible = False
        await until(lambda: recovery(scanner).asks_a_person)
    assert set(helper.steps) == {"reset hci0", "hardware hci0"}


async def test_an_adapter_that_was_switched_off_is_reported_and_not_switched_on(bluez: FakeBlueZ) -> None:
    bluez.powered = False
    helper = StepHelper()
    scanner = scanner_with(helper)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: recovery(scanner).asks_a_person)
    assert "hci0 is switched off" in str(word_recovery(recovery(scanner)))
    assert scanner.read_status().trouble is None, "an adapter that is off has not listened"
    assert (bluez.count("Set"), helper.steps) == (0, [])


async def test_an_advert_of_ours_that_is_never_received_or_lost_is_registered_again(bluez: FakeBlueZ) -> None:
    renewed: list[bool] = []
    own = Transmitter(WALL.beacon, "own advert", renew=lambda: renewed.append(True), own=True)
    scanner, beacon = AdapterScanner("hci0", ScanOptions(transmitters=[own], timings=TIMINGS)), WallBeacon(bluez)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: renewed)
        async with running(beacon.send()):
            await until(lambda: proof(scanner) is Proof.proved)
        renewed.clear()
        await until(lambda: renewed)


async def test_an_unproved_silence_causes_one_power_cycle_and_nothing_more(bluez: FakeBlueZ) -> None:
    helper = StepHelper()
    scanner = AdapterScanner("hci0", ScanOptions(helper=helper, timings=replace(TIMINGS, silent_s=1.0)))
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.read_status().state == "listening")
        await asyncio.sleep(1.1)
        assert recovery(scanner).fault is None  # nothing was ever received, so nothing is missing
        await bluez.report_advert(WALL.encode())
        await until(lambda: recovery(scanner).taken == {RecoveryStep.power_cycle: 1})
        await asyncio.sleep(0.2)
        assert recovery(scanner).taken == {RecoveryStep.power_cycle: 1}
        assert not recovery(scanner).asks_a_person
    assert helper.steps == []


async def test_after_a_crash_of_bluetoothd_a_busy_kernel_is_power_cycled_at_once(bluez: FakeBlueZ) -> None:
    scanner = scanner_with()
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.read_status().state == "listening")
        bluez.errors["StartDiscovery"] = ("org.bluez.Error.InProgress", "Operation already in progress")
        await bluez.restart()
        await until(lambda: bluez.count("Set") == 2)
        switched = bluez.times_of("Set")[0]
        assert len([at for at in bluez.times_of("StartDiscovery") if at < switched]) == 2  # refused once since then


async def test_a_scanner_that_is_cancelled_while_it_stops_power_cycles_a_busy_kernel_too(bluez: FakeBlueZ) -> None:
    scanner = scanner_with()
    hearing = asyncio.create_task(scanner.hear(lambda _: None))
    await until(lambda: scanner.read_status().state == "listening")
    for _ in range(2):
        hearing.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
    await asyncio.gather(hearing, return_exceptions=True)
    bluez.errors["StartDiscovery"] = ("org.bluez.Error.InProgress", "Operation already in progress")
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: bluez.count("Set") == 2)
        switched = bluez.times_of("Set")[0]
        assert len([at for at in bluez.times_of("StartDiscovery") if at < switched]) == 2  # refused once
