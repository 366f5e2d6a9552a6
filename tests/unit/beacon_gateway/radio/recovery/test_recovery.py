"""A fault that a new scan does not mend: the ladder's steps, taken on a radio that is broken in different ways."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.port import HelpRefused
from beacon_gateway.radio.recovery import adapter_faults, ladder, liveness
from beacon_gateway.radio.recovery.liveness import Transmitter, Verdict
from beacon_gateway.radio.scan.scanner import BlueZScanner
from tests.radio.inside import PATIENCE, running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ

WALL = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)
KNOWN = Transmitter(WALL.beacon, "east gate")
LASTS_S = max(0.2, 0.1 * PATIENCE)
"""The adapter is off for a moment while the ladder switches it off and on: on no machine for so long."""
REST_S = max(0.1, 0.05 * PATIENCE)
"""A step has its effect within this, and within the twofold of it for the next step, and so on."""


@pytest.fixture(autouse=True)
def _short_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(liveness, "LOST_AFTER_S", 0.8)  # a frame comes each 0.1 s, later where the machine is busy
    monkeypatch.setattr(liveness, "INTERVALS", 0)
    monkeypatch.setattr(adapter_faults, "LOST_AFTER_S", 0.8)
    monkeypatch.setattr(adapter_faults, "LASTS_S", LASTS_S)
    monkeypatch.setattr(ladder, "FIRST_REST_S", REST_S)


class Helper:
    """Someone with privilege; `heals` is called after each step with its name."""

    def __init__(self, heals: Callable[[str], None] = lambda _: None) -> None:
        self.steps: list[str] = []
        self._heals = heals

    async def restart_bluetoothd(self) -> None:
        self._did("restart")

    async def reset(self, adapter: str) -> None:
        self._did(f"reset {adapter}")

    async def reset_hardware(self, adapter: str) -> None:
        self._did(f"hardware {adapter}")

    def _did(self, step: str) -> None:
        self.steps.append(step)
        self._heals(step)


class Air:
    """The wall beacon sends ten times a second; `audible`: the radio gets it."""

    def __init__(self, bluez: FakeBlueZ) -> None:
        self.audible = True
        self.octets = WALL.encode()
        self._bluez = bluez

    async def send(self) -> None:
        while True:
            if self.audible:
                await self._bluez.hear(self.octets)
            await asyncio.sleep(0.1)


@asynccontextmanager
async def hearing(scanner: BlueZScanner, air: Air) -> AsyncIterator[None]:
    """The scanner at work, and the wall beacon heard."""
    async with running(scanner.hear(lambda _: None)), running(air.send()):
        await until(lambda: proof(scanner) == "proved")
        yield


def recovery(scanner: BlueZScanner) -> dict[str, object]:
    told = scanner.describe()["recovery"]
    assert isinstance(told, dict)
    return told


def proof(scanner: BlueZScanner) -> object:
    told = scanner.describe()["liveness"]
    assert isinstance(told, dict)
    return told["proof"]


async def test_a_deaf_radio_is_climbed_after_step_by_step_and_left_alone_once_it_hears(bluez: FakeBlueZ) -> None:
    air = Air(bluez)
    helper = Helper(lambda step: setattr(air, "audible", step.startswith("reset")))
    scanner = BlueZScanner("hci0", transmitters=[KNOWN], helper=helper)
    async with hearing(scanner, air):
        air.audible = False
        await until(lambda: proof(scanner) == "lost")
        await until(lambda: recovery(scanner)["fault"] == "deaf")
        assert "hears nothing, not even east gate" in str(recovery(scanner)["words"])
        await until(lambda: helper.steps == ["restart", "reset hci0"])
        assert bluez.count("Set") == 2  # one power cycle: off and on
        assert bluez.powered
        await until(lambda: proof(scanner) == "proved" and recovery(scanner)["fault"] is None)
        told = recovery(scanner)
        assert told["taken"] == dict.fromkeys(("new_scanner", "power_cycle", "restart_bluetoothd", "reset_adapter"), 1)
        assert (told["asks_a_person"], told["words"]) == (False, None)


async def test_without_a_privileged_helper_its_steps_are_skipped_aloud_and_a_person_is_asked(bluez: FakeBlueZ) -> None:
    air = Air(bluez)
    scanner = BlueZScanner("hci0", transmitters=[KNOWN])
    async with hearing(scanner, air):
        air.audible = False
        await until(lambda: recovery(scanner)["asks_a_person"])
        told = recovery(scanner)
        alone = ("restart_bluetoothd", "reset_adapter", "reset_hardware")
        assert told["skipped"] == dict.fromkeys(alone, "no privileged helper")
        assert "a person is needed" in str(told["words"])
        assert "请人来看" in str(told["words"])
        air.audible = True
        await until(lambda: not recovery(scanner)["asks_a_person"])


async def test_who_only_looks_switches_and_resets_nothing_and_still_says_what_is_wrong(bluez: FakeBlueZ) -> None:
    """`beacon-gateway scan` beside a running gateway: its radio is the gateway's to mend."""
    air, helper = Air(bluez), Helper()
    scanner = BlueZScanner("hci0", transmitters=[KNOWN], helper=helper, only_looks=True)
    async with hearing(scanner, air):
        air.audible = False
        await until(lambda: recovery(scanner)["asks_a_person"])
        alone = ("power_cycle", "restart_bluetoothd", "reset_adapter", "reset_hardware")
        assert recovery(scanner)["skipped"] == dict.fromkeys(alone, "left to the gateway")
        bluez.errors["StartDiscovery"] = ("org.bluez.Error.InProgress", "Operation already in progress")
        await bluez.restart()
        tries = bluez.count("StartDiscovery")
        await until(lambda: bluez.count("StartDiscovery") > tries + 3)
        assert (bluez.count("Set"), helper.steps) == (0, [])


async def test_a_helper_that_is_refused_is_no_end_of_the_climb(bluez: FakeBlueZ) -> None:
    class Refused(Helper):
        async def restart_bluetoothd(self) -> None:
            raise HelpRefused("polkit does not allow it")

    air, helper = Air(bluez), Refused()
    scanner = BlueZScanner("hci0", transmitters=[KNOWN], helper=helper)
    async with hearing(scanner, air):
        air.audible = False
        await until(lambda: helper.steps == ["reset hci0"])
        assert recovery(scanner)["skipped"] == {"restart_bluetoothd": "polkit does not allow it"}


async def test_a_tag_that_falls_silent_among_others_is_the_tags_fault_and_costs_no_power_cycle(
    bluez: FakeBlueZ,
) -> None:
    air, helper = Air(bluez), Helper()
    scanner = BlueZScanner("hci0", transmitters=[KNOWN], helper=helper)
    async with hearing(scanner, air):
        air.octets = b"\x10\x05another"
        await until(lambda: recovery(scanner)["asks_a_person"])
        told = recovery(scanner)
        assert (told["fault"], told["detail"]) == ("transmitter_lost", "east gate")
        assert "its battery is flat or it was taken away" in str(told["words"])
        assert (bluez.count("Set"), helper.steps) == (0, [])


async def test_a_bluetoothd_that_hangs_is_restarted_and_never_power_cycled(bluez: FakeBlueZ) -> None:
    helper = Helper(lambda _: bluez.hung.clear())
    scanner = BlueZScanner("hci0", helper=helper)
    bluez.hung = {"GetManagedObjects"}
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: helper.steps == ["restart"])
        await until(lambda: scanner.describe()["state"] == "listening")
        await until(lambda: recovery(scanner)["fault"] is None)
    assert bluez.count("Set") == 0


async def test_bluetoothd_is_not_restarted_for_one_adapter_while_another_hears(bluez: FakeBlueZ) -> None:
    air, helper = Air(bluez), Helper()
    scanner = BlueZScanner("hci0", transmitters=[KNOWN], helper=helper, others_hear=lambda: True)
    async with hearing(scanner, air):
        air.audible = False
        await until(lambda: recovery(scanner)["asks_a_person"])
    assert set(helper.steps) == {"reset hci0", "hardware hci0"}


async def test_an_adapter_that_somebody_switched_off_is_told_to_a_person_and_not_switched_on(bluez: FakeBlueZ) -> None:
    bluez.powered = False
    helper = Helper()
    scanner = BlueZScanner("hci0", helper=helper)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: recovery(scanner)["asks_a_person"])
    assert "hci0 is switched off" in str(recovery(scanner)["words"])
    assert (bluez.count("Set"), helper.steps) == (0, [])


def test_an_adapter_that_nobody_named_may_be_off_or_gone_while_another_hears() -> None:
    for spare, fault in ((True, None), (False, "off")):
        judged = adapter_faults.judge(
            "off", 60, quiet_s=60.0, verdict=Verdict((), (), 0), refused="", others_hear=True, spare=spare
        )
        assert (judged.name if judged else None) == fault


async def test_an_advert_of_ours_that_is_not_heard_is_registered_anew(bluez: FakeBlueZ) -> None:
    renewed: list[bool] = []
    own = Transmitter(WALL.beacon, "own advert", renew=lambda: renewed.append(True))
    air, scanner = Air(bluez), BlueZScanner("hci0", transmitters=[own])
    async with hearing(scanner, air):
        air.audible = False
        await until(lambda: renewed)


async def test_an_unproved_silence_costs_a_power_cycle_and_nothing_more(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter_faults, "SILENT_S", 1.0)
    helper = Helper()
    scanner = BlueZScanner("hci0", helper=helper)
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["state"] == "listening")
        await asyncio.sleep(1.1)
        assert recovery(scanner)["fault"] is None  # where nothing was ever heard, nothing is missed
        await bluez.hear(WALL.encode())
        await until(lambda: recovery(scanner)["taken"] == {"power_cycle": 1})
        await asyncio.sleep(0.2)
        assert recovery(scanner)["taken"] == {"power_cycle": 1}
        assert recovery(scanner)["asks_a_person"] is False
    assert helper.steps == []


async def test_after_a_crash_of_bluetoothd_a_busy_kernel_is_power_cycled_at_once(bluez: FakeBlueZ) -> None:
    scanner = BlueZScanner("hci0")
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["state"] == "listening")
        bluez.errors["StartDiscovery"] = ("org.bluez.Error.InProgress", "Operation already in progress")
        await bluez.restart()
        await until(lambda: bluez.count("Set") == 2)
        switched = bluez.moments("Set")[0]
        assert len([at for at in bluez.moments("StartDiscovery") if at < switched]) == 2  # refused once since then
        tries = bluez.count("StartDiscovery")
        await until(lambda: bluez.count("StartDiscovery") > tries + 3)
        assert bluez.count("Set") == 2


async def test_a_bluetoothd_that_cannot_scan_passively_is_said_and_the_scan_is_active(bluez: FakeBlueZ) -> None:
    bluez.errors["RegisterMonitor"] = ("org.freedesktop.DBus.Error.UnknownMethod", "no such method")
    scanner = BlueZScanner("hci0", mode="passive")
    async with running(scanner.hear(lambda _: None)):
        await until(lambda: scanner.describe()["state"] == "listening")
    told = scanner.describe()
    assert told["mode"] == "active"
    assert "without Experimental" in str(told["mode_words"])
