"""Tests of the estimator: from levels to a zone."""

from math import sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.model.beacons import Zone
from beacon_gateway.presence.estimator import SMOOTHING_S, ZoneEstimator
from beacon_gateway.presence.presence_rules import PresenceRules

POWER = -59


def hear(estimator: ZoneEstimator, level_db: int, *, since: float, until: float, every: float) -> None:
    for step in range(round((until - since) / every)):
        estimator.hear(POWER + level_db, since + step * every)


def seconds_until(zone: Zone, estimator: ZoneEstimator, level_db: int, since: float) -> float:
    """Return the seconds of a level, ten times a second, until the zone changes."""
    for step in range(6000):
        estimator.hear(POWER + level_db, since + step / 10)
        if estimator.zone is zone:
            return step / 10
    raise AssertionError(f"never {zone}")


@pytest.mark.parametrize("every", [0.1, 0.5])
def test_the_level_is_smoothed_over_time_not_over_packets(every: float) -> None:
    estimator = ZoneEstimator(PresenceRules(), POWER)
    hear(estimator, -20, since=0, until=10, every=every)
    hear(estimator, 0, since=10, until=10 + SMOOTHING_S, every=every)
    assert estimator.level_db == pytest.approx(-20 * 0.3679, abs=1.5)  # it follows every LOOK_S only


def test_distance_follows_the_log_distance_law() -> None:
    estimator = ZoneEstimator(PresenceRules(path_loss_exponent=3.0), POWER)
    estimator.hear(POWER - 30, 0.0)
    assert estimator.distance_m == pytest.approx(10.0)


def test_edges_close_together_keep_their_order() -> None:
    estimator = ZoneEstimator(PresenceRules(immediate_m=3.9, near_m=4.0), POWER)
    hear(estimator, -12, since=0, until=60, every=0.1)
    assert estimator.zone is Zone.far
    assert seconds_until(Zone.immediate, estimator, 0, 60) < 5
    assert seconds_until(Zone.far, estimator, -30, 70) < 10


def test_recent_crossings_raise_the_required_evidence() -> None:
    estimator, now, took = ZoneEstimator(PresenceRules(), POWER), 0.0, []
    hear(estimator, -30, since=-1, until=0, every=0.1)
    for _ in range(3):
        took.append(seconds_until(Zone.immediate, estimator, 5, now))
        hear(estimator, 5, since=now + took[-1], until=now + 30, every=0.1)
        hear(estimator, -30, since=now + 30, until=now + 60, every=0.1)
        now += 60
    assert took[0] == pytest.approx(1.0, abs=0.11)
    assert took[0] < took[1] < took[2]
    hear(estimator, -30, since=now, until=now + 1800, every=0.1)
    assert seconds_until(Zone.immediate, estimator, 5, now + 1800) == pytest.approx(1.0, abs=0.2)


@given(
    st.lists(st.tuples(st.integers(-127, 20), st.floats(0.01, 3.0)), max_size=60),
    st.integers(-127, 20),
    st.floats(1.0, 6.0),
)
def test_every_rssi_and_power_is_accepted(packets: list[tuple[int, float]], power: int, exponent: float) -> None:
    estimator, at = ZoneEstimator(PresenceRules(), power, exponent), 0.0
    for rssi, gap_s in packets:
        at += gap_s
        estimator.hear(rssi, at)
        assert -127 - 20 <= estimator.level_db <= 20 + 127
    if packets and all(rssi <= power - 100 for rssi, _ in packets):
        assert estimator.zone is Zone.far


def test_the_power_only_shifts_the_levels() -> None:
    usual, quiet = ZoneEstimator(PresenceRules(), POWER), ZoneEstimator(PresenceRules(), POWER - 20)
    for step in range(3000):
        level_db = round(-12 + 14 * sin(step / 70) + 5 * sin(step * 1.7))
        usual.hear(POWER + level_db, step / 10)
        quiet.hear(POWER - 20 + level_db, step / 10)
        assert (usual.zone, usual.level_db) == (quiet.zone, quiet.level_db)


def test_leaving_at_once_crosses_both_edges_with_one_retreat() -> None:
    estimator = ZoneEstimator(PresenceRules(), POWER)
    assert seconds_until(Zone.immediate, estimator, 0, 0.0) < 5
    hear(estimator, 0, since=10, until=60, every=0.1)
    assert seconds_until(Zone.far, estimator, -30, 60.0) == pytest.approx(PresenceRules().retreat_s, abs=0.3)


def test_leaving_the_kiosk_is_relative_to_the_usual_level() -> None:
    def left(usual_db: int) -> bool:
        estimator = ZoneEstimator(PresenceRules(), POWER)
        hear(estimator, 3, since=0, until=10, every=0.1)
        hear(estimator, usual_db, since=10, until=100, every=0.1)
        assert estimator.zone is Zone.immediate
        hear(estimator, -7, since=100, until=130, every=0.1)
        return estimator.zone is not Zone.immediate

    assert left(2)
    assert not left(-3)


@pytest.mark.parametrize("power", [-127, -59, 20])
@pytest.mark.parametrize("rssi", [*range(-127, 21, 7)])
def test_extreme_levels_give_far_and_immediate(rssi: int, power: int) -> None:
    estimator = ZoneEstimator(PresenceRules(), power)
    hear(estimator, rssi - POWER, since=0, until=60, every=0.1)
    assert estimator.level_db == rssi - power
    if abs(rssi - power) > 20:
        assert estimator.zone is (Zone.immediate if rssi > power else Zone.far)


@pytest.mark.parametrize("power", [-20, 20])
def test_a_fall_over_the_complete_scale_is_far(power: int) -> None:
    estimator = ZoneEstimator(PresenceRules(), power)
    hear(estimator, 20 - POWER, since=0, until=60, every=0.1)
    assert estimator.zone is Zone.immediate
    assert seconds_until(Zone.far, estimator, -127 - POWER, 60) < 5


def heard_one_after_the_other(*stretches: tuple[int, float]) -> list[Zone]:
    """Return the zones in order, for levels in dB with their durations in seconds."""
    estimator, at, zones = ZoneEstimator(PresenceRules(), POWER), 0.0, [Zone.far]
    for level_db, seconds in stretches:
        for _ in range(round(seconds * 10)):
            at += 0.1
            estimator.hear(POWER + level_db, at)
            if estimator.zone is not zones[-1]:
                zones.append(estimator.zone)
    return zones


def test_a_trend_is_relative_to_the_recent_level() -> None:
    assert heard_one_after_the_other((-30, 1), (-16, 60), (-8, 60)) == [Zone.far, Zone.near]
    assert heard_one_after_the_other((-16, 30), (-9, 60), (-6, 60)) == [Zone.far, Zone.near]


def test_a_long_time_without_evidence_does_not_delay_a_change() -> None:
    def near() -> ZoneEstimator:
        estimator = ZoneEstimator(PresenceRules(), POWER)
        hear(estimator, -16, since=0, until=30, every=0.1)
        hear(estimator, -9, since=30, until=300, every=0.1)
        assert estimator.zone is Zone.near
        return estimator

    assert seconds_until(Zone.immediate, near(), 5, 300) == pytest.approx(PresenceRules().dwell_s, abs=0.3)
    assert seconds_until(Zone.far, near(), -35, 300) == pytest.approx(PresenceRules().retreat_s, abs=0.3)


def test_the_usual_level_is_bounded() -> None:
    slowly_away = heard_one_after_the_other((3, 30), (-3, 60), (-6, 60), (-8, 60), (-10, 60))
    assert slowly_away == [Zone.far, Zone.immediate, Zone.near]
    assert heard_one_after_the_other((20, 60), (-2, 30)) == [Zone.far, Zone.immediate]


def test_two_channels_with_different_levels_are_as_near_as_their_mean() -> None:
    estimator = ZoneEstimator(PresenceRules(), POWER)
    for step in range(600):
        estimator.hear(POWER + (-11 if step % 2 else -4), step / 10)
    assert estimator.zone is Zone.near


def test_one_loud_packet_is_no_approach() -> None:
    estimator = ZoneEstimator(PresenceRules(), POWER)
    hear(estimator, -20, since=0, until=60, every=0.5)
    estimator.hear(POWER + 20, 60)
    assert estimator.zone is Zone.far


def test_a_slow_tag_arrives_and_leaves_within_three_packets() -> None:
    estimator, zones = ZoneEstimator(PresenceRules(), POWER), []
    for level_db, since, until in ((-20, 0, 60), (0, 60, 66), (-25, 66, 72)):
        hear(estimator, level_db, since=since, until=until, every=2.0)
        zones.append(estimator.zone)
    assert zones == [Zone.far, Zone.immediate, Zone.far]
