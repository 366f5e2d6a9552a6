"""From BlueZ's signals to sightings, counts and batteries; whatever the air, the tag or BlueZ put into them."""

import json
from typing import Any

import pytest
from dbus_fast import Message, MessageType, Variant
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.radio.recovery.liveness import Proof, Transmitter
from beacon_gateway.radio.scan.battery_levels import KEPT_S, Batteries
from beacon_gateway.radio.scan.delivery_check import Delivered
from beacon_gateway.radio.scan.reception import DEVICE, MOST_SOURCES, Reception
from tests.unit.beacon_gateway.presence.people import person, place

WALL, CARD, STRANGER = place(1), person(2), place(77)
BATTERY, TLM = "0000180f-0000-1000-8000-00805f9b34fb", "0000feaa-0000-1000-8000-00805f9b34fb"
NOT_APPLES = 0x0059


def tlm(millivolts: int, count: int) -> bytes:
    return bytes.fromhex("2000") + millivolts.to_bytes(2) + bytes.fromhex("1780") + count.to_bytes(4) + bytes(4)


def octets(beacon: Beacon, power: int = -59) -> bytes:
    return IBeacon(beacon.id.uuid, beacon.id.major, beacon.id.minor, power).encode()


def manufacturer(by_company: dict[int, bytes]) -> Variant:
    return Variant("a{qv}", {company: Variant("ay", each) for company, each in by_company.items()})


def services(by_service: dict[str, bytes]) -> Variant:
    return Variant("a{sv}", {service: Variant("ay", each) for service, each in by_service.items()})


def properties(beacon: Beacon | None, rssi: int | None = -60, power: int = -59, **service: bytes) -> dict[str, Variant]:
    """`service`: battery or tlm."""
    found: dict[str, Variant] = {}
    if rssi is not None:
        found["RSSI"] = Variant("n", rssi)
    if beacon is not None:
        found["ManufacturerData"] = manufacturer({COMPANY: octets(beacon, power)})
    if service:
        names = {"battery": BATTERY, "tlm": TLM}
        found["ServiceData"] = services({names[name]: each for name, each in service.items()})
    return found


def path(number: int, adapter: str = "hci0") -> str:
    return f"/org/bluez/{adapter}/dev_C0_00_00_00_{number >> 8:02X}_{number & 255:02X}"


def changed(told: dict[str, Variant], *, at: str = "", interface: str = DEVICE) -> Message:
    """PropertiesChanged, as BlueZ tells an advert of an address that it knows."""
    return Message(
        message_type=MessageType.SIGNAL,
        path=at or path(1),
        interface="org.freedesktop.DBus.Properties",
        member="PropertiesChanged",
        signature="sa{sv}as",
        body=[interface, told, []],
    )


def appeared(told: dict[str, Variant], *, at: str = "", interface: str = DEVICE) -> Message:
    """InterfacesAdded, as BlueZ tells the first advert of an address."""
    return Message(
        message_type=MessageType.SIGNAL,
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="InterfacesAdded",
        signature="oa{sa{sv}}",
        body=[at or path(1), {interface: told}],
    )


def vanished(at: str = "") -> Message:
    return Message(
        message_type=MessageType.SIGNAL,
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="InterfacesRemoved",
        signature="oas",
        body=[at or path(1), [DEVICE]],
    )


def advert(beacon: Beacon | None, rssi: int | None = -60, power: int = -59, **service: bytes) -> Message:
    return changed(properties(beacon, rssi, power, **service))


class Air:
    """One adapter's reception, and what it told."""

    def __init__(self) -> None:
        self.batteries = Batteries([WALL, CARD])
        self.reception = Reception([Transmitter(WALL.id, WALL.label)], self.batteries)
        self.told: list[Sighting] = []
        self.now = 100.0
        self.reception.begin("hci0", self.told.append)

    def hear(self, *adverts: Message) -> None:
        for one in adverts:
            self.now += 0.125  # exact in binary
            assert self.reception.take(one, self.now)

    def health(self, after_s: float = 0.0) -> dict[str, Any]:
        described = self.batteries.describe(self.now + after_s)
        json.dumps(described)
        return described


def delivered(air: Air) -> Delivered:
    return air.reception.delivery.delivered


@pytest.fixture
def air() -> Air:
    return Air()


@pytest.mark.parametrize(("rssi", "told"), [(-60, [-60]), (127, [None]), (0, [0]), (20, [20]), (-127, [-127])])
@pytest.mark.parametrize("first", [appeared, changed])
def test_an_rssi_that_is_not_available_is_no_distance(air: Air, first: Any, rssi: int, told: list[int | None]) -> None:
    air.hear(first(properties(WALL, rssi)), advert(WALL, rssi))
    assert [sighting.rssi for sighting in air.told] == told * 2


def test_a_sighting_is_whole(air: Air) -> None:
    air.hear(advert(WALL), advert(WALL, -61))
    assert air.told == [Sighting(WALL.id, -60, 100.125, -59, "hci0"), Sighting(WALL.id, -61, 100.25, -59, "hci0")]
    assert all(type(sighting) is Sighting for sighting in air.told)
    assert (air.reception.frames, air.reception.heard_at) == (2, 100.25)


def test_a_device_that_appears_without_rssi_was_not_heard(air: Air) -> None:
    air.hear(appeared(properties(WALL, None)))
    assert (air.told, air.reception.heard_at) == ([], None)


def test_a_change_of_something_else_is_no_frame(air: Air) -> None:
    air.hear(advert(WALL), changed({"Connected": Variant("b", True)}), changed({}))
    air.hear(changed({"Name": Variant("s", "x")}, at=path(2)))
    assert (len(air.told), air.reception.foreign, air.reception.heard_at) == (1, 0, 100.125)


def test_rssi_without_the_data_is_something_else_that_the_address_sends_and_no_frame(air: Air) -> None:
    """Another slot, or an answer to the scan: a tag that sends as many of them has not sent twice as many iBeacons."""
    for rssi in range(-80, -65):
        air.hear(changed({"RSSI": Variant("n", rssi)}))
    assert (air.told, air.reception.foreign) == ([], 15)
    for rssi in range(-80, -65):
        air.hear(advert(WALL), changed({"RSSI": Variant("n", rssi)}))
    assert (len(air.told), air.reception.frames, air.reception.foreign) == (15, 15, 15)
    assert air.reception.heard_at == air.now


def test_a_frame_whose_rssi_is_that_of_another_slot_comes_without_and_has_it(air: Air) -> None:
    """BlueZ keeps one RSSI for an address, whatever it sent."""
    air.hear(advert(WALL, -60), changed({"RSSI": Variant("n", -70)}), advert(WALL, None))
    assert [sighting.rssi for sighting in air.told] == [-60, -70]


def test_a_passive_scan_is_told_rssi_alone_and_that_is_a_frame(air: Air) -> None:
    air.reception.begin("hci0", air.told.append, repeats_data=False)
    air.hear(advert(WALL), changed({"RSSI": Variant("n", -70)}), changed({"RSSI": Variant("n", -71)}, at=path(2)))
    assert [sighting.rssi for sighting in air.told] == [-60, -70]
    assert air.reception.foreign == 1


def test_a_frame_without_rssi_has_the_last_one(air: Air) -> None:
    air.hear(advert(WALL, None), advert(WALL, -70), advert(WALL, None), advert(CARD, None))
    assert [sighting.rssi for sighting in air.told] == [None, -70, -70, -70]


@pytest.mark.parametrize("power", [0, 127, -128])
def test_any_measured_power_of_a_frame_is_passed_on(air: Air, power: int) -> None:
    air.hear(advert(WALL, power=power), advert(WALL, power=power))
    assert [sighting.measured_power for sighting in air.told] == [power] * 2


def test_what_is_no_ibeacon_is_counted_only(air: Air) -> None:
    air.hear(advert(None), advert(None, battery=b"\x10"))
    air.hear(changed({"RSSI": Variant("n", -60), "ManufacturerData": manufacturer({NOT_APPLES: octets(WALL)})}))
    assert (air.told, air.reception.foreign, air.reception.frames) == ([], 3, 0)
    assert air.reception.heard_at == air.now
    assert air.health()["places"] == []


def test_an_address_that_says_something_new_is_read_anew(air: Air) -> None:
    nothing = changed({"RSSI": Variant("n", -60), "ManufacturerData": manufacturer({COMPANY: b"\x10\x05"})})
    both = {NOT_APPLES: b"\x01", COMPANY: octets(STRANGER)}
    other = changed({"RSSI": Variant("n", -60), "ManufacturerData": manufacturer(both)})
    air.hear(advert(WALL), advert(CARD), nothing, advert(WALL), other, other)
    assert [sighting.beacon for sighting in air.told] == [WALL.id, CARD.id, WALL.id, STRANGER.id, STRANGER.id]
    assert air.reception.foreign == 1


def test_other_adapters_and_other_objects_are_left_alone(air: Air) -> None:
    others = [
        changed(properties(WALL), at=path(1, "hci1")),
        changed(properties(WALL), at=path(1, "hci01")),
        changed(properties(WALL), at="/org/bluez/hci0"),
        changed(properties(WALL), interface="org.bluez.Battery1"),
        appeared(properties(WALL), at=path(1, "hci1")),
        appeared({}, interface="org.bluez.Adapter1", at="/org/bluez/hci0"),
        vanished(path(1, "hci1")),
        Message(
            message_type=MessageType.SIGNAL,
            path="/",
            interface="a.b",
            member="InterfacesAdded",
            signature="s",
            body=["x"],
        ),
        Message(destination="a.b", path="/", interface="a.b", member="Ping"),
    ]
    air.hear(advert(WALL))
    assert not any(air.reception.take(other, air.now) for other in others)
    assert (len(air.told), air.reception.foreign) == (1, 0)


def test_an_address_that_vanished_is_forgotten(air: Air) -> None:
    air.hear(advert(WALL), vanished(), changed({"RSSI": Variant("n", -60)}))
    assert (len(air.told), air.reception.foreign) == (1, 1)


def test_a_crowd_of_beacons_is_forgotten_and_heard_again(air: Air) -> None:
    for number in range(3 * MOST_SOURCES):
        air.hear(appeared(properties(STRANGER), at=path(number)))
        assert len(air.reception._sources) <= MOST_SOURCES
        if number % 100 == 0:
            air.hear(changed(properties(WALL), at=path(0xFFFF)))
    assert sum(sighting.beacon == WALL.id for sighting in air.told) == 60
    assert len(air.told) == 3 * MOST_SOURCES + 60


def test_another_scan_begins_anew(air: Air) -> None:
    air.hear(advert(WALL), advert(WALL))
    assert delivered(air) is Delivered.every_advert
    told: list[Sighting] = []
    air.reception.begin("hci1", told.append)
    assert delivered(air) is Delivered.not_known
    assert not air.reception.take(advert(WALL), 200.0)
    assert air.reception.take(changed(properties(WALL), at=path(1, "hci1")), 200.0)
    assert (len(air.told), [sighting.adapter for sighting in told]) == (2, ["hci1"])


def test_a_known_transmitter_proves_hearing_and_a_long_gap_between_its_frames_is_noticed(air: Air) -> None:
    assert air.reception.liveness.judge("hci0", air.now).proof is Proof.not_proved
    air.hear(advert(CARD))
    assert air.reception.liveness.judge("hci0", air.now).proof is Proof.not_proved
    for _ in range(4):
        air.hear(advert(WALL))
        assert air.reception.liveness.judge("hci0", air.now).proof is Proof.proved
        air.now += 10.8
    assert delivered(air) is Delivered.once_a_scan
    assert air.reception.liveness.judge("hci0", air.now + 5).proof is Proof.lost


def test_a_battery_beside_the_ibeacon_is_told_and_the_frame_counts(air: Air) -> None:
    air.hear(*[advert(WALL, battery=b"\x0f")] * 5)
    assert len(air.told) == 5
    [told] = air.health()["places"]
    assert (told["label"], told["battery_percent"], told["low"]) == (WALL.label, 15, True)
    words = air.health()["words"]
    assert WALL.label in words["en"]
    assert WALL.label in words["zh"]


def test_telemetry_in_adverts_of_its_own_makes_no_frames(air: Air) -> None:
    """BlueZ shows the identity beside it, from a frame before; but only what is new is in the signal."""
    air.hear(advert(WALL))
    for count in range(1, 4):
        air.hear(advert(None, tlm=tlm(3000, count)), *[advert(WALL)] * 9)
    assert len(air.told) == 1 + 3 * 9
    [told] = air.health()["places"]
    assert (told["battery_mv"], told["temperature_c"], told["low"]) == (3000, 23.5, False)
    assert air.health()["words"] is None
    assert air.reception.foreign == 0


def test_telemetry_and_a_frame_that_bluez_tells_in_one_signal_are_both_heard(air: Air) -> None:
    air.hear(advert(WALL, tlm=tlm(3000, 1)), advert(WALL, tlm=tlm(2900, 2)))
    assert len(air.told) == 2
    assert air.health()["places"][0]["battery_mv"] == 2900


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
        air.reception.take(advert(WALL, battery=b"\x64"), now)
    assert [sighting.at for sighting in air.told] == [100.0, 100.0, 50.0, 1e9, 101.0]
    assert air.batteries.describe(1.0)["places"][0]["told_s"] == 0.0


@given(st.dictionaries(st.sampled_from([BATTERY, TLM, "x"]), st.binary(max_size=20)), st.integers(-128, 127))
def test_foreign_service_data_is_no_exception(service_data: dict[str, bytes], rssi: int) -> None:
    air = Air()
    told = {**properties(WALL, rssi), "ServiceData": services(service_data)}
    air.hear(changed(told), changed(told))
    assert len(air.told) == 2
