"""Tests of clone detection."""

import random
from collections.abc import Iterable

import pytest

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.reasons import ImpossibleMoves, ShortGaps, TooManyFrames, TwoLevels
from beacon_gateway.presence.clone_detection import BLOCK, CLEARED_S, CloneDetector
from beacon_gateway.simulation.air import Air
from tests.unit.beacon_gateway.presence.people import frame, heard, person, place, walked
from tests.unit.beacon_gateway.presence.placements import SECONDS, one_transmitter, two_transmitters

WALL, CARD = place(1), person(1)


def detect(stream: Iterable[Sighting], interval_ms: int | None = None) -> tuple[CloneDetector, float]:
    """Return the detector after all frames, and the time of the last one."""
    detector, at = CloneDetector(interval_ms), 0.0
    for sighting in stream:
        detector.add([sighting])
        at = sighting.at
    return detector, at


def two(loud: float, faint: float, *, sigma: float, seed: int, frames: int = 4 * BLOCK) -> Iterable[Sighting]:
    """Two beacons, each of which sends every 200 ms, the second 70 ms after the first."""
    draw = random.Random(seed)
    for number in range(frames):
        second = number % 2
        yield frame(WALL, round(draw.gauss((loud, faint)[second], sigma)), number // 2 / 5 + 0.07 * second)


@pytest.mark.parametrize("levels", [(-55, -82), (-60, -60)])
def test_two_transmitters_in_turn_are_detected_at_any_levels(levels: tuple[float, float]) -> None:
    detector, at = detect(two(*levels, sigma=4, seed=1), interval_ms=200)
    assert isinstance(detector.evidence(at), ShortGaps)


def test_a_genuine_beacon_with_one_channel_16_db_below_the_others_is_no_clone() -> None:
    draw = random.Random(2)
    for interval_ms in (100, None):
        faint = (frame(WALL, draw.choice((-55, -55, -71)), number / 10) for number in range(40 * BLOCK))
        detector, at = detect(faint, interval_ms)
        assert detector.evidence(at) is None


@pytest.mark.thorough
def test_no_placement_of_one_transmitter_is_a_clone() -> None:
    """The soak test has 1,440 of them."""
    assert [placement for placement in one_transmitter(72, seed=1) if placement.detected_s() is not None] == []


@pytest.mark.thorough
def test_a_second_transmitter_is_detected_within_a_minute() -> None:
    found = [placement.detected_s() for placement in two_transmitters(36, seed=1)]
    assert max(each or SECONDS for each in found) < 60


@pytest.mark.parametrize(("apart_s", "evidence"), [(0.004, ImpossibleMoves), (0.03, ShortGaps)])
def test_two_transmitters_that_send_at_nearly_the_same_time_are_detected(
    apart_s: float, evidence: type[ImpossibleMoves | ShortGaps]
) -> None:
    draw = random.Random(1)
    both = (
        frame(WALL, round(draw.gauss(level, 3)), second + delay)
        for second in range(60)
        for level, delay in ((-55, 0.0), (-70, apart_s + draw.uniform(0, 0.005)))
    )
    detector, at = detect(both, interval_ms=1000)
    assert isinstance(detector.evidence(at), evidence)


def test_two_adapters_that_see_levels_change_places_detect_a_clone_without_a_known_interval() -> None:
    detector, draw = CloneDetector(), random.Random(1)
    for number in range(8 * BLOCK):
        clone = number % 2
        at = number // 2 + 0.15 * clone
        if draw.random() < 0.2:
            continue
        levels = (-80, -50) if clone else (-50, -80)
        for adapter, level in enumerate(levels):
            detector.add([Sighting(WALL.id, round(draw.gauss(level, 3)), at, -59, f"hci{adapter}")])
    assert isinstance(detector.evidence(at), TwoLevels)


def test_an_interval_that_was_entered_wrongly_is_no_clone() -> None:
    detector, at = detect(heard(WALL, -60, since=0, until=60, every=0.5), interval_ms=1000)
    assert detector.evidence(at) is None


@pytest.mark.parametrize("seed", range(20))
def test_one_transmitter_with_scattered_rssi_is_no_clone(seed: int) -> None:
    detector, at = detect(two(-65, -65, sigma=7.5, seed=seed, frames=40 * BLOCK))
    assert detector.evidence(at) is None


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sigma_db", [4.0, 6.0])
def test_a_walking_person_with_bodies_in_between_is_no_clone(seed: int, sigma_db: float) -> None:
    air = Air(sigma_db=sigma_db, body_per_minute=4)
    detector, at = CloneDetector(100), 0.0
    for sighting in walked(
        CARD, "8m 20s; walk 1.2m/s to 1m; stay 60s; leave 1.2m/s to 8m; stay 20s", seed=seed, air=air
    ):
        detector.add([sighting])
        at = sighting.at
        assert detector.evidence(at) is None
    assert at > 100


def test_more_frames_than_the_interval_allows_are_detected() -> None:
    detector, at = detect(heard(WALL, -60, since=0, until=20, every=0.1), interval_ms=1000)
    assert isinstance(detector.evidence(at), TooManyFrames)


def test_a_body_in_between_from_time_to_time_is_no_clone() -> None:
    """Two groups without frequent jumps: 1.6 s near, 1.6 s behind a body."""
    near_and_covered = (frame(WALL, -50 if number // 16 % 2 else -75, number / 10) for number in range(20 * BLOCK))
    detector, at = detect(near_and_covered)
    assert detector.evidence(at) is None


@pytest.mark.parametrize("every", [0.5, 0.9, 1.0])
def test_a_scan_response_with_each_frame_is_no_clone(every: float) -> None:
    detector, at = detect(heard(WALL, -60, since=0, until=200, every=every), interval_ms=1000)
    assert detector.evidence(at) is None


def test_two_adapters_with_different_levels_are_no_clone() -> None:
    detector = CloneDetector()
    for number in range(10 * BLOCK):
        detector.add([Sighting(WALL.id, -50, number / 10, -59, "hci0")])
        detector.add([Sighting(WALL.id, -85, number / 10, -59, "hci1")])
    assert detector.evidence(32.0) is None


def test_a_clone_takes_two_suspect_blocks_and_is_cleared_later() -> None:
    detector, at = detect(two(-55, -82, sigma=2, seed=1, frames=BLOCK), interval_ms=200)
    assert detector.evidence(at) is None
    detector, at = detect(two(-55, -82, sigma=2, seed=1, frames=2 * BLOCK), interval_ms=200)
    assert detector.evidence(at)
    assert detector.evidence(at + CLEARED_S - 0.1)
    assert detector.evidence(at + CLEARED_S + 0.1) is None


def test_frames_without_rssi_or_out_of_order_are_no_clone() -> None:
    detector, at = detect(heard(WALL, None, since=0, until=20))
    assert detector.evidence(at) is None
    detector, at = detect([frame(WALL, -60, 5.0)] * (3 * BLOCK))
    assert detector.evidence(at) is None
