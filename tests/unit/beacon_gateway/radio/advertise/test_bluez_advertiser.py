"""BlueZAdvertiser against a fake bluetoothd: refusals, recovery steps and adapters that are off."""

import asyncio
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.radio_status import RecoveryStep, RefusalReason
from beacon_gateway.radio.advertise.advert_wording import word_off_air
from beacon_gateway.radio.advertise.advertiser_group import AdvertiserGroup
from beacon_gateway.radio.advertise.bluez_advertiser import REFUSALS_BEFORE_POWER_CYCLE, BlueZAdvertiser
from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser
from beacon_gateway.radio.ports import RadioLost
from beacon_gateway.radio.recovery.recovery_ladder import Fault
from beacon_gateway.radio.scan.adapter_scanner import AdapterScanner
from tests.radio.waiting import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ
from tests.unit.beacon_gateway.radio.fast_timings import FAST

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)
CONTROLLER = ("org.bluez.Error.Failed", "Failed to register advertisement")
TIMINGS = replace(FAST, advert_pause_cap_s=0.05)


class ResetHelper:
    """RadioHelper that only resets."""

    def __init__(self) -> None:
        self.resets: list[str] = []

    async def restart_bluetoothd(self) -> None:
        raise AssertionError("it would end the scans of others")

    async def reset(self, adapter: str) -> None:
        self.resets.append(adapter)

    async def reset_hardware(self, adapter: str) -> None:
        raise AssertionError("adapters may change their names")


async def test_a_controller_that_keeps_refusing_is_reset_and_a_person_is_asked_once(bluez: FakeBlueZ) -> None:
    timings = replace(TIMINGS, ask_after_s=0.3, refused_rest_s=0.2)
    bluez.errors["RegisterAdvertisement"] = CONTROLLER
    helper = ResetHelper()
    advertiser = BlueZAdvertiser("hci0", FRAME, helper=helper, timings=timings)
    group = AdvertiserGroup({FRAME.beacon: advertiser}, check_s=0.05)
    with capture_logs() as logs:
        async with running(group.keep_on_air()):
            await until(lambda: helper.resets == ["hci0"] and group.read_status().asks_a_person)
            assert bluez.count("Set") == 2  # one power cycle: off and on
            refusal = group.read_status().identities[0].refusal
            assert refusal is not None
            assert refusal.reason is RefusalReason.controller
            await until(lambda: any(line["event"] == "advert.needs_a_person" for line in logs))
            bluez.errors.clear()
            await until(lambda: group.read_status().state == "on_air")
            assert not group.read_status().asks_a_person
    assert [line["event"] for line in logs].count("advert.needs_a_person") == 1


@pytest.mark.thorough
async def test_a_controller_that_refuses_is_power_cycled_once_and_switched_on_again(bluez: FakeBlueZ) -> None:
    bluez.errors["RegisterAdvertisement"] = CONTROLLER
    advertiser = BlueZAdvertiser("hci0", FRAME, timings=FAST)
    async with running(advertiser.keep_on_air()):
        await until(lambda: bluez.count("Set") == 2)
        before = [at for at in bluez.times_of("RegisterAdvertisement") if at < bluez.times_of("Set")[0]]
        assert len(before) == REFUSALS_BEFORE_POWER_CYCLE
        await until(lambda: bluez.count("RegisterAdvertisement") > 4)
        assert (bluez.count("Set"), bluez.powered) == (2, True)
        assert advertiser.seconds_on_air() == 0
        bluez.errors.clear()
        await until(lambda: advertiser.read_status().state == "on_air")


@pytest.mark.thorough
@pytest.mark.parametrize("error", ["NotPermitted", "AlreadyExists"])
async def test_only_a_refusing_controller_is_power_cycled(error: str, bluez: FakeBlueZ) -> None:
    bluez.errors["RegisterAdvertisement"] = (f"org.bluez.Error.{error}", "")
    async with running(BlueZAdvertiser("hci0", FRAME, timings=FAST).keep_on_air()):
        await until(lambda: bluez.count("RegisterAdvertisement") > 4)
    assert bluez.count("Set") == 0


async def test_an_adapter_that_a_scan_recovers_is_not_power_cycled(bluez: FakeBlueZ) -> None:
    bluez.errors["RegisterAdvertisement"] = CONTROLLER
    recovering = True
    advertiser = BlueZAdvertiser("hci0", FRAME, is_recovering=lambda _: recovering, timings=TIMINGS)
    async with running(advertiser.keep_on_air()):
        await until(lambda: bluez.count("RegisterAdvertisement") > 2 * REFUSALS_BEFORE_POWER_CYCLE)
        assert bluez.count("Set") == 0
        recovering = False
        await until(lambda: bluez.count("Set") == 2)


def test_a_scan_is_disturbing_only_while_its_steps_switch_or_reset_the_adapter() -> None:
    recovery = AdapterScanner("hci0").recovery
    assert not recovery.is_disturbing
    recovery.ladder.climb(0.0, Fault("transmitter_lost", (RecoveryStep.new_scanner, RecoveryStep.ask_a_person)))
    assert not recovery.is_disturbing, "a flat battery lasts for weeks"
    recovery.ladder.climb(1.0, Fault("deaf", tuple(RecoveryStep)))
    assert recovery.is_disturbing


async def test_an_adapter_found_off_without_a_signal_is_off_the_air(bluez: FakeBlueZ) -> None:
    advertiser = BlueZAdvertiser("hci0", FRAME, timings=replace(FAST, advert_check_s=0.1))
    group = AdvertiserGroup({FRAME.beacon: advertiser})
    async with running(group.keep_on_air()):
        await until(lambda: group.read_status().state == "on_air")
        bluez.powered = False
        await until(lambda: group.read_status().state == "adapter_off")
        counted = advertiser.seconds_on_air()
        await asyncio.sleep(0.1)
        assert advertiser.seconds_on_air() == counted > 0


async def test_without_a_bus_the_state_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    advertiser = BlueZAdvertiser("hci0", FRAME)
    with pytest.raises(RadioLost):
        await advertiser.keep_on_air()
    assert advertiser.read_status().state == "no_answer"
    assert advertiser.read_status().off_air_s is not None


async def test_time_off_the_air_continues_over_retries_without_a_helper(tmp_path: Path) -> None:
    advertiser = ExactAdvertiser("hci0", FRAME, helper=tmp_path / "nothing")
    for _ in range(2):
        with pytest.raises(RadioLost):
            await advertiser.keep_on_air()
        await asyncio.sleep(0.06)
    status = advertiser.read_status()
    assert status.off_air_s is not None
    assert status.off_air_s >= 0.1
    assert "beacon-radio-helper.socket" in str(word_off_air(replace(status, off_air_s=600.0, asks_a_person=True)))


@pytest.mark.parametrize("interval_ms", [19, 10_241])
def test_an_interval_out_of_range_is_refused(interval_ms: int) -> None:
    with pytest.raises(ValueError, match="20 to 10240 ms"):
        BlueZAdvertiser("hci0", FRAME, interval_ms=interval_ms)
