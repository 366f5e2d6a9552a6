"""Tests of `beacon-gateway scan` as a program."""

import json
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from beacon_gateway.radio.scan.capture_scanner import CaptureScanner
from sync_contract.beacon_identity import BeaconId
from tests.captures.identity import PERSON_TAG, PLACE_BEACON, WALK
from tests.fakes.forked_programs import run_on_terminal, run_program
from tests.unit.beacon_gateway.commands.test_replay import changed, site

__all__ = ["site"]


def scan(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return run_program("beacon_gateway", "scan", *map(str, words))


def test_without_a_terminal_it_prints_lines_that_name_a_person_by_class_only(site: Path) -> None:
    done = scan("--config", site, "--radio", f"capture:{WALK}", "--seconds", "2.5")
    assert (done.returncode, done.stderr) == (0, "")
    assert "东门墙上 east gate wall: -81 dBm, 较远 far, 平滑距离 smoothed 10.0 m" in done.stdout
    assert "随身卡 tag of class volunteer-card: -" in done.stdout
    assert "volunteer's card" not in done.stdout
    assert str(PERSON_TAG.uuid) not in done.stdout
    assert "屏幕 screen: 首页 attract page" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("columns", [80, 120])
def test_on_a_terminal_it_shows_a_table_without_cut_figures(columns: int, site: Path) -> None:
    argv = ("scan", "--config", str(site), "--radio", f"capture:{WALK}", "--seconds", "1.5")
    written = run_on_terminal("beacon_gateway", *argv, columns=columns)
    for words in ("东门墙上 east gate wall", "volunteer's card", "较远 far", "elder-lunch", "s ago", "dBm", "10.0"):
        assert words in written, words


def test_the_simulator_is_labelled(site: Path) -> None:
    done = scan("--config", site, "--radio", "simulated", "--seconds", "0.5")
    assert done.returncode == 0
    assert "a simulated radio: nothing real is received" in done.stdout


def test_without_bluetooth_it_fails_instead_of_simulating(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={site.parent}/no-bus")
    done = scan("--config", site, "--seconds", "0.5")
    assert done.returncode == 1
    assert "no D-Bus system bus" in done.stderr
    assert "simulated" not in done.stdout


def test_unknown_beacons_are_listed_only_on_request_with_instructions(site: Path) -> None:
    without = changed(site, f"major = {PERSON_TAG.major}\n", "major = 99\n")
    words = ("--config", without, "--radio", f"capture:{WALK}", "--seconds", "1")
    counted = scan(*words).stdout
    assert re.search(r"iBeacon [1-9]\d* 帧 frames", counted)
    assert "major = 100" not in counted
    found = scan(*words, "--foreign").stdout
    assert f'uuid = "{PERSON_TAG.uuid}"  major = 100  minor = 7' in found
    assert "Copy it into [[beacons]]" in found


def test_a_trace_contains_place_beacons_only(site: Path, tmp_path: Path) -> None:
    trace = tmp_path / "place.trace"
    assert scan("--config", site, "--radio", f"capture:{WALK}", "--seconds", "2", "--trace", trace).returncode == 0
    text = trace.read_text(encoding="utf-8")
    assert '"heard": 0, "rssi": -81' in text
    assert "volunteer" not in text
    assert f'"major": {PERSON_TAG.major}' not in text
    assert str(PLACE_BEACON.uuid) in text
    assert trace.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--radio", "magic"), 2, "--radio magic: auto, bluez, simulated or capture:FILE is expected"),
        (("--radio", "capture:/nowhere"), 1, "/nowhere: No such file"),
        (("--radio", "simulated", "--seconds", "0.2", "--trace", "/nowhere/x"), 1, "/nowhere/x: No such file"),
    ],
)
def test_faults_are_printed_in_one_line(options: tuple[str, ...], code: int, message: str, site: Path) -> None:
    done = scan("--config", site, *options)
    assert done.returncode == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_broken_toml_is_78(site: Path) -> None:
    done = scan("--config", changed(site, "near_m = 4.0", "near_m = 0.5"), "--radio", "simulated")
    assert done.returncode == 78
    assert "other.toml:" in done.stderr


def count_frames(file: Path) -> dict[BeaconId, int]:
    """Count the frames of each beacon in a btsnoop file."""
    return Counter(sighting.beacon for sighting in CaptureScanner(file).sightings)


def test_a_live_scan_is_recorded_as_btsnoop_without_tags_and_replays_to_the_same_decisions(
    site: Path, tmp_path: Path
) -> None:
    near = changed(site, "measured_power = -59\nproject", "measured_power = -80\nproject")
    record, trace = tmp_path / "live.btsnoop", tmp_path / "live.trace"
    words = ("--config", near, "--radio", f"capture:{WALK}", "--seconds", "6", "--trace", trace, "--record", record)
    done = scan(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(count_frames(record)) == {PLACE_BEACON.beacon}
    assert f"{record}: 已录 recorded {count_frames(record)[PLACE_BEACON.beacon]} 帧 frames" in done.stdout
    assert re.search(r"tags and unknown beacons are left out \([1-9]\d* frames\): --all", done.stdout)
    assert "a replay will not show screen changes caused by a card" in done.stdout
    assert f"{trace}: 已写轨迹 trace written, {len(trace.read_text('utf-8').splitlines())} 行 lines" in done.stdout
    assert PERSON_TAG.encode() not in record.read_bytes()
    assert record.stat().st_mode & 0o777 == 0o600
    replayed, traced = replay(record, "--config", near), replay(trace, "--config", near)
    assert [outcome(decision) for decision in replayed] == [outcome(decision) for decision in traced] != []


def test_with_all_a_recording_contains_the_tags_too(site: Path, tmp_path: Path) -> None:
    record = tmp_path / "all.btsnoop"
    done = scan("--config", site, "--radio", f"capture:{WALK}", "--seconds", "3", "--record", record, "--all")
    assert set(count_frames(record)) == {PLACE_BEACON.beacon, PERSON_TAG.beacon}
    assert "delete it after use" in done.stdout


def outcome(decision: dict[str, Any]) -> tuple[str, str, str]:
    return decision["kind"], decision["before"], decision["after"]


def replay(*words: str | Path) -> list[dict[str, Any]]:
    done = run_program("beacon_gateway", "replay", *map(str, words), "--json")
    assert done.returncode == 0
    return [json.loads(line) for line in done.stdout.splitlines()]
