"""How the radio lab's times are taken: when a beacon counts as heard again, and what a busy machine took."""

from pathlib import Path

import pytest

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.trace import DecisionKind
from tests.radio.disturbances import EXIT_S, FRAME, decisions, heard_again_at
from tests.soak.test_radio_recovery import read_starved


def heard(*spans: tuple[float, float]) -> list[Sighting]:
    """Ten frames a second in each span of seconds."""
    times = [began + tenth / 10 for began, ended in spans for tenth in range(round((ended - began) * 10))]
    return [Sighting(FRAME.beacon, None, at, FRAME.measured_power, "hci1") for at in times]


@pytest.mark.parametrize(
    ("spans", "since", "again"),
    [
        ([(0, 9)], 4.05, 4.1),
        ([(0, 2), (5, 9)], 3, 5),
        ([(0, 2), (5, 9)], 1.05, 5),
        ([(0, 2), (5, 6), (8, 9)], 3, 8),
        ([(0, 2), (2.9, 9)], 1.05, 1.1),
        ([(0, 2)], 3, None),
    ],
    ids=["never silent", "silent", "silent later", "not for good", "a short gap", "silent still"],
)
def test_heard_again_is_the_first_frame_that_no_silence_follows(
    spans: list[tuple[float, float]], since: float, again: float | None
) -> None:
    assert heard_again_at(heard(*spans), since) == pytest.approx(again)


def test_a_silence_ends_the_visit_when_it_is_longer_than_the_exit_period_and_not_before() -> None:
    short = decisions(heard((0, 5), (5 + 0.8 * EXIT_S, 30)))
    long = decisions(heard((0, 5), (5 + 1.5 * EXIT_S, 30)))
    assert [each.kind for each in short] == [DecisionKind.arrived, DecisionKind.shown]
    assert DecisionKind.left in [each.kind for each in long]


def test_what_the_machine_took_is_read_from_the_log_between_its_lines(tmp_path: Path) -> None:
    log = tmp_path / "starved.log"
    log.write_text("100.0 0.0\n101.0 0.0\n102.0 0.5\n103.0 0.5\n")
    starved = read_starved(log)
    assert starved.between(100.2, 100.9) == pytest.approx(0)
    assert starved.between(101.0, 101.5) == pytest.approx(0.25)
    assert starved.between(90.0, 200.0) == pytest.approx(0.5)
