"""What `scan` knows at a moment."""

from beacon_gateway.model.beacons import Sighting, Zone
from beacon_gateway.presence.explain.live_table import MOST_STRANGERS, Listening
from tests.unit.beacon_gateway.presence.people import frame, heard, person, place
from tests.unit.beacon_gateway.presence.test_trace import deciding

CARD, SHELF = person(1, "volunteer", "lunch"), place(1, "books")


def listening(*, strangers: bool = False) -> Listening:
    decide = deciding(CARD, SHELF)
    return Listening((CARD, SHELF), decide, {SHELF.id: "books"}, strangers=strangers, at=0.0)


def test_a_row_says_signal_distance_zone_age_rate_and_project() -> None:
    now = listening()
    for sighting in heard(SHELF, -59, since=0, until=20, every=0.1):
        now.hear(sighting)
    card, shelf = now.rows(20.5)
    assert (shelf.rssi, shelf.zone, shelf.project) == (-59, Zone.immediate, "books")
    assert shelf.age_s is not None
    assert abs(shelf.age_s - 0.5) < 0.01
    assert 9 <= shelf.per_s <= 10.2
    assert (card.rssi, card.zone, card.age_s, card.per_s) == (None, None, None, 0.0)


def test_a_second_adapter_does_not_double_the_rate() -> None:
    now = listening()
    for sighting in heard(SHELF, -59, since=0, until=20, every=0.1):
        now.hear(sighting)
        now.hear(Sighting(SHELF.id, -70, sighting.at + 0.003, SHELF.measured_power, "hci1"))
    _, shelf = now.rows(20.5)
    assert 9 <= shelf.per_s <= 10.2


def test_once_a_person_has_left_the_row_does_not_say_when_and_a_place_beacons_row_does() -> None:
    now = listening()
    now.hear(frame(CARD, -60, 0.0))
    now.hear(frame(SHELF, -60, 0.0))
    now.tick(30.0)
    card, shelf = now.rows(30.0)
    assert (card.age_s, card.zone) == (None, None)
    assert (shelf.age_s, shelf.zone) == (30.0, None)


def test_strangers_are_only_counted_unless_they_are_asked_for() -> None:
    now = listening()
    now.hear(frame(place(50), -40, 0.0))
    assert now.foreign_frames == 1
    assert now.strangers == ()


def test_of_the_strangers_the_loudest_comes_first_and_no_more_than_a_bound_are_remembered() -> None:
    now = listening(strangers=True)
    for minor in range(1000, 2000):
        now.hear(frame(place(minor), -90, 0.0))
    now.hear(frame(place(50), -35, 1.0))
    now.hear(frame(place(50), -40, 2.0))
    assert len(now.strangers) == MOST_STRANGERS
    assert (now.strangers[0].beacon, now.strangers[0].rssi, now.strangers[0].frames) == (place(50).id, -40, 2)
    assert now.foreign_frames == 1002
