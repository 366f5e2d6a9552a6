"""Real BlueZ with faults that only a privileged recovery step cures."""

import signal
from pathlib import Path
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.radio_status import RecoveryStatus, RecoveryStep
from beacon_gateway.radio.advertise.bluez_advertiser import BlueZAdvertiser
from beacon_gateway.radio.hci.mgmt_socket import Change, ManagementSocket
from beacon_gateway.radio.helper.helper_client import KernelHelper
from beacon_gateway.radio.recovery.adapter_reset import PrivilegedHelper
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from beacon_gateway.radio.scan.merged_scanner import MergedScanner
from beacon_gateway.radio.scan.scan_options import ScanOptions
from beacon_gateway.radio.timings import RadioTimings
from tests.radio.lab_control import bluetoothd_exists, end_bluetoothd, radios_ready, send_bluetoothd, start_bluetoothd
from tests.radio.test_exact import helper as helper_program
from tests.radio.waiting import PATIENCE, Ear, running, until
from tests.unit.beacon_gateway.radio.fake_systemd import fake_systemd

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


BUS = "unix:path=/run/dbus/system_bus_socket"
SOON_S = max(1.0, PATIENCE / 2)
"""A second on an idle machine. A healthy bluetoothd on a busy one may take longer to reply, without a restart."""
TIMINGS = RadioTimings(fault_after_s=SOON_S, call_limit_s=SOON_S)


@pytest.mark.parametrize("stopped", [False, True], ids=["dead", "stopped"])
async def test_a_bluetoothd_that_does_not_return_is_restarted_once_for_both_adapters(
    tmp_path: Path, stopped: bool
) -> None:
    """systemd does not run in the lab: a fake one restarts the real bluetoothd."""
    await radios_ready()

    async def restart(verb: str, unit: str) -> None:
        assert (verb, unit) == ("RestartUnit", "bluetooth.service")
        if bluetoothd_exists():
            await end_bluetoothd(signal.SIGKILL)
        start_bluetoothd()

    ear, advertiser = Ear(), BlueZAdvertiser("hci0", FRAME)
    known = Transmitter(FRAME.beacon, "own advert", advertiser.due_since)
    helper = PrivilegedHelper(KernelHelper(tmp_path / "none").reset)
    scanner = MergedScanner(
        (), ScanOptions(silence_s=1.5 * SOON_S, transmitters=[known], helper=helper, timings=TIMINGS)
    )
    async with fake_systemd(BUS) as systemd, ear.at(scanner), running(advertiser.keep_on_air()):
        systemd.work = restart
        await ear.hears_again()
        if stopped:
            send_bluetoothd(signal.SIGSTOP)
        else:
            await end_bluetoothd(signal.SIGKILL)
        await until(lambda: systemd.jobs, 60)  # frames in transit may still arrive before
        await ear.hears_again(60)
        assert len(systemd.jobs) == 1
        assert scanner.read_status().asks_a_person is False


def recovery_of(scanner: AdapterScanner) -> RecoveryStatus:
    status = scanner.read_status().recovery
    assert status is not None
    return status


async def test_without_systemd_the_adapter_is_reset_through_the_real_helper(tmp_path: Path) -> None:
    await radios_ready()
    changes: list[Change] = []
    with helper_program(tmp_path) as (path, _):
        await until(path.is_socket)
        privileged = PrivilegedHelper(KernelHelper(path).reset)
        ear, scanner = (
            Ear(),
            AdapterScanner("hci1", ScanOptions(silence_s=1.5 * SOON_S, helper=privileged, timings=TIMINGS)),
        )
        mgmt = ManagementSocket.open(changes.append)
        try:
            async with ear.at(scanner), running(BlueZAdvertiser("hci0", FRAME).keep_on_air()):
                await ear.hears_again()
                await mgmt.list_adapters()
                send_bluetoothd(signal.SIGSTOP)
                await until(lambda: recovery_of(scanner).taken == {RecoveryStep.reset_adapter: 1}, 60)
                assert recovery_of(scanner).skipped == {RecoveryStep.restart_bluetoothd: "systemd is not on the bus"}
                off_and_on = ["adapter switched off", "adapter switched on"]
                await until(lambda: [change.why for change in changes if change.adapter == 1] == off_and_on)
                send_bluetoothd(signal.SIGCONT)
                await ear.hears_again(60)
        finally:
            send_bluetoothd(signal.SIGCONT)
            mgmt.close()
