"""Recorder: a live scan as a btsnoop file that contains the selected beacons only."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.radio.scan.capture_scanner import CaptureScanner
from beacon_gateway.radio.scan.recorder import Recorder
from tests.unit.beacon_gateway.presence.people import person, place

WALL, CARD, STRANGER = place(1), person(2), place(77)
BEGAN = datetime(2026, 5, 4, 8, 30, tzinfo=UTC)


def sighting(beacon: Beacon, at: float, rssi: int | None = -60, power: int | None = -59) -> Sighting:
    return Sighting(beacon.id, rssi, at, power, "hci1")


def read_back(recorder: Recorder, folder: Path) -> CaptureScanner:
    file = folder / "x.btsnoop"
    file.write_bytes(recorder.build_file())
    return CaptureScanner(file)


def new_recorder(beacons: set[Beacon] | None = None, **more: int) -> Recorder:
    ids = None if beacons is None else {beacon.id for beacon in beacons}
    return Recorder(ids, began=BEGAN, began_at=1000.0, **more)


@pytest.mark.parametrize("rssi", [-60, None, 0, 20, -127])
@pytest.mark.parametrize("power", [-59, 0, 20, -128])
def test_every_value_is_read_back(rssi: int | None, power: int, tmp_path: Path) -> None:
    recorder = new_recorder()
    recorder.record(sighting(WALL, 1000.5, rssi, power))
    recorder.record(sighting(CARD, 1002.0, rssi, power))
    found = read_back(recorder, tmp_path)
    first, second = found.sightings
    assert (first.beacon, first.rssi, first.measured_power, first.adapter) == (WALL.id, rssi, power, "hci1")
    assert second.beacon == CARD.id
    assert second.at - first.at == pytest.approx(1.5)
    assert found.began == pytest.approx(BEGAN.timestamp() + 0.5)


def test_only_the_selected_beacons_are_in_the_file(tmp_path: Path) -> None:
    recorder = new_recorder({WALL})
    for beacon in (WALL, CARD, STRANGER):
        recorder.record(sighting(beacon, 1001.0))
    assert [found.beacon for found in read_back(recorder, tmp_path).sightings] == [WALL.id]
    assert CARD.id.uuid.bytes + bytes([0, 2, 0, 2]) not in recorder.build_file()


def test_the_file_is_bounded_and_later_frames_are_counted() -> None:
    recorder = new_recorder(max_frames=10)
    for number in range(25):
        recorder.record(sighting(WALL, 1000.0 + number))
    assert (recorder.frames, recorder.over_limit) == (10, 15)


def test_times_that_go_back_or_jump_are_replayed_in_order(tmp_path: Path) -> None:
    recorder = new_recorder()
    for at in (1000.0, 1000.0, 999.0, 1001.0, 9e6):
        recorder.record(sighting(WALL, at))
    times = [found.at for found in read_back(recorder, tmp_path).sightings]
    assert times == sorted(times)
    assert len(times) == 5


def test_a_simulated_radio_and_an_empty_scan_give_valid_files(tmp_path: Path) -> None:
    recorder = new_recorder()
    assert read_back(recorder, tmp_path).sightings == ()
    recorder.record(Sighting(WALL.id, -60, 1000.0, None, "simulated"))
    [found] = read_back(recorder, tmp_path).sightings
    assert (found.adapter, found.measured_power) == ("hci0", -59)
