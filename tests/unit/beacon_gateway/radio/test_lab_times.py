"""Times in the radio lab: recovery of a beacon, and what is done about a lab that the host starved."""

import json
from pathlib import Path

import pytest

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.trace import DecisionKind
from tests.radio.conftest import LabResult, _run
from tests.radio.disturbances import EXIT_S, FRAME, decisions, heard_again_at
from tests.radio.starvation import read_starvation


def heard(*spans: tuple[float, float]) -> list[Sighting]:
    """Return ten sightings a second in each span of seconds."""
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


def test_starvation_is_interpolated_between_the_lines_of_the_log(tmp_path: Path) -> None:
    log = tmp_path / "starved.log"
    log.write_text("100.0 0.0\n101.0 0.0\n102.0 0.5\n103.0 0.5\n104")
    starvation = read_starvation(log)
    assert starvation.between(100.2, 100.9) == pytest.approx(0)
    assert starvation.between(101.0, 101.5) == pytest.approx(0.25)
    assert starvation.between(90.0, 200.0) == pytest.approx(0.5)
    assert starvation.worst_window_s(0.0, float("inf")) == pytest.approx(0.5)
    assert starvation.worst_window_s(102.1, 103.0) == pytest.approx(0)
    assert read_starvation(tmp_path / "none").between(0.0, 1.0) == 0.0


TEST = "tests/radio/test_air.py::test_a"


def finished_lab(share: Path, outcome: str, *, starved_s: float, error: str = "TooLate") -> None:
    """Write the files of a lab that has run TEST from second 100 to 110."""
    share.mkdir(exist_ok=True)
    (share / "output").write_text("output")
    (share / "starved.log").write_text(f"100.0 0.0\n102.0 {starved_s}\n110.0 {starved_s}\n")
    reports = [("call", outcome), ("teardown", "passed")]
    times = {"start": 100.0, "stop": 110.0}
    errors = [["error", error]] if outcome == "failed" else []
    lines = [
        json.dumps({"nodeid": TEST, "when": when, "outcome": result, "user_properties": errors, **times})
        for when, result in reports
    ]
    (share / "reports").write_text("\n".join(lines))


@pytest.mark.parametrize(
    ("first_s", "second", "second_s", "outcome"),
    [
        (0.1, "passed", 0.0, "failed"),
        (1.5, "passed", 1.5, "passed"),
        (1.5, "failed", 0.1, "failed"),
        (1.5, "failed", 1.5, "skipped"),
    ],
    ids=["not starved", "passes again", "fails again", "starved again"],
)
def test_a_test_that_failed_in_a_starved_lab_runs_again_and_is_skipped_if_that_is_starved_too(
    first_s: float, second: str, second_s: float, outcome: str, tmp_path: Path
) -> None:
    finished_lab(tmp_path, "failed", starved_s=first_s)
    finished_lab(tmp_path / "again", second, starved_s=second_s)
    reports = _run([TEST], 2, tmp_path).reports[TEST]
    assert [data["outcome"] for data in reports] == [outcome, "passed"]
    assert outcome != "skipped" or "starved twice" in str(reports[0]["longrepr"])


def test_a_starved_fixture_of_the_module_counts_for_each_of_its_tests(tmp_path: Path) -> None:
    """TEST ran in a starved window, and with it the fixture whose result the other test of the module uses."""
    other, elsewhere = TEST.replace("::test_a", "::test_b"), "tests/radio/test_exact.py::test_c"
    finished_lab(tmp_path, "passed", starved_s=1.5)
    with (tmp_path / "reports").open("a") as file:
        for test in (other, elsewhere):
            for when, outcome in (("call", "failed"), ("teardown", "passed")):
                times = {"start": 120.0, "stop": 121.0}
                file.write("\n" + json.dumps({"nodeid": test, "when": when, "outcome": outcome, **times}))
    result = LabResult.read(tmp_path)
    assert result.needs_rerun(other)
    assert not result.needs_rerun(elsewhere)


def test_a_wrong_result_in_a_starved_lab_stays_a_failure(tmp_path: Path) -> None:
    for share in (tmp_path, tmp_path / "again"):
        finished_lab(share, "failed", starved_s=1.5, error="AssertionError")
    assert _run([TEST], 2, tmp_path).reports[TEST][0]["outcome"] == "failed"


@pytest.mark.parametrize(
    ("console", "outcome"),
    [
        ("Bluetooth: hci0: Opcode 0x203c failed: -110\n", "passed"),
        ("Bluetooth: hci1: command 0x2042 tx timeout\n", "passed"),
        ("Bluetooth: hci0: Opcode 0x2039 failed: -38\n", "failed"),
    ],
)
def test_a_test_that_failed_while_a_controller_did_not_answer_runs_again(
    console: str, outcome: str, tmp_path: Path
) -> None:
    finished_lab(tmp_path, "failed", starved_s=0.0, error="AssertionError")
    (tmp_path / "console.log").write_text(console)
    finished_lab(tmp_path / "again", "passed", starved_s=0.0)
    assert _run([TEST], 2, tmp_path).reports[TEST][0]["outcome"] == outcome
