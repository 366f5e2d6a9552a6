"""AirTime, and the sentences about an advert that is off the air."""

from dataclasses import replace

import pytest

from beacon_gateway.model.radio_status import AdvertRefusal, IdentityStatus, RefusalReason
from beacon_gateway.radio.advertise.advert_wording import REPORT_AFTER_S, word_off_air, word_refusal
from beacon_gateway.radio.advertise.air_time import AirTime
from beacon_gateway.radio.advertise.bluez_advertiser import classify_refusal
from beacon_gateway.radio.bluez_bus import ACCESS_DENIED, AccessDenied, BlueZRefused, NoAnswer

REFUSAL = AdvertRefusal(RefusalReason.controller, "hci0", "not permitted")
CONTROLLER = ("org.bluez.Error.Failed", "Failed to register advertisement")
STATES = (
    *("starting", "off", "no_adapter", "no_bluetoothd", "access_denied", "no_advertising", "no_answer", "no_helper"),
    "refused",
)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def is_chinese(text: str) -> bool:
    return any("一" <= letter <= "鿿" for letter in text)


def test_times_on_the_air_add_up_and_those_off_it_do_not_count(clock: Clock) -> None:
    air = AirTime(clock)
    air.begin()
    clock.now += 3
    assert (air.state, air.since, air.read_status().off_air_s) == ("starting", None, 3.0)
    with air.on_air("hci0"):
        clock.now += 10
        assert (air.state, air.since, air.seconds()) == ("on_air", 103.0, 10.0)
        assert air.read_status().off_air_s is None
    air.record_end("adapter found off", "hci0")
    clock.now += 4
    assert (air.state, air.since, air.seconds(), air.read_status().off_air_s) == ("starting", None, 10.0, 4.0)
    with air.on_air("hci0"):
        clock.now += 5
    air.record_end("released", "hci0")
    status = air.read_status()
    assert (status.seconds_on_air, status.registrations) == (15.0, 2)
    assert status.ended_why == {"adapter found off": 1, "released": 1}


def test_an_error_ends_the_time_on_the_air(clock: Clock) -> None:
    air = AirTime(clock)

    def fail() -> None:
        with air.on_air("hci0"):
            clock.now += 2
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        fail()
    assert (air.state, air.since, air.seconds()) == ("starting", None, 2.0)


def test_a_refusal_lasts_until_the_advert_is_on_the_air(clock: Clock) -> None:
    air = AirTime(clock)
    air.begin()
    air.record_refusal(REFUSAL)
    assert (air.read_status().state, air.read_status().refusal) == ("refused", REFUSAL)
    with air.on_air("hci0"):
        assert (air.read_status().state, air.read_status().refusal) == ("on_air", None)


def test_a_short_absence_is_not_reported_and_a_long_one_needs_a_person(clock: Clock) -> None:
    air = AirTime(clock, ask_after_s=120.0)
    assert word_off_air(air.read_status()) is None
    air.begin()
    air.enter("off")
    clock.now += REPORT_AFTER_S - 0.1
    air.begin()
    assert word_off_air(air.read_status()) is None
    clock.now += 0.2
    assert "本站广播没有发出,已有 5 秒:蓝牙适配器被关掉了。" in str(word_off_air(air.read_status()))
    assert not air.read_status().asks_a_person
    assert "请" not in str(word_off_air(air.read_status())), "it may return by itself"
    clock.now += 120
    assert air.read_status().asks_a_person
    assert "rfkill" in str(word_off_air(air.read_status()))
    with air.on_air("hci0"):
        assert not air.read_status().asks_a_person


@pytest.mark.parametrize("state", [*STATES, "of_another_version"])
def test_each_state_is_described_with_a_remedy_in_both_languages(state: str) -> None:
    words = word_off_air(IdentityStatus(state, off_air_s=600.0, asks_a_person=True))
    assert words is not None
    assert "10 分钟" in words["zh"]
    assert "请" in words["zh"]
    assert "for 10 min" in words["en"]
    assert "Please " in words["en"]
    assert not is_chinese(words["en"])


@pytest.mark.parametrize(
    ("error", "powered", "reason"),
    [
        (NoAnswer("bluetoothd gave no answer"), True, RefusalReason.no_answer),
        (BlueZRefused("org.freedesktop.DBus.Error.ServiceUnknown", ""), True, RefusalReason.no_bluetoothd),
        (AccessDenied(ACCESS_DENIED, "Rejected send message"), True, RefusalReason.access_denied),
        (BlueZRefused("org.freedesktop.DBus.Error.UnknownObject", ""), True, RefusalReason.no_adapter),
        (BlueZRefused("org.bluez.Error.NotPermitted", "Maximum reached"), True, RefusalReason.no_free_set),
        (BlueZRefused(*CONTROLLER), True, RefusalReason.controller),
        (BlueZRefused(*CONTROLLER), False, RefusalReason.adapter_off),
        (BlueZRefused("org.bluez.Error.Failed", "Failed to parse it."), True, RefusalReason.bad_property),
        (BlueZRefused("org.bluez.Error.Odd", "odd"), True, RefusalReason.other),
    ],
)
def test_each_refusal_is_classified_and_has_a_sentence_in_both_languages(
    error: BlueZRefused | NoAnswer, powered: bool, reason: RefusalReason
) -> None:
    refusal = classify_refusal(error, "hci0", powered=powered)
    assert refusal.reason is reason
    words = word_refusal(refusal)
    assert is_chinese(words["zh"])
    assert not is_chinese(words["en"])
    off_air = word_off_air(replace(IdentityStatus("refused", off_air_s=0.1), refusal=refusal))
    assert off_air is not None
    assert words["zh"] in off_air["zh"]
