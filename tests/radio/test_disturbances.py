"""Gateway A advertises on hci0, gateway B hears on hci1; whatever happens to the radio, both come back."""

import asyncio
import signal
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import pytest

from beacon_gateway.presence.trace import DecisionKind
from beacon_gateway.radio import bluez
from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser
from beacon_gateway.radio.bluez import find_adapters
from beacon_gateway.radio.port import RadioLost
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan import scan_loop
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scanner import BlueZScanner
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
    scan_beside,
)
from tests.radio.inside import (
    PATIENCE,
    Ear,
    end_bluetoothd,
    end_dbus,
    jam_monitors,
    power,
    radios_ready,
    running,
    send_bluetoothd,
    start_dbus,
    until,
)

pytestmark = pytest.mark.lab

LASTS_S = 1.5
"""So long is each cause: the silence is seen, and is shorter than the exit period."""


def adapters_of(scanner: MergedScanner) -> dict[str, Any]:
    told = scanner.describe()["adapters"]
    assert isinstance(told, dict)
    return told


def told(scanner: BlueZScanner, what: str) -> dict[str, Any]:
    described = scanner.describe()[what]
    assert isinstance(described, dict)
    return described


@pytest.fixture
async def two() -> AsyncIterator[Pair]:
    async with pair() as two:
        yield two


@pytest.mark.parametrize("name", DISTURBANCES)
async def test_both_come_back_by_themselves_and_the_pause_decides_nothing(name: str, two: Pair) -> None:
    disturbance, before = DISTURBANCES[name], two.counts()
    recovery = await recover(two, lambda: disturbance.cause(LASTS_S))
    print(f"heard again {recovery.took_s:.2f} s after the end of the cause, silent for {recovery.silent_s:.2f} s")
    assert two.counts() != before or not disturbance.renews
    assert two.told("rebuilds") <= 3
    first, *rest = [each.kind for each in decisions(two.ear.heard, EXIT_S * PATIENCE)]
    assert first is DecisionKind.arrived
    assert set(rest) <= {DecisionKind.shown}
    assert len(rest) <= 1


async def test_while_the_adapter_is_off_nothing_is_on_the_air_and_no_seconds_are_counted(two: Pair) -> None:
    await power("hci0", False)
    await until(lambda: two.advertiser.describe()["state"] == "off")
    counted = two.advertiser.seconds_on_air()
    await two.ear.is_silent(1.0)
    assert two.advertiser.seconds_on_air() == counted
    await power("hci0", True)
    await until(lambda: two.advertiser.seconds_on_air() > counted)
    await two.ear.hears_again(3)


async def test_a_beacon_that_stops_is_silent_for_the_other() -> None:
    await radios_ready()
    scanner, ear = BlueZScanner("hci1", silence_s=1.5), Ear()
    async with ear.at(scanner):
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
        await ear.is_silent(1.0, limit_s=2.0)
        await until(lambda: scanner.describe()["state"] == "silent")
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
        assert scanner.describe()["rebuilds_why"] == {"silence": scanner.describe()["rebuilds"]}


async def test_a_bluetoothd_that_hangs_is_said_and_survived(two: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    await power("hci1", False)
    await until(lambda: two.told("state") == "off")
    with monkeypatch.context() as hurried:
        hurried.setattr(bluez, "CALL_LIMIT_S", 0.5)
        send_bluetoothd(signal.SIGSTOP)
        try:
            await until(lambda: two.told("state") == "no_answer")
            assert await find_adapters() == ()
        finally:
            send_bluetoothd(signal.SIGCONT)
    await power("hci1", True)
    await two.ear.hears_again()


async def test_when_a_crowd_of_200_tags_has_gone_the_beacon_on_the_wall_is_heard_again() -> None:
    crowd = await recover_from_crowd()
    print(f"heard again {crowd.took_s:.2f} s after the crowd went, silent for {crowd.silent_s:.2f} s")


async def test_while_another_program_scans_without_a_filter_we_hear_on(two: Pair) -> None:
    async with running(scan_beside(BACK_S)) as scanning:
        heard = len(two.ear.heard)
        await until(lambda: len(two.ear.heard) >= heard + 20, BACK_S)
        await scanning


async def test_a_known_transmitter_that_falls_silent_is_noticed_within_15_seconds() -> None:
    await radios_ready()
    scanner, ear = MergedScanner((), transmitters=[Transmitter(FRAME.beacon, "east gate")]), Ear()

    def proof() -> object:
        told = scanner.describe()["liveness"]
        assert isinstance(told, dict)
        return told["proof"]

    async with ear.at(scanner):
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
            assert proof() == "proved"
        silent_since = ear.heard[-1].at
        await until(lambda: proof() == "lost", LOST_S)
        print(f"noticed after {monotonic() - silent_since:.1f} s")
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again(BACK_S)
            assert proof() == "proved"


async def test_our_own_advert_heard_by_a_second_adapter_proves_it_and_neither_stops_the_other() -> None:
    await radios_ready()
    advertiser, ear = BlueZAdvertiser("hci0", FRAME), Ear()
    scanner = MergedScanner((), transmitters=[Transmitter(FRAME.beacon, "own advert", advertiser.due_since)])
    async with ear.at(scanner), running(advertiser.keep_on_air()):
        await ear.hears_again()
        proofs = {name: told["liveness"]["proof"] for name, told in adapters_of(scanner).items()}
        assert proofs == {"hci0": "not_proved", "hci1": "proved"}
        await power("hci1", False)
        await until(lambda: adapters_of(scanner)["hci1"]["state"] == "off")
        await until(lambda: adapters_of(scanner)["hci0"]["state"] == "listening")  # it may just renew its scan
        await power("hci1", True)
        await ear.hears_again(BACK_S)
    assert {sighting.adapter for sighting in ear.heard} == {"hci1"}


async def test_a_passive_scan_that_tells_nothing_more_is_found_out_by_an_active_one() -> None:
    await radios_ready()
    scanner, ear = BlueZScanner("hci1", mode="passive", silence_s=1), Ear()
    async with ear.at(scanner), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        await until(lambda: scanner.describe()["mode"] == "active", 15)
        heard = len(ear.heard)
        await until(lambda: len(ear.heard) >= heard + 20, BACK_S)
    assert "did not hear beacons that an active scan hears" in str(scanner.describe()["mode_words"])


async def test_a_passive_scan_hears_a_beacon_come() -> None:
    await radios_ready()
    scanner, ear = BlueZScanner("hci1", mode="passive"), Ear()
    async with ear.at(scanner):
        await until(lambda: scanner.describe()["state"] == "listening")
        async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
            await ear.hears_again()
    assert ear.heard[0].beacon == FRAME.beacon


async def test_a_passive_scan_hears_a_beacon_that_bluez_remembers_from_the_scan_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await radios_ready()
    monkeypatch.setattr(scan_loop, "PROOF_S", scan_loop.PROOF_S * PATIENCE)  # then it is tested and replaced
    async with running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        for _ in range(3):
            scanner, ear = BlueZScanner("hci1", mode="passive"), Ear()
            async with ear.at(scanner):
                await ear.hears_again(BACK_S)
            assert scanner.describe()["mode"] == "passive"


async def test_where_the_kernel_takes_no_monitor_any_more_a_passive_scan_hears_all_the_same() -> None:
    await radios_ready()
    await jam_monitors(1)
    scanner, ear = BlueZScanner("hci1", mode="passive"), Ear()
    async with ear.at(scanner), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
        await ear.hears_again()
        assert (scanner.describe()["mode"], scanner.describe()["last_why"]) == (
            "passive",
            "the kernel takes no monitor",
        )


async def test_where_the_kernel_takes_no_monitor_any_more_an_active_scan_has_every_advert_all_the_same() -> None:
    await radios_ready()
    await jam_monitors(1)
    scanner = BlueZScanner("hci1")
    async with Ear().at(scanner):
        await until(lambda: told(scanner, "delivery")["filter_taken_off_by"] == "bluetoothd")
        assert scanner.describe()["last_why"] == "the kernel takes no monitor"


async def test_without_bluetoothd_there_is_no_adapter() -> None:
    await end_bluetoothd()
    assert await find_adapters() == ()


async def test_a_lost_bus_ends_both_stages_and_both_can_start_again() -> None:
    await radios_ready()
    advertiser, scanner, ear = BlueZAdvertiser("hci0", FRAME), BlueZScanner("hci1"), Ear()
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
