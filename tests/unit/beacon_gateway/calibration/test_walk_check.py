"""Tests of the checks of a walk."""

from dataclasses import replace

import pytest

from beacon_gateway.calibration.measurement import Frame, Measurement, Spot, SpotKind
from beacon_gateway.calibration.walk_check import (
    MIN_FRAMES,
    MovedAway,
    NotReceived,
    TooFewFrames,
    WithoutRssi,
    WrongOrder,
    find_spot_fault,
    find_walk_fault,
)
from beacon_gateway.simulation.air import Air
from tests.fakes.calibration_hall import measure

AIR = Air(sigma_db=4.0, loss=0.3)
AT_1_M, DOOR, WALL = Spot(SpotKind.reference, 1.0), Spot(SpotKind.door, 6.0), Spot(SpotKind.far_wall, 10.0)
HALLS = {
    "open": Air(sigma_db=5.0, loss=0.35),
    "reflections": Air(sigma_db=2.0, loss=0.35, multipath=True),
    "a slow tag": Air((1.0, 1.01), sigma_db=5.0, loss=0.35),
}


def walk_to(spot: Spot, seed: str = "check") -> Measurement:
    return measure(spot, -60, AIR, seed)


def test_each_fault_of_a_spot_is_found_with_its_figures() -> None:
    at_1_m = walk_to(AT_1_M)
    assert find_spot_fault(at_1_m, 500, {}) is None
    nothing = replace(at_1_m, frames=())
    assert find_spot_fault(nothing, 0, {}) == NotReceived(AT_1_M)
    assert find_spot_fault(nothing, 9, {}) == WithoutRssi(AT_1_M)
    assert find_spot_fault(replace(walk_to(WALL), frames=()), 0, {}) is None, "not received far away is a result"
    few = replace(at_1_m, frames=at_1_m.frames[:5])
    assert find_spot_fault(few, 5, {}) == TooFewFrames(AT_1_M, 5, MIN_FRAMES)
    left = [frame for frame in at_1_m.frames if frame.at < 30]
    away = [frame for frame in walk_to(WALL).frames if frame.at >= 30]
    assert isinstance(find_spot_fault(replace(at_1_m, frames=(*left, *away)), 500, {}), MovedAway)
    impossible = tuple(Frame(frame.at, 42, frame.adapter) for frame in at_1_m.frames)
    assert find_spot_fault(replace(at_1_m, frames=impossible), 500, {}) == WithoutRssi(AT_1_M)


def test_exchanged_spots_and_a_walk_that_is_heard_only_at_the_kiosk_are_faults() -> None:
    assert find_walk_fault([walk_to(AT_1_M), walk_to(DOOR), walk_to(WALL)]) is None
    exchanged = [replace(walk_to(DOOR), spot=AT_1_M), replace(walk_to(AT_1_M), spot=DOOR), walk_to(WALL)]
    fault = find_walk_fault(exchanged)
    assert isinstance(fault, WrongOrder)
    assert (fault.nearer, fault.farther) == (AT_1_M, DOOR)
    silent = [walk_to(AT_1_M), *(replace(walk_to(spot), frames=()) for spot in (DOOR, WALL))]
    assert isinstance(find_walk_fault(silent), TooFewFrames)


@pytest.mark.parametrize("hall", HALLS)
def test_hardly_any_good_walk_is_refused(hall: str) -> None:
    refused = 0
    for seed in range(20):
        walk = [measure(spot, -60, HALLS[hall], f"{hall} {seed}") for spot in (AT_1_M, DOOR, WALL)]
        faults = [find_spot_fault(each, len(each.frames), {}) for each in walk]
        refused += any(faults) or find_walk_fault(walk) is not None
    assert refused <= 2
