"""From levels to a zone."""

import pytest

from beacon_gateway.model.beacons import Zone
from beacon_gateway.presence.estimator import SMOOTHING_S, ZoneEstimator
from beacon_gateway.presence.rules import PresenceRules


def hear(estimator: ZoneEstimator, level_db: float, *, since: float, until: float, every: float) -> None:
    for step in range(round((until - since) / every)):
        estimator.hear(level_db, since + step * every)


def seconds_until(zone: Zone, estimator: ZoneEstimator, level_db: float, since: float) -> float:
    """How long a level must be heard, ten times a second, until the zone is believed."""
    for step in range(6000):
        estimator.hear(level_db, since + step / 10)
        if estimator.zone is zone:
            return step / 10
    raise AssertionError(f"never {zone}")


@pytest.mark.parametrize("every", [0.1, 0.5])
def test_the_level_is_smoothed_by_time_and_not_by_packets(every: float) -> None:
    estimator = ZoneEstimator(PresenceRules())
    hear(estimator, -20.0, since=0, until=10, every=every)
    hear(estimator, 0.0, since=10, until=10 + SMOOTHING_S, every=every)
    assert estimator.level_db == pytest.approx(-20 * 0.3679, abs=0.5)


def test_distance_follows_the_log_distance_law() -> None:
    estimator = ZoneEstimator(PresenceRules(path_loss_exponent=3.0))
    estimator.hear(-30.0, 0.0)
    assert estimator.distance_m == pytest.approx(10.0)


def test_edges_that_lie_close_together_still_nest() -> None:
    estimator = ZoneEstimator(PresenceRules(immediate_m=3.9, near_m=4.0))
    hear(estimator, -12.0, since=0, until=60, every=0.1)
    assert estimator.zone is Zone.far
    assert seconds_until(Zone.immediate, estimator, 0.0, 60) < 5
    assert seconds_until(Zone.far, estimator, -30.0, 70) < 10


def test_the_more_often_an_edge_was_crossed_lately_the_more_evidence_it_takes() -> None:
    estimator, now, took = ZoneEstimator(PresenceRules()), 0.0, []
    hear(estimator, -30.0, since=-1, until=0, every=0.1)
    for _ in range(3):
        took.append(seconds_until(Zone.immediate, estimator, 5.0, now))
        hear(estimator, 5.0, since=now + took[-1], until=now + 30, every=0.1)
        hear(estimator, -30.0, since=now + 30, until=now + 60, every=0.1)
        now += 60
    assert took[0] == pytest.approx(1.0, abs=0.11)
    assert took[0] < took[1] < took[2]
    hear(estimator, -30.0, since=now, until=now + 1800, every=0.1)
    assert seconds_until(Zone.immediate, estimator, 5.0, now + 1800) == pytest.approx(1.0, abs=0.2)
