"""Two transmitters under one identity are told, and nothing else is."""

import random
from collections.abc import Iterable

import pytest

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.reasons import TooManyFrames, TwoLevels
from beacon_gateway.presence.clone_detection import BLOCK, CLEARED_S, CloneDetector
from beacon_gateway.simulation.air import Air
from tests.unit.beacon_gateway.presence.people import frame, heard, person, place, walked

WALL, CARD = place(1), person(1)


def watched(stream: Iterable[Sighting], interval_ms: int | None = None) -> tuple[CloneDetector, float]:
    """What is known of them, and the time of the last frame."""
    watch, at = CloneDetector(interval_ms), 0.0
    for sighting in stream:
        watch.add([sighting])
        at = sighting.at
    return watch, at


def two(loud: float, faint: float, *, sigma: float, seed: int, frames: int = 4 * BLOCK) -> Iterable[Sighting]:
    draw = random.Random(seed)
    for number in range(frames):
        level = draw.choice((loud, faint))
        yield frame(WALL, round(draw.gauss(level, sigma)), number / 10)


@pytest.mark.parametrize("seed", range(5))
def test_two_that_interleave_are_told_with_numbers(seed: int) -> None:
    watch, at = watched(two(-55, -82, sigma=4, seed=seed))
    evidence = watch.evidence(at)
    assert isinstance(evidence, TwoLevels)
    assert evidence.low_dbm == pytest.approx(-82, abs=3)


@pytest.mark.parametrize("seed", range(20))
def test_one_alone_is_never_told_however_much_it_scatters(seed: int) -> None:
    watch, at = watched(two(-65, -65, sigma=7.5, seed=seed, frames=40 * BLOCK))
    assert watch.evidence(at) is None


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("sigma_db", [4.0, 6.0])
def test_somebody_who_walks_up_and_away_with_a_body_in_between_is_no_clone(seed: int, sigma_db: float) -> None:
    air = Air(sigma_db=sigma_db, body_per_minute=4)
    watch, at = CloneDetector(100), 0.0
    for sighting in walked(
        CARD, "8m 20s; walk 1.2m/s to 1m; stay 60s; leave 1.2m/s to 8m; stay 20s", seed=seed, air=air
    ):
        watch.add([sighting])
        at = sighting.at
        assert watch.evidence(at) is None
    assert at > 100


def test_many_more_frames_than_the_interval_allows_are_told() -> None:
    watch, at = watched(heard(WALL, -60, since=0, until=20, every=0.1), interval_ms=1000)
    assert isinstance(watch.evidence(at), TooManyFrames)


def test_a_body_that_stands_in_between_for_a_while_and_again_is_no_clone() -> None:
    """Two clumps, but each stays for a while: 1.6 s near, 1.6 s behind a body."""
    near_and_covered = (frame(WALL, -50 if number // 16 % 2 else -75, number / 10) for number in range(20 * BLOCK))
    watch, at = watched(near_and_covered)
    assert watch.evidence(at) is None


@pytest.mark.parametrize("every", [0.5, 0.9, 1.0])
def test_a_scan_response_beside_each_frame_is_no_clone(every: float) -> None:
    watch, at = watched(heard(WALL, -60, since=0, until=200, every=every), interval_ms=1000)
    assert watch.evidence(at) is None


def test_two_adapters_that_hear_one_beacon_at_two_levels_are_no_clone() -> None:
    watch = CloneDetector()
    for number in range(10 * BLOCK):
        watch.add([Sighting(WALL.id, -50, number / 10, -59, "hci0")])
        watch.add([Sighting(WALL.id, -85, number / 10, -59, "hci1")])
    assert watch.evidence(32.0) is None


def test_two_suspect_blocks_are_not_believed_and_a_clone_that_stopped_is_cleared() -> None:
    watch, at = watched(two(-55, -82, sigma=2, seed=1, frames=2 * BLOCK))
    assert watch.evidence(at) is None
    watch, at = watched(two(-55, -82, sigma=2, seed=1, frames=3 * BLOCK))
    assert watch.evidence(at)
    assert watch.evidence(at + CLEARED_S - 0.1)
    assert watch.evidence(at + CLEARED_S) is None


def test_frames_without_rssi_or_out_of_order_are_no_clone() -> None:
    watch, at = watched(heard(WALL, None, since=0, until=20))
    assert watch.evidence(at) is None
    watch, at = watched([frame(WALL, -60, 5.0)] * (3 * BLOCK))
    assert watch.evidence(at) is None
