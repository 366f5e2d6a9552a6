"""Real BlueZ in faults that no signal and no new scan mend: the ladder's privileged step brings the radio back."""

import signal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio import bluez
from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser
from beacon_gateway.radio.hci.mgmt_socket import Change, Mgmt
from beacon_gateway.radio.helper.helper_client import KernelHelper
from beacon_gateway.radio.port import HelpRefused
from beacon_gateway.radio.recovery import adapter_faults
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.recovery.privileged_steps import Privileged
from beacon_gateway.radio.recovery.systemd_units import SystemdHelper
from beacon_gateway.radio.scan import scan_session
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scanner import BlueZScanner
from tests.radio.inside import (
    PATIENCE,
    Ear,
    bluetoothd_is_there,
    end_bluetoothd,
    radios_ready,
    running,
    send_bluetoothd,
    start_bluetoothd,
    until,
)
from tests.radio.test_exact import helper as helper_program
from tests.unit.beacon_gateway.radio.fake_systemd import fake_systemd

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


BUS = "unix:path=/run/dbus/system_bus_socket"


class Helper:
    """What systemd does on a Pi."""

    def __init__(self) -> None:
        self.restarts = 0

    async def restart_bluetoothd(self) -> None:
        self.restarts += 1
        await restart_bluetoothd()

    async def reset(self, adapter: str) -> None:
        raise HelpRefused(f"no radio helper for {adapter} here")

    async def reset_hardware(self, adapter: str) -> None:
        raise HelpRefused(f"{adapter} has no hardware here")


async def restart_bluetoothd() -> None:
    if bluetoothd_is_there():
        await end_bluetoothd(signal.SIGKILL)
    start_bluetoothd()


@pytest.mark.parametrize("hung", [False, True], ids=["dead", "hung"])
async def test_a_bluetoothd_that_does_not_come_back_is_restarted_once(hung: bool, soon: None) -> None:
    await radios_ready()
    helper, ear, advertiser = Helper(), Ear(), BlueZAdvertiser("hci0", FRAME)
    known = Transmitter(FRAME.beacon, "own advert", advertiser.due_since)
    scanner = MergedScanner((), silence_s=1.5 * SOON_S, transmitters=[known], helper=helper)
    async with ear.at(scanner), running(advertiser.keep_on_air()):
        await ear.hears_again()
        if hung:
            send_bluetoothd(signal.SIGSTOP)
        else:
            await end_bluetoothd(signal.SIGKILL)
        await until(lambda: helper.restarts)  # what is still on its way when it ends may be heard before
        await ear.hears_again()
        assert helper.restarts == 1
        assert scanner.describe()["asks_a_person"] is False


SOON_S = max(1.0, PATIENCE / 2)
"""A second on an idle machine. On one that others use too a healthy bluetoothd may take longer to answer, and is not
to be restarted for that: it is counted how often it was."""


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Faults are faults soon, and so is silence on the bus."""
    monkeypatch.setattr(adapter_faults, "LASTS_S", SOON_S)
    monkeypatch.setattr(bluez, "CALL_LIMIT_S", SOON_S)
    monkeypatch.setattr(scan_session, "CALL_LIMIT_S", SOON_S)


def ladder(scanner: BlueZScanner) -> dict[str, Any]:
    told = scanner.describe()["recovery"]
    assert isinstance(told, dict)
    return told


async def test_a_hung_bluetoothd_is_restarted_through_systemds_own_interface(soon: None, tmp_path: Path) -> None:
    """systemd itself cannot run here: one with its interface restarts the real bluetoothd, as the real one would."""
    await radios_ready()

    async def restart(verb: str, unit: str) -> None:
        assert (verb, unit) == ("RestartUnit", "bluetooth.service")
        await restart_bluetoothd()

    ear, advertiser = Ear(), BlueZAdvertiser("hci0", FRAME)
    privileged = Privileged(kernel=KernelHelper(tmp_path / "none"), systemd=SystemdHelper())
    scanner = BlueZScanner("hci1", silence_s=1.5 * SOON_S, helper=privileged)
    async with fake_systemd(BUS) as systemd, ear.at(scanner), running(advertiser.keep_on_air()):
        systemd.work = restart
        await ear.hears_again()
        send_bluetoothd(signal.SIGSTOP)
        await until(lambda: systemd.jobs, 60)
        await ear.hears_again(60)
        await until(lambda: ladder(scanner)["fault"] is None)
        assert ladder(scanner)["taken"] == {"restart_bluetoothd": 1}
        assert len(systemd.jobs) == 1


async def test_where_systemd_refuses_the_ladder_resets_the_adapter_through_the_real_helper(
    soon: None, tmp_path: Path
) -> None:
    await radios_ready()
    changes: list[Change] = []
    with helper_program(tmp_path) as (path, _):
        await until(path.is_socket)
        privileged = Privileged(kernel=KernelHelper(path), systemd=SystemdHelper())
        ear, scanner = Ear(), BlueZScanner("hci1", silence_s=1.5 * SOON_S, helper=privileged)
        mgmt = Mgmt.open(changes.append)
        try:
            async with ear.at(scanner), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
                await ear.hears_again()
                await mgmt.adapters()
                send_bluetoothd(signal.SIGSTOP)
                await until(lambda: ladder(scanner)["taken"] == {"reset_adapter": 1}, 60)
                assert ladder(scanner)["skipped"] == {"restart_bluetoothd": "systemd is not on the bus"}
                off_and_on = ["adapter switched off", "adapter switched on"]
                await until(lambda: [change.why for change in changes if change.adapter == 1] == off_and_on)
                send_bluetoothd(signal.SIGCONT)
                await ear.hears_again(60)
        finally:
            send_bluetoothd(signal.SIGCONT)
            mgmt.close()
