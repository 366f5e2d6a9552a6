"""Test of two kiosks in one hall, each with the settings of its own calibration (./dev bench presence kiosks)."""

import pytest

from tests.bench.presence.kiosks import GOAL_SHARE, GOAL_WAIT_S, GOAL_WRONG_S, STAYS_S, measure_kiosks, quantile
from tests.bench.presence.takeover import AIRS

pytestmark = pytest.mark.thorough


def test_the_kiosk_before_which_a_walker_stands_shows_the_project_and_the_other_one_does_not() -> None:
    found = measure_kiosks(AIRS["open"], 8, "2015")
    assert quantile(found.waits, 0.5) <= GOAL_WAIT_S
    assert quantile(found.wrong[1::2], 0.5) <= GOAL_WRONG_S + 1.0  # of eight visits only
    assert sum(found.wrong) <= GOAL_SHARE * STAYS_S * len(found.wrong)
