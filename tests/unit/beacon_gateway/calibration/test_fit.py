"""Tests of the fit against simulated halls with a known truth."""

from random import Random

import pytest

from beacon_gateway.calibration.fit import HallFit, fit_hall
from beacon_gateway.calibration.measurement import Frame, Spot, SpotKind, measure_level
from beacon_gateway.simulation.air import Air
from tests.fakes.calibration_hall import measure

pytestmark = pytest.mark.thorough

SEEDS = 30
HALLS = {
    "open": Air(sigma_db=5.0, loss=0.35),
    "reflections": Air(sigma_db=2.0, loss=0.35, multipath=True),
    "a slow tag": Air((1.0, 1.01), sigma_db=5.0, loss=0.35),
    "a low exponent": Air(path_loss_exponent=1.5, sigma_db=4.0),
}
LOSS_DB = 6


def walk(air: Air, power: int, seed: str) -> HallFit:
    source = Random(seed)
    spots = [
        Spot(SpotKind.reference, 1.0),
        Spot(SpotKind.door, source.uniform(4, 8)),
        Spot(SpotKind.far_wall, source.uniform(7, 14)),
    ]
    return fit_hall([measure(spot, power, air, seed, losses_db={"hci0": 0, "hci1": LOSS_DB}) for spot in spots])


@pytest.mark.parametrize("hall", HALLS)
def test_the_fit_is_within_its_stated_confidence_in_nine_of_ten_seeds(hall: str) -> None:
    air = HALLS[hall]
    power_fits = exponent_fits = loss_fits = 0
    for number in range(SEEDS):
        power = Random(f"{hall} {number}").randint(-70, -52)
        fit = walk(air, power, f"{hall} {number}")
        power_fits += fit.power.contains(power)
        exponent_fits += fit.exponent.contains(air.path_loss_exponent)
        loss_fits += fit.losses_db["hci1"].contains(LOSS_DB)
        assert fit.power.within < 6
        assert fit.exponent.within < 0.7
    assert min(power_fits, exponent_fits, loss_fits) >= 0.9 * SEEDS


def test_impossible_readings_do_not_move_a_level() -> None:
    frames = [Frame(float(at), -60 - at % 3, "hci0") for at in range(40)]
    impossible = [Frame(40.0 + at, dbm, "hci0") for at, dbm in enumerate((42, 127, 20, -127))]
    clean, disturbed = measure_level(frames), measure_level([*frames, *impossible])
    assert clean is not None
    assert disturbed is not None
    assert abs(clean.dbm - disturbed.dbm) < 0.5
