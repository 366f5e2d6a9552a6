"""DeliveryCheck: whether a scan delivers every advert, from the gaps between frames."""

import math

import pytest

from beacon_gateway.model.radio_status import DeliveredAdverts
from beacon_gateway.radio.scan.delivery_check import MAX_LONG_GAPS, DeliveryCheck


def gaps(gap_s: float, count: int, delivery: DeliveryCheck | None = None) -> DeliveryCheck:
    delivery = delivery or DeliveryCheck()
    for _ in range(count):
        delivery.add_gap(gap_s)
    return delivery


@pytest.mark.parametrize(
    ("gap_s", "count", "delivered"),
    [
        (0.1, 1, DeliveredAdverts.every_advert),
        (4.9, 1, DeliveredAdverts.every_advert),
        (10.9, 2, DeliveredAdverts.not_known),
        (10.9, 3, DeliveredAdverts.once_a_scan),
        (6.0, 39, DeliveredAdverts.not_known),
        (60.0, 39, DeliveredAdverts.not_known),
        (0.1, 0, DeliveredAdverts.not_known),
    ],
)
def test_gaps_of_a_scans_length_show_a_filter(gap_s: float, count: int, delivered: DeliveredAdverts) -> None:
    assert gaps(gap_s, count).delivered is delivered


def test_one_fast_beacon_shows_that_slow_ones_are_not_filtered() -> None:
    delivery = gaps(10.9, 10)
    delivery.add_gap(0.1)
    assert delivery.delivered is DeliveredAdverts.every_advert
    assert gaps(10.9, MAX_LONG_GAPS - 1, delivery).delivered is DeliveredAdverts.every_advert


def test_a_filter_that_becomes_active_later_is_noticed() -> None:
    assert gaps(10.9, MAX_LONG_GAPS, gaps(0.1, 50)).delivered is DeliveredAdverts.once_a_scan


def test_another_scan_starts_without_the_gaps_of_the_last_one() -> None:
    delivery = gaps(10.9, 10)
    delivery.begin()
    assert delivery.delivered is DeliveredAdverts.not_known
    delivery.short = True
    delivery.begin()
    assert gaps(10.9, 3, delivery).delivered is DeliveredAdverts.once_a_scan


def test_impossible_gaps_are_ignored() -> None:
    delivery = DeliveryCheck()
    for gap_s in (-5.0, -1e9, 1e9, math.inf, -math.inf, math.nan):
        delivery.add_gap(gap_s)
    assert delivery.delivered is DeliveredAdverts.not_known
