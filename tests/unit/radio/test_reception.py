"""From bleak's callback to sightings, counts and batteries; whatever the air, the tag or BlueZ put into it."""

import json
from typing import Any

import pytest
from bleak.backends.scanner import AdvertisementData
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.radio.batteries import KEPT_S, Batteries
from beacon_gateway.radio.reception import Reception
from tests.unit.presence.people import person, place

WALL, CARD, STRANGER = place(1), person(2), place(77)
BATTERY, TLM = "0000180f-0000-1000-8000-00805f9b34fb", "0000feaa-0000-1000-8000-00805f9b34fb"


def tlm(millivolts: int, count: int) -> bytes:
    return bytes.fromhex("2000") + millivolts.to_bytes(2) + bytes.fromhex("1780") + count.to_bytes(4) + bytes(4)


def advert(beacon: Beacon | None, rssi: int = -60, power: int = -59, **service: bytes) -> AdvertisementData:
    """As bleak gives it. `service`: battery or tlm."""
    manufacturer = {}
    if beacon is not None:
        manufacturer[COMPANY] = IBeacon(beacon.id.uuid, beacon.id.major, beacon.id.minor, power).encode()
    names = {"battery": BATTERY, "tlm": TLM}
    return AdvertisementData(
        local_name=None,
        manufacturer_data=manufacturer,
        service_data={names[name]: octets for name, octets in service.items()},
        service_uuids=[],
        tx_power=None,
        rssi=rssi,
        platform_data=(),
    )


class Air:
    """One adapter's reception, and what it told."""

    def __init__(self) -> None:
        self.batteries = Batteries([WALL, CARD])
        self.reception = Reception((), self.batteries)
        self.told: list[Sighting] = []
        self.now = 100.0

    def hear(self, *adverts: AdvertisementData) -> None:
        for one in adverts:
            self.now += 0.1
            self.reception.take("hci0", one, self.now, self.told.append)

    def health(self, after_s: float = 0.0) -> dict[str, Any]:
        described = self.batteries.describe(self.now + after_s)
        json.dumps(described)
        return described


@pytest.fixture
def air() -> Air:
    return Air()


@pytest.mark.parametrize(("rssi", "told"), [(-60, [-60]), (127, [None]), (-127, []), (0, [0]), (20, [20])])
def test_an_rssi_that_is_not_available_is_no_distance_and_one_that_is_missing_no_frame(
    air: Air, rssi: int, told: list[int | None]
) -> None:
    air.hear(advert(WALL, rssi))
    assert [sighting.rssi for sighting in air.told] == told


@pytest.mark.parametrize("power", [0, 127, -128])
def test_any_measured_power_of_a_frame_is_passed_on(air: Air, power: int) -> None:
    air.hear(advert(WALL, power=power))
    assert [sighting.measured_power for sighting in air.told] == [power]


def test_what_is_no_ibeacon_is_counted_only(air: Air) -> None:
    air.hear(advert(None), advert(None, battery=b"\x10"))
    assert (air.told, air.reception.foreign, air.reception.frames) == ([], 2, 0)
    assert air.health()["places"] == []


def test_a_battery_beside_the_ibeacon_is_told_and_the_frame_counts(air: Air) -> None:
    air.hear(*[advert(WALL, battery=b"\x0f")] * 5)
    assert len(air.told) == 5
    [told] = air.health()["places"]
    assert (told["label"], told["battery_percent"], told["low"]) == (WALL.label, 15, True)
    words = air.health()["words"]
    assert WALL.label in words["en"]
    assert WALL.label in words["zh"]


def test_telemetry_in_adverts_of_its_own_makes_no_frames(air: Air) -> None:
    """BlueZ shows the identity beside it, from a frame before."""
    air.hear(advert(WALL))
    for count in range(1, 4):
        air.hear(advert(WALL, tlm=tlm(3000, count)), *[advert(WALL, tlm=tlm(3000, count))] * 9)
    assert len(air.told) == 1 + 3 * 10 - 2  # the first telemetry could not be told from a frame
    [told] = air.health()["places"]
    assert (told["battery_mv"], told["temperature_c"], told["low"]) == (3000, 23.5, False)
    assert air.health()["words"] is None


def test_a_persons_tag_is_one_in_the_count_of_its_class(air: Air) -> None:
    air.hear(advert(CARD, battery=b"\x05"))
    health = air.health()
    assert health["places"] == []
    assert health["classes"] == {CARD.tag_class: {"tags": 1, "low": 1}}
    text = json.dumps(health, ensure_ascii=False)
    assert CARD.label not in text
    assert str(CARD.id) not in text
    assert str(CARD.id.uuid) not in text


def test_a_strangers_battery_is_nobodys_business(air: Air) -> None:
    air.hear(advert(STRANGER, battery=b"\x05"))
    assert len(air.told) == 1
    assert air.health() == {"places": [], "classes": {}, "words": None}


def test_what_was_told_long_ago_is_forgotten(air: Air) -> None:
    air.hear(advert(WALL, battery=b"\x05"), advert(CARD, battery=b"\x05"))
    assert air.health(KEPT_S + 1) == {"places": [], "classes": {}, "words": None}


def test_times_that_repeat_or_turn_back_stop_nothing(air: Air) -> None:
    for now in (100.0, 100.0, 50.0, 1e9, 101.0):
        air.reception.take("hci0", advert(WALL, battery=b"\x64"), now, air.told.append)
    assert [sighting.at for sighting in air.told] == [100.0, 100.0, 50.0, 1e9, 101.0]
    assert air.batteries.describe(1.0)["places"][0]["told_s"] == 0.0


@given(st.dictionaries(st.sampled_from([BATTERY, TLM, "x"]), st.binary(max_size=20)), st.integers(-128, 127))
def test_foreign_service_data_is_no_exception(service_data: dict[str, bytes], rssi: int) -> None:
    air = Air()
    one = advert(WALL, rssi)._replace(service_data=service_data)
    air.hear(one, one)
    assert len(air.told) == (0 if rssi == -127 else 2)
