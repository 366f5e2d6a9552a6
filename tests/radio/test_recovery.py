"""Real BlueZ in faults that no signal and no new scan mend: the ladder's privileged step brings the radio back."""

import signal
from uuid import UUID

import pytest

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio import bluez, faults, scan
from beacon_gateway.radio.advertiser import BlueZAdvertiser
from beacon_gateway.radio.liveness import Transmitter
from beacon_gateway.radio.merged import MergedScanner
from beacon_gateway.radio.port import HelpRefused
from tests.radio.inside import Ear, end_bluetoothd, radios_ready, running, send_bluetoothd, start_bluetoothd

pytestmark = pytest.mark.lab

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)


class Helper:
    """What systemd does on a Pi; `running`: bluetoothd is still there, hung."""

    def __init__(self, *, running: bool) -> None:
        self.restarts = 0
        self._running = running

    async def restart_bluetoothd(self) -> None:
        self.restarts += 1
        if self._running:
            await end_bluetoothd(signal.SIGKILL)
        start_bluetoothd()

    async def reset(self, adapter: str) -> None:
        raise HelpRefused(f"{adapter} has no hardware here")


@pytest.mark.parametrize("hung", [False, True], ids=["dead", "hung"])
async def test_a_bluetoothd_that_does_not_come_back_is_restarted_once(
    hung: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faults, "LASTS_S", 1.0)
    monkeypatch.setattr(bluez, "CALL_LIMIT_S", 1.0)
    monkeypatch.setattr(scan, "CALL_LIMIT_S", 1.0)
    await radios_ready()
    helper, ear, advertiser = Helper(running=hung), Ear(), BlueZAdvertiser("hci0", FRAME)
    known = Transmitter(FRAME.beacon, "own advert", advertiser.due_since)
    scanner = MergedScanner((), silence_s=1.5, transmitters=[known], helper=helper)
    async with ear.at(scanner), running(advertiser.keep_on_air()):
        await ear.hears_again()
        if hung:
            send_bluetoothd(signal.SIGSTOP)
        else:
            await end_bluetoothd(signal.SIGKILL)
        await ear.is_silent(1.0)
        await ear.hears_again()
        assert helper.restarts == 1
        assert scanner.describe()["asks_a_person"] is False
