"""Distance over time, as the script says it."""

import pytest

from beacon_gateway.simulation.walk import Walk, WalkRefused, parse_walk


def test_a_script_is_walked_as_it_reads() -> None:
    walk = parse_walk("8m 10s; walk 1.4m/s to 1m; stay 60s; leave 8m; away 20s")
    leaving = 10 + 5 + 60
    assert [walk.distance_m(at) for at in (0, 9.99, 12.5, 15, leaving - 0.01)] == [8, 8, pytest.approx(4.5), 1, 1]
    assert walk.distance_m(leaving + 3.5 / 1.2) == pytest.approx(4.5)
    assert walk.distance_m(leaving + 7 / 1.2 + 1) is None
    assert walk.seconds == pytest.approx(leaving + 7 / 1.2 + 20)


def test_after_its_end_a_walk_stays_where_it_was() -> None:
    assert parse_walk("8m; walk to 2m").distance_m(1e6) == 2
    assert parse_walk("8m 1s; away 1s").distance_m(1e6) is None


def test_a_beginning_without_time_is_only_a_place_to_walk_from() -> None:
    walk = parse_walk("8m; walk 1m/s to 1 m")
    assert walk.distance_m(0) == 8
    assert walk.distance_m(3) == 5


def test_a_walk_to_where_one_stands_takes_no_time() -> None:
    assert parse_walk("8m 5s; walk to 8m").distance_m(5) == 8


def test_blanks_and_line_breaks_do_not_matter() -> None:
    assert parse_walk(" 8m  10s ;\n walk to 1m ") == parse_walk("8 m 10 s; walk 1.2 m/s to 1m")


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("", "'' is not a beginning"),
        ("stay 5s", "'stay 5s' is not a beginning"),
        ("8m 5s; run to 1m", "'run to 1m' is not 'walk"),
        ("8m 5s; walk 0m/s to 1m", "never arrives"),
        ("8m 5s; walk to 0m", "more than 0 m"),
        ("0m 5s", "more than 0 m"),
        ("8m", "never within hearing"),
        ("8m; away 60s", "never within hearing"),
        ("8m 5s; stay -3s", "is not 'walk"),
    ],
)
def test_a_script_that_cannot_be_walked_is_refused_with_its_step(script: str, says: str) -> None:
    with pytest.raises(WalkRefused, match=says):
        parse_walk(script)


def test_a_walk_of_no_stretches_is_refused() -> None:
    with pytest.raises(WalkRefused):
        Walk(())
