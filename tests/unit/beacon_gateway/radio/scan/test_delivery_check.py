"""Whether a scan tells every advert, judged by the gaps between a beacon's frames alone."""

import math

import pytest

from beacon_gateway.radio.scan.delivery_check import LATEST, Delivered, Delivery


def gaps(gap_s: float, count: int, delivery: Delivery | None = None) -> Delivery:
    delivery = delivery or Delivery()
    for _ in range(count):
        delivery.gap(gap_s)
    return delivery


@pytest.mark.parametrize(
    ("gap_s", "count", "delivered"),
    [
        (0.1, 1, Delivered.every_advert),
        (4.9, 1, Delivered.every_advert),
        (10.9, 2, Delivered.not_known),
        (10.9, 3, Delivered.once_a_scan),
        (6.0, 39, Delivered.not_known),
        (60.0, 39, Delivered.not_known),
        (0.1, 0, Delivered.not_known),
    ],
)
def test_a_beacon_once_in_each_scan_is_filtered(gap_s: float, count: int, delivered: Delivered) -> None:
    assert gaps(gap_s, count).delivered is delivered


def test_one_quicker_beacon_shows_that_slow_ones_are_not_filtered() -> None:
    delivery = gaps(10.9, 10)
    delivery.gap(0.1)
    assert delivery.delivered is Delivered.every_advert
    assert gaps(10.9, LATEST - 1, delivery).delivered is Delivered.every_advert


def test_a_filter_that_comes_later_is_noticed() -> None:
    assert gaps(10.9, LATEST, gaps(0.1, 50)).delivered is Delivered.once_a_scan


def test_another_scan_begins_without_prejudice() -> None:
    delivery = gaps(10.9, 10)
    delivery.begin()
    assert delivery.delivered is Delivered.not_known
    delivery.short = True
    delivery.begin()
    assert gaps(10.9, 3, delivery).delivered is Delivered.once_a_scan


def test_a_clock_that_jumps_is_no_exception_and_tells_nothing() -> None:
    delivery = Delivery()
    for gap_s in (-5.0, -1e9, 1e9, math.inf, -math.inf, math.nan):
        delivery.gap(gap_s)
    assert delivery.delivered is Delivered.not_known
