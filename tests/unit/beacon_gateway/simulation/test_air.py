"""Tests of the simulated RSSI, by its statistics."""

from collections.abc import Callable
from dataclasses import replace
from itertools import islice, pairwise, takewhile
from random import Random
from statistics import fmean, pstdev

import pytest

from beacon_gateway.simulation.air import Air, simulate_rssi

STILL = Air(sigma_db=0.0, offset_db=0.0, body_per_minute=0.0, loss=0.0)


def at_1m(_: float) -> float | None:
    return 1.0


def listen(
    air: Air, seconds: float, *, distance_m: Callable[[float], float | None] = at_1m, seed: int = 1
) -> list[tuple[float, int]]:
    return list(takewhile(lambda heard: heard[0] < seconds, simulate_rssi(distance_m, -59, air, Random(seed))))


def test_in_still_air_rssi_follows_the_log_distance_law() -> None:
    assert {rssi for _, rssi in listen(STILL, 10)} == {-59}
    assert {rssi for _, rssi in listen(STILL, 10, distance_m=lambda _: 10.0)} == {-59 - 22}
    steep = replace(STILL, path_loss_exponent=3.0)
    assert {rssi for _, rssi in listen(steep, 10, distance_m=lambda _: 10.0)} == {-59 - 30}


def test_adverts_follow_the_interval_with_a_random_delay() -> None:
    gaps = [after - before for (before, _), (after, _) in pairwise(listen(STILL, 60))]
    assert min(gaps) >= 0.1 - 1e-9
    assert max(gaps) <= 0.11 + 1e-9


@pytest.mark.parametrize("loss", [0.2, 0.35, 0.5])
def test_the_share_of_lost_packets_is_the_parameter(loss: float) -> None:
    sent, heard = len(listen(STILL, 3600)), len(listen(replace(STILL, loss=loss), 3600))
    assert 1 - heard / sent == pytest.approx(loss, abs=0.02)


def test_part_of_the_loss_occurs_in_bursts() -> None:
    def longest_gap(air: Air) -> float:
        return max(after - before for (before, _), (after, _) in pairwise(listen(air, 1800)))

    assert longest_gap(replace(STILL, loss=0.2)) > 2 * longest_gap(replace(STILL, loss=0.2, burst_share=0.0))


def test_shadowing_has_the_requested_sigma_and_a_slow_part() -> None:
    rssi = [value for _, value in listen(replace(STILL, sigma_db=5.0), 3600)]
    assert pstdev(rssi) == pytest.approx(5.0, abs=0.3)
    mean, variance = fmean(rssi), pstdev(rssi) ** 2
    neighbours = fmean((a - mean) * (b - mean) for a, b in pairwise(rssi)) / variance
    far_apart = fmean((a - mean) * (b - mean) for a, b in zip(rssi, islice(rssi, 200, None), strict=False)) / variance
    assert neighbours == pytest.approx(0.4, abs=0.06)
    assert abs(far_apart) < 0.06


def test_a_body_in_between_weakens_for_a_while() -> None:
    with_bodies = listen(replace(STILL, body_per_minute=4.0), 3600)
    weakened = [rssi for _, rssi in with_bodies if rssi < -59]
    assert min(weakened) >= -59 - 15
    assert max(weakened) <= -59 - 6
    assert len(weakened) / len(with_bodies) == pytest.approx(4 * 1.75 / (60 + 4 * 1.75), abs=0.03)


def test_out_of_range_nothing_is_received_and_each_return_has_its_own_offset() -> None:
    air = replace(STILL, offset_db=4.0)
    heard = listen(air, 100, distance_m=lambda at: None if at % 10 >= 5 else 1.0)
    assert all(at % 10 < 5 for at, _ in heard)
    offsets = {int(at // 10): rssi for at, rssi in heard}
    assert len(offsets) == 10
    assert len(set(offsets.values())) > 3


def test_rssi_stays_within_the_bounds_of_a_controller() -> None:
    assert {rssi for _, rssi in listen(STILL, 2, distance_m=lambda _: 1e9)} == {-127}
    assert {rssi for _, rssi in listen(STILL, 2, distance_m=lambda _: 1e-9)} == {20}


@pytest.mark.parametrize("wrong", [{"loss": 1.0}, {"loss": -0.1}, {"interval_s": (0.0, 0.1)}])
def test_parameters_without_any_reception_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be 0 to below 1"):
        Air(**wrong)  # type: ignore[arg-type]  # wrong on purpose
