"""Tests of the rows of `scan`."""

from beacon_gateway.model.beacons import Sighting, Zone
from beacon_gateway.presence.explain.live_table import MAX_STRANGERS, Listening
from tests.unit.beacon_gateway.presence.people import frame, heard, person, place
from tests.unit.beacon_gateway.presence.test_trace import deciding

CARD, SHELF = person(1, "volunteer", "lunch"), place(1, "books")


def build_table(*, strangers: bool = False) -> Listening:
    return Listening((CARD, SHELF), deciding(CARD, SHELF), {SHELF.id: "books"}, strangers=strangers, at=0.0)


def test_a_row_contains_signal_zone_age_rate_and_project() -> None:
    table = build_table()
    for sighting in heard(SHELF, -59, since=0, until=20, every=0.1):
        table.hear(sighting)
    card, shelf = table.rows(20.5)
    assert (shelf.rssi, shelf.zone, shelf.project) == (-59, Zone.immediate, "books")
    assert shelf.age_s is not None
    assert abs(shelf.age_s - 0.5) < 0.01
    assert 9 <= shelf.per_s <= 10.2
    assert (card.rssi, card.zone, card.age_s, card.per_s) == (None, None, None, 0.0)


def test_a_second_adapter_does_not_double_the_rate() -> None:
    table = build_table()
    for sighting in heard(SHELF, -59, since=0, until=20, every=0.1):
        table.hear(sighting)
        table.hear(Sighting(SHELF.id, -70, sighting.at + 0.003, SHELF.measured_power, "hci1"))
    _, shelf = table.rows(20.5)
    assert 9 <= shelf.per_s <= 10.2


def test_after_departure_only_the_row_of_a_place_beacon_shows_its_last_frame() -> None:
    table = build_table()
    table.hear(frame(CARD, -60, 0.0))
    table.hear(frame(SHELF, -60, 0.0))
    table.tick(30.0)
    card, shelf = table.rows(30.0)
    assert (card.age_s, card.zone) == (None, None)
    assert (shelf.age_s, shelf.zone) == (30.0, None)


def test_unknown_beacons_are_only_counted_by_default() -> None:
    table = build_table()
    table.hear(frame(place(50), -40, 0.0))
    assert table.foreign_frames == 1
    assert table.strangers == ()


def test_unknown_beacons_are_sorted_by_rssi_and_bounded() -> None:
    table = build_table(strangers=True)
    for minor in range(1000, 2000):
        table.hear(frame(place(minor), -90, 0.0))
    table.hear(frame(place(50), -35, 1.0))
    table.hear(frame(place(50), -40, 2.0))
    assert len(table.strangers) == MAX_STRANGERS
    assert (table.strangers[0].beacon, table.strangers[0].rssi, table.strangers[0].frames) == (place(50).id, -40, 2)
    assert table.foreign_frames == 1002
