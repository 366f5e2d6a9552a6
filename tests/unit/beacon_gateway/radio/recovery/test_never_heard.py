"""A radio that never received what it should: troubles, recovery, and Hearing for the central server."""

import asyncio
from dataclasses import replace

from beacon_gateway.model.radio_status import Proof
from beacon_gateway.radio.radio_wording import word_liveness, word_recovery
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from beacon_gateway.sync.report import classify_hearing
from sync_contract.gateway_report import Hearing
from tests.radio.waiting import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ
from tests.unit.beacon_gateway.radio.recovery.broken_radio import KNOWN, TIMINGS, WALL, StepHelper, WallBeacon
from tests.unit.beacon_gateway.radio.recovery.test_recovery_loop import proof, recovery

OTHER = b"\x10\x05another"


def hearing(scanner: MergedScanner) -> Hearing:
    return classify_hearing("bluez", scanner.read_status())


def recovery_words(scanner: MergedScanner) -> str:
    adapters = scanner.read_status().adapters.values()
    return "\n".join(str(word_recovery(each.recovery)) for each in adapters if each.recovery)


async def test_a_radio_that_is_deaf_from_the_start_is_power_cycled_and_then_a_person_is_asked(bluez: FakeBlueZ) -> None:
    helper = StepHelper()
    scanner = MergedScanner((), ScanOptions(transmitters=[KNOWN], helper=helper, timings=TIMINGS))
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.read_status().asks_a_person)
        assert scanner.read_status().trouble == "deaf_from_start"
        assert hearing(scanner) is Hearing.deaf
        assert "either the radio is deaf, or that is not there or not on the air" in recovery_words(scanner)
        assert "要么是接收坏了,要么它根本不在那里或没有发出" in recovery_words(scanner)
        assert bluez.count("Set") == 2  # one power cycle: off and on
        assert helper.steps == []
        async with running(WallBeacon(bluez).send()):
            await until(lambda: not scanner.read_status().asks_a_person)
            assert scanner.read_status().trouble is None
            assert hearing(scanner) is Hearing.proved


async def test_a_tag_that_never_existed_among_others_causes_no_power_cycle(bluez: FakeBlueZ) -> None:
    beacon, scanner = WallBeacon(bluez), MergedScanner((), ScanOptions(transmitters=[KNOWN], timings=TIMINGS))
    beacon.data = OTHER
    async with running(scanner.hear(lambda _: None)), running(beacon.send()):
        await until(lambda: scanner.read_status().asks_a_person)
        assert scanner.read_status().trouble == "never_heard"
        assert hearing(scanner) is Hearing.not_proved, "a radio that receives others is not deaf"
        assert "has not heard east gate once since it began to listen" in recovery_words(scanner)
    assert bluez.count("Set") == 0


async def test_a_tag_that_becomes_silent_among_others_is_no_deaf_radio(bluez: FakeBlueZ) -> None:
    beacon, scanner = WallBeacon(bluez), MergedScanner((), ScanOptions(transmitters=[KNOWN], timings=TIMINGS))
    async with running(scanner.hear(lambda _: None)), running(beacon.send()):
        await until(lambda: hearing(scanner) is Hearing.proved)
        beacon.data = OTHER
        await until(lambda: scanner.read_status().trouble == "transmitter_lost")
        assert hearing(scanner) is Hearing.not_proved
        beacon.audible = False
        await until(lambda: scanner.read_status().trouble == "deaf")
        assert hearing(scanner) is Hearing.deaf


async def test_what_another_adapter_receives_is_not_missing(bluez: FakeBlueZ) -> None:
    bluez.adapters = ("hci0", "hci1")
    scanner = MergedScanner((), ScanOptions(transmitters=[KNOWN], timings=TIMINGS))  # hci0 alone receives it
    async with running(scanner.hear(lambda _: None)), running(WallBeacon(bluez).send()):
        await until(lambda: hearing(scanner) is Hearing.proved)
        await asyncio.sleep(1.5)
        assert scanner.read_status().trouble is None
        assert [each.trouble for each in scanner.read_status().adapters.values()] == [None, None]


async def test_our_identity_received_by_the_adapter_that_sends_it_is_reported_as_foreign(bluez: FakeBlueZ) -> None:
    timings = replace(TIMINGS, foreign_after_s=0.3, foreign_checks=2)
    own = Transmitter(WALL.beacon, "own advert", lambda adapter: None if adapter == "hci0" else 0.0, own=True)
    scanner = MergedScanner(("hci0",), ScanOptions(transmitters=[own], timings=timings))
    async with running(scanner.hear(lambda _: None)), running(WallBeacon(bluez).send()):
        await until(lambda: scanner.read_status() and scanner.foreign == {WALL.beacon})
        liveness = scanner.read_status().liveness
        assert liveness is not None
        assert "Another device sends our identity (own advert)" in word_liveness(liveness)["en"]
        assert hearing(scanner) is Hearing.not_proved


async def test_a_radio_that_never_received_any_advert_has_a_fault_without_a_known_transmitter(bluez: FakeBlueZ) -> None:
    scanner = MergedScanner((), ScanOptions(timings=replace(TIMINGS, nothing_ever_s=0.5)))
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.read_status().asks_a_person)
        assert (scanner.read_status().trouble, hearing(scanner)) == ("nothing_ever", Hearing.not_proved)
        assert "either the radio is deaf, or there is no Bluetooth device near" in recovery_words(scanner)
        async with running(WallBeacon(bluez).send()):
            await until(lambda: scanner.read_status().trouble is None)


async def test_a_passive_scan_whose_self_test_does_not_receive_the_tag_has_lost_it(bluez: FakeBlueZ) -> None:
    timings = replace(TIMINGS, self_test_s=0.1, passive_proof_s=0.2)
    bluez.experimental = True
    helper = StepHelper()
    scanner = AdapterScanner(
        "hci0", ScanOptions(mode="passive", silence_s=0.5, transmitters=[KNOWN], helper=helper, timings=timings)
    )
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.read_status().state == "listening")
        await bluez.report_advert(WALL.encode())
        await until(lambda: proof(scanner) is Proof.proved)
        await until(lambda: proof(scanner) is Proof.lost)
        assert scanner.read_status().mode == "passive"
        await until(lambda: recovery(scanner).fault == "deaf")
        await until(lambda: helper.steps)
