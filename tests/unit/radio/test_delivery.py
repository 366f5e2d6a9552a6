"""Whether a scan tells every advert, judged by the gaps between a beacon's frames alone."""

import pytest

from beacon_gateway.radio.delivery import LATEST, MOST_BEACONS, Delivered, Delivery
from tests.unit.presence.people import place

BEACON = place(1).id


def heard_every(gap_s: float, count: int, delivery: Delivery | None = None) -> Delivery:
    delivery = delivery or Delivery()
    for number in range(count):
        delivery.heard(BEACON, 100.0 + number * gap_s)
    return delivery


@pytest.mark.parametrize(
    ("gap_s", "count", "delivered"),
    [
        (0.1, 2, Delivered.every_advert),
        (4.9, 2, Delivered.every_advert),
        (10.9, 3, Delivered.not_known),
        (10.9, 4, Delivered.once_a_scan),
        (6.0, 40, Delivered.not_known),
        (60.0, 40, Delivered.not_known),
        (0.0, 1, Delivered.not_known),
    ],
)
def test_a_beacon_once_in_each_scan_is_filtered(gap_s: float, count: int, delivered: Delivered) -> None:
    assert heard_every(gap_s, count).delivered is delivered


def test_one_quicker_beacon_shows_that_slow_ones_are_not_filtered() -> None:
    delivery = heard_every(10.9, 10)
    quick = place(2).id
    delivery.heard(quick, 300.0)
    delivery.heard(quick, 300.1)
    assert delivery.delivered is Delivered.every_advert


def test_a_filter_that_comes_later_is_noticed() -> None:
    delivery = heard_every(0.1, 50)
    for number in range(LATEST + 2):
        delivery.heard(BEACON, 200.0 + number * 10.9)
    assert delivery.delivered is Delivered.once_a_scan


def test_another_scan_begins_without_prejudice() -> None:
    delivery = heard_every(10.9, 10)
    delivery.begin()
    assert delivery.delivered is Delivered.not_known


def test_a_clock_that_jumps_back_or_repeats_itself_is_no_exception() -> None:
    delivery = Delivery()
    for at in (10.0, 5.0, 5.0, -1e9, 1e9, float("inf")):
        delivery.heard(BEACON, at)
    assert delivery.delivered is Delivered.every_advert  # 5.0 twice


def test_a_crowd_takes_no_memory() -> None:
    delivery = Delivery()
    for minor in range(1000):
        delivery.heard(place(minor).id, float(minor))
    assert len(delivery._heard_at) == MOST_BEACONS
