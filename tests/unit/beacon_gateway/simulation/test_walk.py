"""Tests of the walk script."""

import pytest

from beacon_gateway.simulation.walk import Walk, WalkRefused, parse_walk


def test_a_script_gives_the_distance_over_time() -> None:
    walk = parse_walk("8m 10s; walk 1.4m/s to 1m; stay 60s; leave 8m; away 20s")
    leaving = 10 + 5 + 60
    assert [walk.distance_m(at) for at in (0, 9.99, 12.5, 15, leaving - 0.01)] == [8, 8, pytest.approx(4.5), 1, 1]
    assert walk.distance_m(leaving + 3.5 / 1.2) == pytest.approx(4.5)
    assert walk.distance_m(leaving + 7 / 1.2 + 1) is None
    assert walk.seconds == pytest.approx(leaving + 7 / 1.2 + 20)


def test_after_its_end_a_walk_stays_at_its_last_distance() -> None:
    assert parse_walk("8m; walk to 2m").distance_m(1e6) == 2
    assert parse_walk("8m 1s; away 1s").distance_m(1e6) is None


def test_a_start_and_a_walk_may_take_no_time() -> None:
    walk = parse_walk("8m; walk 1m/s to 1 m")
    assert (walk.distance_m(0), walk.distance_m(3)) == (8, 5)
    assert parse_walk("8m 5s; walk to 8m").distance_m(5) == 8


def test_blanks_and_line_breaks_do_not_matter() -> None:
    assert parse_walk(" 8m  10s ;\n walk to 1m ") == parse_walk("8 m 10 s; walk 1.2 m/s to 1m")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("", "'' is not a start"),
        ("stay 5s", "'stay 5s' is not a start"),
        ("8m 5s; run to 1m", "'run to 1m' is not 'walk"),
        ("8m 5s; walk 0m/s to 1m", "more than 0 m/s"),
        ("8m 5s; walk to 0m", "more than 0 m"),
        ("0m 5s", "more than 0 m$"),
        ("8m", "never in range"),
        ("8m; away 60s", "never in range"),
        ("8m 5s; stay -3s", "is not 'walk"),
    ],
)
def test_an_invalid_script_is_refused_with_its_step(script: str, message: str) -> None:
    with pytest.raises(WalkRefused, match=message):
        parse_walk(script)


def test_a_walk_without_segments_is_refused() -> None:
    with pytest.raises(WalkRefused):
        Walk(())
