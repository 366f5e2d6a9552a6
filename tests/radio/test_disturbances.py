"""Gateway A advertises on hci0 and gateway B receives on hci1; both recover from every disturbance."""

import asyncio
import signal
from collections.abc import AsyncIterator
from time import monotonic

import pytest

from beacon_gateway.model.radio_status import AdapterStatus, Proof, RadioStatus
from beacon_gateway.presence.trace import DecisionKind
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from beacon_gateway.radio.timings import RadioTimings
from tests.radio.crowd import recover_from_crowd
from tests.radio.disturbances import (
    BACK_S,
    DISTURBANCES,
    EXIT_S,
    FRAME,
    LOST_S,
    Pair,
    decisions,
    pair,
    recover,
    scan_with_another_program,
)
from tests.radio.lab_control import (
    block_monitors,
    end_dbus,
    find_adapters,
    power,
    radios_ready,
    send_bluetoothd,
    start_dbus,
)
from tests.radio.waiting import PATIENCE, Ear, running, until

pytestmark = pytest.mark.lab

LASTS_S = 1.5
"""Duration of each cause: longer than a gap, shorter than the exit period."""


def proof_of(status: RadioStatus | AdapterStatus) -> Proof | None:
    return status.liveness.proof if status.liveness else None


@pytest.fixture
async def two() -> AsyncIterator[Pair]:
    async with pair() as running_pair:
        yield running_pair


@pytest.mark.parametrize("name", DISTURBANCES)
async def test_both_recover_and_the_pause_causes_no_decision(name: str, two: Pair) -> None:
    disturbance, before = DISTURBANCES[name], two.counts()
    recovery = await recover(two, lambda: disturbance.cause(LASTS_S))
    print(f"heard again {recovery.took_s:.2f} s after the end of the cause, silent for {recovery.silent_s:.2f} s")
    assert two.counts() != before or not disturbance.renews
    assert two.status.rebuilds <= 3
    first, *rest = [each.kind for each in decisions(two.ear.heard, EXIT_S * PATIENCE)]
    assert first is DecisionKind.arrived
    assert set(rest) <= {DecisionKind.shown}
    assert len(rest) <= 1


async def test_while_the_adapter_is_off_no_advert_is_sent_and_no_seconds_count(two: Pair) -> None:
    await power("hci0", False)
    await until(lambda: two.advertiser.read_status().state == "off")
    counted = two.advertiser.seconds_on_air()
    await two.ear.is_silent(1.0)
    assert two.advertiser.seconds_on_air() == counted
    await power("hci0", True)
    await until(lambda: two.advertiser.seconds_on_air() > counted)
    await two.ear.hears_again(3)


async def test_a_beacon_that_stops_is_not_received_any_more() -> None:
    await radios_ready()
    scanner, ear = AdapterScanner("hci1", ScanOptions(silence_s=1.5)), Ear()
    async with ear.at(scanner):
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
        await ear.is_silent(1.0, limit_s=2.0)
        await until(lambda: scanner.read_status().state == "silent")
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
        assert scanner.read_status().rebuilds_why == {"silence": scanner.read_status().rebuilds}


async def test_a_stopped_bluetoothd_is_reported_and_survived(two: Pair) -> None:
    await power("hci1", False)
    await until(lambda: two.status.state == "off")
    send_bluetoothd(signal.SIGSTOP)
    try:
        await until(lambda: two.status.state == "no_answer")
        assert await find_adapters(0.5) == ()
    finally:
        send_bluetoothd(signal.SIGCONT)
    await power("hci1", True)
    await two.ear.hears_again()


async def test_after_a_crowd_of_200_tags_has_gone_the_wall_beacon_is_received_again() -> None:
    crowd = await recover_from_crowd()
    print(f"heard again {crowd.took_s:.2f} s after the crowd went, silent for {crowd.silent_s:.2f} s")


async def test_a_scan_without_a_filter_by_another_program_does_not_disturb_ours(two: Pair) -> None:
    async with running(scan_with_another_program(BACK_S)) as scanning:
        heard = len(two.ear.heard)
        await until(lambda: len(two.ear.heard) >= heard + 20, BACK_S)
        await scanning


async def test_a_known_transmitter_that_stops_is_lost_within_15_seconds() -> None:
    await radios_ready()
    scanner, ear = MergedScanner((), ScanOptions(transmitters=[Transmitter(FRAME.beacon, "east gate")])), Ear()

    async with ear.at(scanner):
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
            assert proof_of(scanner.read_status()) is Proof.proved
        silent_since = ear.heard[-1].at
        await until(lambda: proof_of(scanner.read_status()) is Proof.lost, LOST_S)
        print(f"noticed after {monotonic() - silent_since:.1f} s")
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again(BACK_S)
            assert proof_of(scanner.read_status()) is Proof.proved


async def test_our_advert_received_by_a_second_adapter_is_a_proof() -> None:
    await radios_ready()
    advertiser, ear = BlueZAdvertiser("hci0", FRAME), Ear()
    scanner = MergedScanner(
        (), ScanOptions(transmitters=[Transmitter(FRAME.beacon, "own advert", advertiser.due_since)])
    )
    async with ear.at(scanner), running(advertiser.keep_on_air()):
        await ear.hears_again()
        proofs = {name: proof_of(status) for name, status in scanner.read_status().adapters.items()}
        assert proofs == {"hci0": Proof.not_proved, "hci1": Proof.proved}
        await power("hci1", False)
        await until(lambda: scanner.read_status().adapters["hci1"].state == "off")
        await until(lambda: scanner.read_status().adapters["hci0"].state == "listening")  # it may just renew its scan
        await power("hci1", True)
        await ear.hears_again(BACK_S)
    assert {sighting.adapter for sighting in ear.heard} == {"hci1"}


async def test_a_silent_passive_scan_is_replaced_by_an_active_one_that_receives_more() -> None:
    await radios_ready()
    scanner, ear = AdapterScanner("hci1", ScanOptions(mode="passive", silence_s=1)), Ear()
    async with ear.at(scanner), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        await until(lambda: scanner.read_status().mode == "active", 15)
        heard = len(ear.heard)
        await until(lambda: len(ear.heard) >= heard + 20, BACK_S)
    assert scanner.read_status().passive_given_up == "hears_less"


async def test_a_passive_scan_receives_a_new_beacon() -> None:
    await radios_ready()
    scanner, ear = AdapterScanner("hci1", ScanOptions(mode="passive")), Ear()
    async with ear.at(scanner):
        await until(lambda: scanner.read_status().state == "listening")
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
    assert ear.heard[0].beacon == FRAME.beacon


async def test_a_passive_scan_receives_a_beacon_that_bluez_remembers_from_an_earlier_scan() -> None:
    await radios_ready()
    timings = RadioTimings(passive_proof_s=5.0 * PATIENCE)  # before it is tested and replaced
    async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        for _ in range(3):
            scanner, ear = AdapterScanner("hci1", ScanOptions(mode="passive", timings=timings)), Ear()
            async with ear.at(scanner):
                await ear.hears_again(BACK_S)
            assert scanner.read_status().mode == "passive"


async def test_a_passive_scan_recovers_from_a_kernel_that_accepts_no_monitor() -> None:
    await radios_ready()
    await block_monitors(1)
    scanner, ear = AdapterScanner("hci1", ScanOptions(mode="passive")), Ear()
    async with ear.at(scanner), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        await ear.hears_again()
        assert (scanner.read_status().mode, scanner.read_status().last_why) == (
            "passive",
            "the kernel takes no monitor",
        )


async def test_an_active_scan_recovers_from_a_kernel_that_accepts_no_monitor() -> None:
    await radios_ready()
    await block_monitors(1)
    scanner = AdapterScanner("hci1")
    async with Ear().at(scanner):

        def disabled_by() -> str | None:
            delivery = scanner.read_status().delivery
            return delivery.filter_taken_off_by if delivery else None

        await until(lambda: disabled_by() == "bluetoothd")
        assert scanner.read_status().last_why == "the kernel takes no monitor"


async def test_a_lost_bus_ends_both_stages_which_can_start_again() -> None:
    await radios_ready()
    advertiser, scanner, ear = BlueZAdvertiser("hci0", FRAME), AdapterScanner("hci1"), Ear()
    on_air = asyncio.create_task(advertiser.keep_on_air())
    hearing = asyncio.create_task(scanner.hear(ear.heard.append))
    await ear.hears_again()
    await end_dbus()
    for stage in (on_air, hearing):
        with pytest.raises(RadioLost):
            await asyncio.wait_for(stage, 5 * PATIENCE)
    assert await find_adapters() == ()
    with pytest.raises(RadioLost, match="no D-Bus system bus"):
        await scanner.hear(ear.heard.append)
    start_dbus()
    await radios_ready()
    async with ear.at(scanner), running(advertiser.keep_on_air()):
        await ear.hears_again(BACK_S)
