"""An advert that stays off the air: what was refused, since when, what to do, and who is asked."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.radio.advertise import advertiser as advertising
from beacon_gateway.radio.advertise import advertiser_group as adverts_module
from beacon_gateway.radio.advertise import off_air as off_air_module
from beacon_gateway.radio.advertise.advert_wording import off_air, refusal
from beacon_gateway.radio.advertise.advertiser import BlueZAdvertiser
from beacon_gateway.radio.advertise.advertiser_group import Adverts
from beacon_gateway.radio.advertise.exact_advertiser import ExactAdvertiser
from beacon_gateway.radio.advertise.off_air import ASK_AFTER_S, SAY_AFTER_S, OffAir
from beacon_gateway.radio.bluez import BlueZRefused, NoAnswer
from beacon_gateway.radio.port import HelpRefused, RadioLost
from beacon_gateway.radio.recovery.ladder import Fault, Step
from beacon_gateway.radio.scan.scanner import BlueZScanner
from tests.radio.inside import running, until
from tests.unit.beacon_gateway.radio.fake_bluez import FakeBlueZ

FRAME = IBeacon(UUID("5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"), 1, 2, -59)
CONTROLLER = ("org.bluez.Error.Failed", "Failed to register advertisement")
STATES = ("starting", "off", "no_adapter", "no_advertising", "no_answer", "no_helper", "refused")


class Helper:
    """Resets, and nothing else; `can`: else it refuses."""

    def __init__(self, *, can: bool = True) -> None:
        self.resets: list[str] = []
        self._can = can

    async def restart_bluetoothd(self) -> None:
        raise AssertionError("the scan of others would suffer")

    async def reset(self, adapter: str) -> None:
        if not self._can:
            raise HelpRefused("not here")
        self.resets.append(adapter)

    async def reset_hardware(self, adapter: str) -> None:
        raise AssertionError("adapters may change their names")


def han(text: str) -> bool:
    return any("一" <= letter <= "鿿" for letter in text)


def test_a_moment_off_the_air_is_nobodys_business_two_minutes_are() -> None:
    now = 0.0
    told = OffAir(lambda: now)
    assert told.describe("on_air", None) == {"off_air_s": None, "asks_a_person": False, "words": None}
    told.begin()
    now = SAY_AFTER_S - 0.1
    told.begin()
    assert told.describe("off", None)["words"] is None
    now = SAY_AFTER_S
    assert "本站广播没有发出,已有 5 秒:蓝牙适配器被关掉了。" in str(told.describe("off", None)["words"])
    assert told.describe("off", None)["asks_a_person"] is False
    now = ASK_AFTER_S
    assert told.describe("off", None)["asks_a_person"] is True
    told.end()
    assert told.describe("on_air", None)["asks_a_person"] is False


@pytest.mark.parametrize("state", [*STATES, "of_another_version"])
def test_each_state_is_told_with_what_to_do_in_both_languages(state: str) -> None:
    words = off_air(state, 600.0, None)
    assert "10 分钟" in words["zh"]
    assert "请" in words["zh"]
    assert "for 10 min" in words["en"]
    assert "Please " in words["en"]
    assert not han(words["en"])


@pytest.mark.parametrize(
    ("error", "powered"),
    [
        (NoAnswer("bluetoothd gave no answer"), True),
        (BlueZRefused("org.freedesktop.DBus.Error.ServiceUnknown", ""), True),
        (BlueZRefused("org.freedesktop.DBus.Error.UnknownObject", ""), True),
        (BlueZRefused("org.bluez.Error.NotPermitted", "Maximum advertisements reached"), True),
        (BlueZRefused(*CONTROLLER), True),
        (BlueZRefused(*CONTROLLER), False),
        (BlueZRefused("org.bluez.Error.Failed", "Failed to parse advertisement."), True),
        (BlueZRefused("org.bluez.Error.Odd", "odd"), True),
    ],
)
def test_each_refusal_is_a_chinese_sentence_too(error: BlueZRefused | NoAnswer, powered: bool) -> None:
    words = refusal(error, "hci0", powered=powered)
    assert han(words["zh"])
    assert not han(words["en"])
    assert words["zh"] in off_air("refused", 10.0, words)["zh"]


async def test_a_controller_that_goes_on_refusing_is_reset_by_the_kernel_ever_more_rarely_and_a_person_is_asked(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(off_air_module, "ASK_AFTER_S", 0.3)
    monkeypatch.setattr(adverts_module, "LOOK_S", 0.05)
    quickly = Fault("advert_refused", (Step.power_cycle, Step.reset_adapter), rest_s=0.2)
    monkeypatch.setattr(advertising, "_REFUSED", quickly)
    monkeypatch.setattr(advertising, "PAUSE_CAP_S", 0.05)
    bluez.errors["RegisterAdvertisement"] = CONTROLLER
    helper = Helper()
    adverts = Adverts({FRAME.beacon: BlueZAdvertiser("hci0", FRAME, helper=helper)})
    with capture_logs() as logs:
        async with running(adverts.keep_on_air()):
            await until(lambda: helper.resets == ["hci0"] and adverts.describe()["asks_a_person"])
            assert bluez.count("Set") == 2  # one power cycle: off and on
            assert "hci0 的芯片拒绝广播" in str(adverts.describe()["identities"])
            await until(lambda: any(line["event"] == "advert.needs_a_person" for line in logs))
            bluez.errors.clear()
            await until(lambda: adverts.describe()["state"] == "on_air")
            assert adverts.describe()["asks_a_person"] is False
    assert [line["event"] for line in logs].count("advert.needs_a_person") == 1


async def test_an_adapter_that_the_scans_ladder_is_at_is_left_to_it(
    bluez: FakeBlueZ, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(advertising, "PAUSE_CAP_S", 0.05)
    bluez.errors["RegisterAdvertisement"] = CONTROLLER
    at_it, helper = True, Helper()
    advertiser = BlueZAdvertiser("hci0", FRAME, helper=helper, recovers=lambda adapter: adapter == "hci0" and at_it)
    async with running(advertiser.keep_on_air()):
        await until(lambda: bluez.count("RegisterAdvertisement") > 2 * advertising.REFUSALS_BEFORE_POWER_CYCLE)
        assert bluez.count("Set") == 0
        at_it = False
        await until(lambda: bluez.count("Set") == 2)


def test_a_scan_recovers_only_while_steps_are_taken_that_upset_the_adapter() -> None:
    scanner = BlueZScanner("hci0")
    assert not scanner.recovers
    ladder = scanner._recovery.ladder
    ladder.climb(0.0, Fault("transmitter_lost", (Step.new_scanner, Step.ask_a_person)))
    assert not scanner.recovers, "a flat battery on the wall lasts for weeks"
    ladder.climb(1.0, Fault("deaf", tuple(Step)))
    assert scanner.recovers


async def test_without_a_bus_it_does_not_say_that_it_is_starting_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    advertiser = BlueZAdvertiser("hci0", FRAME)
    with pytest.raises(RadioLost):
        await advertiser.keep_on_air()
    assert advertiser.describe()["state"] == "no_answer"
    assert advertiser.describe()["off_air_s"] is not None


async def test_exact_tells_the_same_of_a_helper_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(off_air_module, "SAY_AFTER_S", 0.0)
    advertiser = ExactAdvertiser("hci0", FRAME, helper=tmp_path / "nothing")
    for _ in range(2):
        with pytest.raises(RadioLost):
            await advertiser.keep_on_air()
        await asyncio.sleep(0.06)
    assert "beacon-radio-helper.socket" in str(advertiser.describe()["words"])
    assert float(str(advertiser.describe()["off_air_s"])) >= 0.1, "the second try is no new beginning"


async def test_an_adapter_that_is_off_is_not_told_as_an_advert_that_nobody_wants(bluez: FakeBlueZ) -> None:
    bluez.powered = False
    adverts = Adverts({FRAME.beacon: BlueZAdvertiser("hci0", FRAME)})
    async with running(adverts.keep_on_air()):
        await until(lambda: adverts.describe()["state"] == "adapter_off")
