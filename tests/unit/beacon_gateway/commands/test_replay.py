"""Tests of `beacon-gateway replay`."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from beacon_gateway.commands.replay import run
from beacon_gateway.frames.ibeacon import IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.scan.capture_scanner import CaptureScanner
from beacon_gateway.radio.scan.recorder import Recorder
from tests.captures.identity import LAB, PERSON_TAG, PLACE_BEACON, WALK
from tests.paths import ROOT

SITE = (ROOT / "config/gateway.toml").read_text(encoding="utf-8")
NOWHERE, NO_STATE = Path("/nowhere/gateway.toml"), Path("/nowhere/state")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Write the default settings with the identities of the captures."""
    text = SITE.replace("major = 1 # 必填 required\nminor = 2", f"major = {PLACE_BEACON.major}\nminor = 1")
    text = text.replace("major = 2\nminor = 1\n", f"major = {PERSON_TAG.major}\nminor = {PERSON_TAG.minor}\n")
    text = text.replace("major = 1 # 0", "major = 9 # 0")
    path = tmp_path / "gateway.toml"
    path.write_text(text.replace("1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0", str(PERSON_TAG.uuid)), encoding="utf-8")
    return path


def changed(site: Path, old: str, new: str) -> Path:
    text = site.read_text(encoding="utf-8")
    assert old in text
    other = site.with_name("other.toml")
    other.write_text(text.replace(old, new), encoding="utf-8")
    return other


def decisions(capsys: pytest.CaptureFixture[str], site: Path, file: Path = WALK) -> list[dict[str, Any]]:
    assert run(file, site, NOWHERE, NO_STATE, "max", None, True) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_output_does_not_depend_on_the_hash_seed(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every start without PYTHONHASHSEED has another seed, so has this process."""
    own, other = tmp_path / "own.svg", tmp_path / "other.svg"
    assert run(WALK, site, NOWHERE, NO_STATE, "max", own, False) == 0
    text = capsys.readouterr().out
    words = ("replay", str(WALK), "--config", str(site), "--svg", str(other), "--state-dir", str(NO_STATE))
    argv = [sys.executable, "-m", "beacon_gateway", *words]
    done = subprocess.run(argv, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": "1"})
    assert done.stdout.decode().replace(str(other), str(own)) == text
    assert other.read_bytes() == own.read_bytes()
    assert "elder-lunch" in text


def test_a_walk_changes_the_screen_and_decisions_end_with_the_recording(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = decisions(capsys, site)
    ends = CaptureScanner(WALK).sightings[-1].at
    assert max(decision["at"] for decision in found) <= ends
    assert "left" not in {decision["kind"] for decision in found}
    assert run(WALK, site, NOWHERE, NO_STATE, "max", None, False) == 0
    text = capsys.readouterr().out
    assert f" decisions in {ends:.1f} s. " in text
    assert "still present: 随身卡 tag of class volunteer-card 较远 far, 东门墙上 east gate wall 较远 far" in text
    assert projects_shown(decisions(capsys, site)) == ["elder-lunch"]
    assert str(PERSON_TAG.beacon) not in repr(decisions(capsys, site))


def test_other_settings_give_other_decisions(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    default = decisions(capsys, site)
    wider = decisions(capsys, changed(site, "near_m = 4.0", "near_m = 8.0"))
    assert wider != default
    shown = [next(d["at"] for d in found if d["kind"] == "shown") for found in (default, wider)]
    assert isinstance(shown[0], float)
    assert isinstance(shown[1], float)
    assert shown[1] < shown[0]
    silence = write_recording(datetime.fromisoformat("2026-05-04T09:00:00+08:00"), site.parent, silent_until_s=60.0)
    ends = [
        [d["at"] for d in decisions(capsys, settings, silence) if d["kind"] == "left"]
        for settings in (site, changed(site, "exit_s = 10.0", "exit_s = 20.0"))
    ]
    assert ends == [[pytest.approx(19.9)], [pytest.approx(29.9)]]


def test_the_text_contains_time_reason_numbers_and_the_screen(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(WALK, site, NOWHERE, NO_STATE, "max", None, False) == 0
    text = capsys.readouterr().out
    assert text.startswith(f"{WALK.name}: 108 帧认得的信标 frames of known beacons, 0 帧其他 iBeacon")
    assert text.count("依据 why: ") == text.count("屏幕 now: ") == len(decisions(capsys, site))
    assert re.search(
        r"^ +\d+\.\d{3} s  #\d+  换区 zone  .*较远 far → .*\n +数据 in:  -\d+ dBm.*\n"
        r" +依据 why: 在 .* 米以内的明确证据 .*\n"
        r" +\d+\.\d s of clear evidence within [\d.]+ m \(required \d\.\d s; recent crossings \d\.\d\)",
        text,
        re.M,
    )
    assert "屏幕 now: elder-lunch" in text
    assert "数据 in:  -" in text


def test_a_pace_waits_and_does_not_change_the_text(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(WALK, site, NOWHERE, NO_STATE, "max", None, False) == 0
    at_once, began = capsys.readouterr().out, monotonic()
    assert run(WALK, site, NOWHERE, NO_STATE, "200", None, False) == 0
    assert monotonic() - began >= 22 / 200
    assert capsys.readouterr().out == at_once


def test_a_trace_contains_its_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "place.trace"
    header = {
        "trace": 1,
        "began": "",
        "thinned_s": 0,
        "beacons": [
            {
                "id": {"uuid": str(PLACE_BEACON.uuid), "major": 1, "minor": 1},
                "kind": "place",
                "label": "wall",
                "project": "books",
            }
        ],
        "presence": {"near_m": 4.0},
        "choice": {"hold_s": 3.0},
    }
    frames = [{"at": n / 10, "heard": 0, "rssi": -62, "adapter": "hci0"} for n in range(100)]
    trace.write_text("".join(json.dumps(line) + "\n" for line in [header, *frames]))
    assert run(trace, None, NOWHERE, NO_STATE, "max", None, False) == 0
    assert "首页 attract page → books" in capsys.readouterr().out


def test_a_recording_without_known_beacons_is_reported(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(LAB, changed(site, "major = 100", "major = 101"), NOWHERE, NO_STATE, "max", None, False) == 0
    output = capsys.readouterr()
    assert "0 帧认得的信标" in output.out
    assert "no known beacon was received" in output.err
    assert re.search(r'uuid = "[0-9a-f-]{36}"  major = 100  minor = \d', output.err)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b'{"trace": 2}\n', b"{\xff\n", None])
def test_another_file_is_refused_with_1_and_its_name(
    content: bytes | None, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "other"
    if content is not None:
        file.write_bytes(content)
    assert run(file, site, NOWHERE, NO_STATE, "max", None, False) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"beacon-gateway replay: {file}: ")
    assert output.err.count("\n") == 1


def test_an_invalid_or_missing_toml_is_78_with_file_and_line(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(WALK, changed(site, "near_m = 4.0", "near_m = 0.5"), NOWHERE, NO_STATE, "max", None, False) == 78
    assert "other.toml:" in capsys.readouterr().err
    assert run(WALK, None, NOWHERE, NO_STATE, "max", None, False) == 78
    assert "--config FILE" in capsys.readouterr().err


@pytest.mark.parametrize("pace", ["fast", "0", "-1", "nan", "inf", "1e9"])
def test_an_invalid_pace_is_a_usage_error(pace: str, site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(WALK, site, NOWHERE, NO_STATE, pace, None, False) == 2
    assert f"--pace {pace}" in capsys.readouterr().err


def test_a_picture_that_cannot_be_written_is_1(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(WALK, site, NOWHERE, NO_STATE, "max", tmp_path / "no" / "x.svg", False) == 1
    assert "x.svg: No such file or directory" in capsys.readouterr().err


def write_recording(
    began: datetime, folder: Path, beacon: IBeacon = PLACE_BEACON, *, silent_until_s: float = 0.0
) -> Path:
    """Record a place beacon at 1 m for ten seconds; then, if requested, an unknown beacon's frame at the end."""
    recorder = Recorder(None, began=began, began_at=0.0)
    for number in range(100):
        recorder.record(Sighting(beacon.beacon, -55, number / 10, -59, "hci0"))
    if silent_until_s:
        recorder.record(Sighting(IBeacon(beacon.uuid, beacon.major, 99, -59).beacon, -90, silent_until_s, -59, "hci0"))
    file = folder / f"{began:%H%M}.btsnoop"
    file.write_bytes(recorder.build_file())
    return file


def projects_shown(found: list[dict[str, Any]]) -> list[object]:
    return [decision["after"] for decision in found if decision["kind"] == "shown"]


@pytest.mark.parametrize(
    ("official", "shown"), [("09:30", "student-aid"), ("11:30", "elder-lunch"), ("23:59", "student-aid")]
)
def test_hours_of_the_recording_and_priorities_select_the_project(
    official: str, shown: str, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = site.read_text("utf-8").replace(
        'measured_power = -59\nproject = "elder-lunch" # 可省略',
        'measured_power = -59\nprojects = ["student-aid", "elder-lunch"] # 可省略',
    )
    assert 'projects = ["student-aid", "elder-lunch"]' in text
    text = text.replace("priority = 0", "priority = 5").replace("hours = []", 'hours = ["11:00-13:00"]')
    several = site.with_name("several.toml")
    tables = text.split("[[projects]]", 1)
    project = tables[1].split("[handoff]")[0]
    several.write_text(f"{tables[0]}[[projects]]{project.replace('elder-lunch', 'student-aid')}[[projects]]{tables[1]}")
    began = datetime.fromisoformat(f"2026-05-04T{official}:00+08:00")
    found = decisions(capsys, several, write_recording(began, tmp_path))
    assert projects_shown(found)[0] == shown


@pytest.mark.parametrize("began", ["1970-01-01T03:00:00+00:00", "2150-01-01T03:00:00+00:00"])
def test_a_clock_that_was_not_set_closes_no_project(
    began: str, site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at_night = changed(site, "hours = []", 'hours = ["02:00-02:01"]')
    found = decisions(capsys, at_night, write_recording(datetime.fromisoformat(began), tmp_path))
    assert projects_shown(found)[0] == "elder-lunch"
    by_day = datetime.fromisoformat("2026-05-04T09:00:00+08:00")
    assert projects_shown(decisions(capsys, at_night, write_recording(by_day, tmp_path))) == []


def test_a_trace_contains_projects_and_rules_of_the_scan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "place.trace"
    wall = {"id": {"uuid": str(PLACE_BEACON.uuid), "major": 1, "minor": 1}, "kind": "place", "label": "wall"}
    header = {
        "trace": 1,
        "began": "2026-05-04T01:30:00+00:00",
        "thinned_s": 0,
        "beacons": [wall],
        "presence": {},
        "choice": {},
        "several": [[0, ["books", "lunch", "coats"]]],
        "rules": {"lunch": {"priority": 3}, "coats": {"priority": 9, "hours": [{"since": "18:00", "until": "20:00"}]}},
    }
    frames = [{"at": n / 10, "heard": 0, "rssi": -55, "adapter": "hci0"} for n in range(100)]
    trace.write_text("".join(json.dumps(line) + "\n" for line in [header, *frames]))
    assert run(trace, None, NOWHERE, NO_STATE, "max", None, True) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert projects_shown(found)[0] == "lunch"
    (shown,) = (decision for decision in found if decision["kind"] == "shown")
    assert shown["reason"]["selection"] == {"kind": "highest_priority", "priority": 3, "other": 0}


def test_a_trace_with_an_invalid_beacon_index_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    trace = tmp_path / "bad.trace"
    header = {"trace": 1, "began": "x", "thinned_s": 0, "beacons": [], "presence": {}, "choice": {}}
    trace.write_text(json.dumps(header | {"several": [[3, ["books"]]]}) + "\n")
    assert run(trace, None, NOWHERE, NO_STATE, "max", None, True) == 1
    assert "several: the header has no such beacon" in capsys.readouterr().err
