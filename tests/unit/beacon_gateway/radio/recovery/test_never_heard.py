"""A radio that never heard what it should, from its first second on: the ladder, a person, and the central server."""

import asyncio
from math import inf

import pytest

from beacon_gateway.radio.recovery import adapter_faults, ladder, liveness
from beacon_gateway.radio.recovery.ladder import Ladder
from beacon_gateway.radio.recovery.liveness import Transmitter, Verdict
from beacon_gateway.radio.scan import scan_loop
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scanner import BlueZScanner
from beacon_gateway.sync.report import classify_hearing
from sync_contract.gateway_report import Hearing
from tests.radio.inside import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ
from tests.unit.beacon_gateway.radio.recovery.test_recovery import KNOWN, WALL, Air, Helper, proof, recovery

OTHER = b"\x10\x05another"


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "LOST_AFTER_S", 0.8)
    monkeypatch.setattr(liveness, "NEVER_AFTER_S", 0.8)
    monkeypatch.setattr(liveness, "INTERVALS", 0)
    monkeypatch.setattr(adapter_faults, "LOST_AFTER_S", 0.8)
    monkeypatch.setattr(ladder, "FIRST_REST_S", 0.1)


async def test_a_radio_that_is_deaf_from_the_start_is_renewed_and_power_cycled_and_then_a_person_is_asked(
    bluez: FakeBlueZ,
) -> None:
    helper = Helper()
    scanner = MergedScanner((), transmitters=[KNOWN], helper=helper)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["asks_a_person"])
        told = scanner.describe()
        assert told["trouble"] == "deaf_from_start"
        assert classify_hearing("bluez", told) is Hearing.deaf
        words = str(told["adapters"])
        assert "either the radio is deaf, or that is not there or not on the air" in words
        assert "要么是接收坏了,要么它根本不在那里或没有发出" in words
        assert bluez.count("Set") == 2  # one power cycle: off and on
        assert helper.steps == []
        air = Air(bluez)
        async with running(air.send()):
            await until(lambda: not scanner.describe()["asks_a_person"])
            assert scanner.describe()["trouble"] is None
            assert classify_hearing("bluez", scanner.describe()) is Hearing.proved


async def test_a_tag_that_never_was_there_among_others_costs_no_power_cycle(bluez: FakeBlueZ) -> None:
    air, scanner = Air(bluez), MergedScanner((), transmitters=[KNOWN])
    air.octets = OTHER
    async with running(scanner.hear(lambda _: None)), running(air.send()):
        await until(lambda: scanner.describe()["asks_a_person"])
        told = scanner.describe()
        assert told["trouble"] == "never_heard"
        assert classify_hearing("bluez", told) is Hearing.not_proved, "a radio that hears others is not deaf"
        assert "has not heard east gate once since it began to listen" in str(told["adapters"])
    assert bluez.count("Set") == 0


async def test_a_tag_that_fell_silent_among_others_is_no_deaf_radio(bluez: FakeBlueZ) -> None:
    air, scanner = Air(bluez), MergedScanner((), transmitters=[KNOWN])
    async with running(scanner.hear(lambda _: None)), running(air.send()):
        await until(lambda: classify_hearing("bluez", scanner.describe()) is Hearing.proved)
        air.octets = OTHER
        await until(lambda: scanner.describe()["trouble"] == "transmitter_lost")
        assert classify_hearing("bluez", scanner.describe()) is Hearing.not_proved
        air.audible = False
        await until(lambda: scanner.describe()["trouble"] == "deaf")
        assert classify_hearing("bluez", scanner.describe()) is Hearing.deaf


async def test_what_another_adapter_hears_is_not_missed(bluez: FakeBlueZ) -> None:
    bluez.adapters = ("hci0", "hci1")
    air, scanner = Air(bluez), MergedScanner((), transmitters=[KNOWN])  # hci0 alone hears it
    async with running(scanner.hear(lambda _: None)), running(air.send()):
        await until(lambda: classify_hearing("bluez", scanner.describe()) is Hearing.proved)
        await asyncio.sleep(1.5)
        assert scanner.describe()["trouble"] is None
        assert "never_heard" not in str(scanner.describe()["adapters"])
        assert "deaf_from_start" not in str(scanner.describe()["adapters"])


async def test_our_advert_that_the_second_adapter_never_heard_is_registered_anew(bluez: FakeBlueZ) -> None:
    renewed: list[bool] = []
    own = Transmitter(WALL.beacon, "own advert", renew=lambda: renewed.append(True), own=True)
    scanner = BlueZScanner("hci0", transmitters=[own])
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: renewed)


async def test_our_identity_heard_by_the_adapter_that_sends_it_is_told_as_anothers(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "FOREIGN_AFTER_S", 0.3)
    monkeypatch.setattr(liveness, "FOREIGN_LOOKS", 2)
    own = Transmitter(WALL.beacon, "own advert", lambda adapter: None if adapter == "hci0" else 0.0, own=True)
    air, scanner = Air(bluez), MergedScanner(("hci0",), transmitters=[own])
    async with running(scanner.hear(lambda _: None)), running(air.send()):
        await until(lambda: scanner.describe() and scanner.foreign == {WALL.beacon})
        told = scanner.describe()
    assert "Another device sends our identity (own advert)" in str(told["liveness"])
    assert classify_hearing("bluez", told) is Hearing.not_proved


async def test_an_adapter_that_is_off_has_not_listened(bluez: FakeBlueZ) -> None:
    bluez.powered = False
    scanner = BlueZScanner("hci0", transmitters=[KNOWN])
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["state"] == "off")
        await asyncio.sleep(1.0)
        assert scanner.describe()["trouble"] is None


async def test_a_radio_that_never_heard_anybody_is_a_fault_without_any_known_transmitter_too(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter_faults, "NOTHING_EVER_S", 0.5)
    air, scanner = Air(bluez), MergedScanner(())
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["asks_a_person"])
        told = scanner.describe()
        assert (told["trouble"], classify_hearing("bluez", told)) == ("nothing_ever", Hearing.not_proved)
        assert "either the radio is deaf, or there is no Bluetooth device near" in str(told["adapters"])
        async with running(air.send()):
            await until(lambda: scanner.describe()["trouble"] is None)


async def test_a_passive_scan_whose_self_test_does_not_hear_the_tag_has_lost_it_and_climbs(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan_loop, "SELF_TEST_S", 0.1)
    monkeypatch.setattr(scan_loop, "PROOF_S", 0.2)
    bluez.experimental = True
    helper = Helper()
    scanner = BlueZScanner("hci0", mode="passive", silence_s=0.5, transmitters=[KNOWN], helper=helper)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["state"] == "listening")
        await bluez.hear(WALL.encode())
        await until(lambda: proof(scanner) == "proved")
        await until(lambda: proof(scanner) == "lost")
        assert scanner.describe()["mode"] == "passive"
        await until(lambda: recovery(scanner)["fault"] == "deaf")
        await until(lambda: helper.steps)


def test_a_tag_that_is_not_there_brings_no_storm_of_restarts() -> None:
    """A week beside a tag that was never put up, with nobody else to hear."""
    climbed, taken, second = Ladder(), [], 0.0
    fault = adapter_faults.judge(
        "listening", inf, quiet_s=None, verdict=Verdict((), (), 1, never=("x",)), refused="", others_hear=False,
        spare=False,
    )  # fmt: skip
    assert fault is not None
    while second < 7 * 86_400:
        if step := climbed.climb(second, fault):
            taken.append(step.value)
        second += 1.0
    assert set(taken) == {"new_scanner", "power_cycle", "ask_a_person"}
    assert taken.count("power_cycle") < 7 * 24 / 2
