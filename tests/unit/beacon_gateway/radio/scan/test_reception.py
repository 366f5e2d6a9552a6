"""Reception: BlueZ's signals to sightings, counts and battery levels."""

from typing import Any

import pytest
from dbus_fast import Message, MessageType, Variant
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.model.radio_status import BatteryStatus, ClassBatteries, DeliveredAdverts, Proof
from beacon_gateway.radio.radio_wording import word_batteries
from beacon_gateway.radio.recovery.liveness import Transmitter
from beacon_gateway.radio.scan.battery_levels import STORED_S, BatteryLevels
from beacon_gateway.radio.scan.reception import DEVICE, MAX_SOURCES, Reception
from tests.unit.beacon_gateway.presence.people import person, place

WALL, CARD, STRANGER = place(1), person(2), place(77)
BATTERY, TLM = "0000180f-0000-1000-8000-00805f9b34fb", "0000feaa-0000-1000-8000-00805f9b34fb"
NOT_APPLES = 0x0059


def tlm(millivolts: int, count: int) -> bytes:
    return bytes.fromhex("2000") + millivolts.to_bytes(2) + bytes.fromhex("1780") + count.to_bytes(4) + bytes(4)


def ibeacon(beacon: Beacon, power: int = -59) -> bytes:
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
        found["ManufacturerData"] = manufacturer({COMPANY: ibeacon(beacon, power)})
    if service:
        names = {"battery": BATTERY, "tlm": TLM}
        found["ServiceData"] = services({names[name]: each for name, each in service.items()})
    return found


def path(number: int, adapter: str = "hci0") -> str:
    return f"/org/bluez/{adapter}/dev_C0_00_00_00_{number >> 8:02X}_{number & 255:02X}"


def changed(properties: dict[str, Variant], *, at: str = "", interface: str = DEVICE) -> Message:
    """PropertiesChanged, as for an advert of a known address."""
    return Message(
        message_type=MessageType.SIGNAL,
        path=at or path(1),
        interface="org.freedesktop.DBus.Properties",
        member="PropertiesChanged",
        signature="sa{sv}as",
        body=[interface, properties, []],
    )


def appeared(properties: dict[str, Variant], *, at: str = "", interface: str = DEVICE) -> Message:
    """InterfacesAdded, as for the first advert of an address."""
    return Message(
        message_type=MessageType.SIGNAL,
        path="/",
        interface="org.freedesktop.DBus.ObjectManager",
        member="InterfacesAdded",
        signature="oa{sa{sv}}",
        body=[at or path(1), {interface: properties}],
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


class Receiver:
    """One adapter's reception, and the sightings that it reported."""

    def __init__(self) -> None:
        self.batteries = BatteryLevels([WALL, CARD])
        self.reception = Reception([Transmitter(WALL.id, WALL.label)], self.batteries)
        self.sightings: list[Sighting] = []
        self.now = 100.0
        self.reception.begin("hci0", self.sightings.append)

    def hear(self, *adverts: Message) -> None:
        for one in adverts:
            self.now += 0.125  # exact in binary
            assert self.reception.take(one, self.now)

    def battery_status(self, after_s: float = 0.0) -> BatteryStatus:
        return self.batteries.read_status(self.now + after_s)


def delivered(air: Receiver) -> DeliveredAdverts:
    return air.reception.delivery.delivered


@pytest.fixture
def air() -> Receiver:
    return Receiver()


@pytest.mark.parametrize(("rssi", "reported"), [(-60, [-60]), (127, [None]), (0, [0]), (20, [20]), (-127, [-127])])
@pytest.mark.parametrize("first", [appeared, changed])
def test_an_unavailable_rssi_is_none(air: Receiver, first: Any, rssi: int, reported: list[int | None]) -> None:
    air.hear(first(properties(WALL, rssi)), advert(WALL, rssi))
    assert [sighting.rssi for sighting in air.sightings] == reported * 2


def test_a_sighting_has_every_field(air: Receiver) -> None:
    air.hear(advert(WALL), advert(WALL, -61))
    assert air.sightings == [Sighting(WALL.id, -60, 100.125, -59, "hci0"), Sighting(WALL.id, -61, 100.25, -59, "hci0")]
    assert all(type(sighting) is Sighting for sighting in air.sightings)
    assert (air.reception.frames, air.reception.heard_at) == (2, 100.25)


def test_a_device_that_appears_without_rssi_was_not_received(air: Receiver) -> None:
    air.hear(appeared(properties(WALL, None)))
    assert (air.sightings, air.reception.heard_at) == ([], None)


def test_other_changes_are_no_frames(air: Receiver) -> None:
    air.hear(advert(WALL), changed({"Connected": Variant("b", True)}), changed({}))
    air.hear(changed({"Name": Variant("s", "x")}, at=path(2)))
    assert (len(air.sightings), air.reception.foreign, air.reception.heard_at) == (1, 0, 100.125)


def test_rssi_alone_is_another_advert_of_the_address_and_no_frame(air: Receiver) -> None:
    """It is another slot or a scan response, so the number of iBeacon frames stays the same."""
    for rssi in range(-80, -65):
        air.hear(changed({"RSSI": Variant("n", rssi)}))
    assert (air.sightings, air.reception.foreign) == ([], 15)
    for rssi in range(-80, -65):
        air.hear(advert(WALL), changed({"RSSI": Variant("n", rssi)}))
    assert (len(air.sightings), air.reception.frames, air.reception.foreign) == (15, 15, 15)
    assert air.reception.heard_at == air.now


def test_a_frame_without_rssi_has_that_of_another_slot(air: Receiver) -> None:
    """BlueZ stores one RSSI for each address."""
    air.hear(advert(WALL, -60), changed({"RSSI": Variant("n", -70)}), advert(WALL, None))
    assert [sighting.rssi for sighting in air.sightings] == [-60, -70]


def test_in_a_passive_scan_rssi_alone_is_a_frame(air: Receiver) -> None:
    air.reception.begin("hci0", air.sightings.append, repeats_data=False)
    air.hear(advert(WALL), changed({"RSSI": Variant("n", -70)}), changed({"RSSI": Variant("n", -71)}, at=path(2)))
    assert [sighting.rssi for sighting in air.sightings] == [-60, -70]
    assert air.reception.foreign == 1


def test_a_frame_without_rssi_has_the_last_one(air: Receiver) -> None:
    air.hear(advert(WALL, None), advert(WALL, -70), advert(WALL, None), advert(CARD, None))
    assert [sighting.rssi for sighting in air.sightings] == [None, -70, -70, -70]


@pytest.mark.parametrize("power", [0, 127, -128])
def test_any_measured_power_is_reported(air: Receiver, power: int) -> None:
    air.hear(advert(WALL, power=power), advert(WALL, power=power))
    assert [sighting.measured_power for sighting in air.sightings] == [power] * 2


def test_other_adverts_are_only_counted(air: Receiver) -> None:
    air.hear(advert(None), advert(None, battery=b"\x10"))
    air.hear(changed({"RSSI": Variant("n", -60), "ManufacturerData": manufacturer({NOT_APPLES: ibeacon(WALL)})}))
    assert (air.sightings, air.reception.foreign, air.reception.frames) == ([], 3, 0)
    assert air.reception.heard_at == air.now
    assert air.battery_status().places == ()


def test_new_data_of_an_address_is_decoded_again(air: Receiver) -> None:
    nothing = changed({"RSSI": Variant("n", -60), "ManufacturerData": manufacturer({COMPANY: b"\x10\x05"})})
    both = {NOT_APPLES: b"\x01", COMPANY: ibeacon(STRANGER)}
    other = changed({"RSSI": Variant("n", -60), "ManufacturerData": manufacturer(both)})
    air.hear(advert(WALL), advert(CARD), nothing, advert(WALL), other, other)
    assert [sighting.beacon for sighting in air.sightings] == [WALL.id, CARD.id, WALL.id, STRANGER.id, STRANGER.id]
    assert air.reception.foreign == 1


def test_other_adapters_and_other_objects_are_ignored(air: Receiver) -> None:
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
    assert (len(air.sightings), air.reception.foreign) == (1, 0)


def test_an_address_that_vanished_is_forgotten(air: Receiver) -> None:
    air.hear(advert(WALL), vanished(), changed({"RSSI": Variant("n", -60)}))
    assert (len(air.sightings), air.reception.foreign) == (1, 1)


def test_stored_addresses_are_bounded_and_learned_again(air: Receiver) -> None:
    for number in range(3 * MAX_SOURCES):
        air.hear(appeared(properties(STRANGER), at=path(number)))
        assert len(air.reception._sources) <= MAX_SOURCES
        if number % 100 == 0:
            air.hear(changed(properties(WALL), at=path(0xFFFF)))
    assert sum(sighting.beacon == WALL.id for sighting in air.sightings) == 60
    assert len(air.sightings) == 3 * MAX_SOURCES + 60


def test_another_scan_starts_without_state(air: Receiver) -> None:
    air.hear(advert(WALL), advert(WALL))
    assert delivered(air) is DeliveredAdverts.every_advert
    sightings: list[Sighting] = []
    air.reception.begin("hci1", sightings.append)
    assert delivered(air) is DeliveredAdverts.not_known
    assert not air.reception.take(advert(WALL), 200.0)
    assert air.reception.take(changed(properties(WALL), at=path(1, "hci1")), 200.0)
    assert (len(air.sightings), [sighting.adapter for sighting in sightings]) == (2, ["hci1"])


def test_a_known_transmitter_is_a_proof_and_its_long_gaps_are_noticed(air: Receiver) -> None:
    assert air.reception.liveness.judge("hci0", air.now).proof is Proof.not_proved
    air.hear(advert(CARD))
    assert air.reception.liveness.judge("hci0", air.now).proof is Proof.not_proved
    for _ in range(4):
        air.hear(advert(WALL))
        assert air.reception.liveness.judge("hci0", air.now).proof is Proof.proved
        air.now += 10.8
    assert delivered(air) is DeliveredAdverts.once_a_scan
    assert air.reception.liveness.judge("hci0", air.now + 5).proof is Proof.lost


def test_a_battery_level_in_an_ibeacon_frame_is_stored_and_the_frame_counts(air: Receiver) -> None:
    air.hear(*[advert(WALL, battery=b"\x0f")] * 5)
    assert len(air.sightings) == 5
    [place] = air.battery_status().places
    assert (place.label, place.battery_percent, place.low) == (WALL.label, 15, True)
    words = word_batteries(air.battery_status())
    assert words is not None
    assert WALL.label in words["en"]
    assert WALL.label in words["zh"]


def test_separate_telemetry_adverts_are_no_frames(air: Receiver) -> None:
    """The signal contains only what is new, without the identity from an earlier frame."""
    air.hear(advert(WALL))
    for count in range(1, 4):
        air.hear(advert(None, tlm=tlm(3000, count)), *[advert(WALL)] * 9)
    assert len(air.sightings) == 1 + 3 * 9
    [place] = air.battery_status().places
    assert (place.battery_mv, place.temperature_c, place.low) == (3000, 23.5, False)
    assert word_batteries(air.battery_status()) is None
    assert air.reception.foreign == 0


def test_telemetry_and_a_frame_in_one_signal_both_count(air: Receiver) -> None:
    air.hear(advert(WALL, tlm=tlm(3000, 1)), advert(WALL, tlm=tlm(2900, 2)))
    assert len(air.sightings) == 2
    assert air.battery_status().places[0].battery_mv == 2900


def test_a_persons_tag_appears_only_in_the_count_of_its_class(air: Receiver) -> None:
    air.hear(advert(CARD, battery=b"\x05"))
    assert air.battery_status() == BatteryStatus((), {CARD.tag_class: ClassBatteries(1, 1)})


def test_the_battery_of_an_unknown_beacon_is_not_stored(air: Receiver) -> None:
    air.hear(advert(STRANGER, battery=b"\x05"))
    assert len(air.sightings) == 1
    assert air.battery_status() == BatteryStatus()


def test_old_telemetry_expires(air: Receiver) -> None:
    air.hear(advert(WALL, battery=b"\x05"), advert(CARD, battery=b"\x05"))
    assert air.battery_status(STORED_S + 1) == BatteryStatus()


def test_times_that_repeat_or_go_back_are_accepted(air: Receiver) -> None:
    for now in (100.0, 100.0, 50.0, 1e9, 101.0):
        air.reception.take(advert(WALL, battery=b"\x64"), now)
    assert [sighting.at for sighting in air.sightings] == [100.0, 100.0, 50.0, 1e9, 101.0]
    assert air.batteries.read_status(1.0).places[0].age_s == 0.0


@given(st.dictionaries(st.sampled_from([BATTERY, TLM, "x"]), st.binary(max_size=20)), st.integers(-128, 127))
def test_no_service_data_raises(service_data: dict[str, bytes], rssi: int) -> None:
    air = Receiver()
    advertised = {**properties(WALL, rssi), "ServiceData": services(service_data)}
    air.hear(changed(advertised), changed(advertised))
    assert len(air.sightings) == 2
