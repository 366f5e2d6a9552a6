"""Tests of `beacon-gateway calibrate` with a simulated hall and an installer who walks through it."""

import os
import tomllib
from dataclasses import replace
from math import log10
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from beacon_gateway import settings_mapping
from beacon_gateway.calibration.measurement import Spot, SpotKind
from beacon_gateway.commands.calibrate import WalkOptions, calibrate
from beacon_gateway.commands.decision_inputs import read_inputs
from beacon_gateway.commands.installer_dialogue import TerminalDialogue
from beacon_gateway.model.beacons import Beacon, Sighting, Zone
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.hci.btsnoop import Datalink, write_events
from beacon_gateway.radio.scan.capture_scanner import CaptureScanner
from beacon_gateway.store.acceptance import load_walk
from sync_contract.beacon_identity import BeaconId
from tests.captures.identity import PERSON_TAG, WALK
from tests.captures.make import advert, build_event
from tests.fakes.calibration_hall import Answer, WalkingInstaller
from tests.fakes.forked_programs import run_program
from tests.unit.beacon_gateway.commands.test_replay import NO_STATE, changed, site

__all__ = ["site"]
TAG_ID = BeaconId(PERSON_TAG.uuid, PERSON_TAG.major, PERSON_TAG.minor)
DOOR_M, WALL_M = 6.0, 11.0
ASKED = WalkOptions()


async def walk(
    site: Path, *answers: Answer, options: WalkOptions = ASKED, state: Path = NO_STATE, **hall: Any
) -> WalkingInstaller:
    inputs = read_inputs(site, NO_STATE)
    tag = next(beacon for beacon in inputs.beacons if beacon.id == TAG_ID)
    installer = WalkingInstaller(tag, answers, **hall)
    installer.code = await calibrate(inputs, site, state, installer.receive, installer, options)
    return installer


async def test_a_walk_measures_the_hall_and_writes_accepted_settings_with_their_comments(site: Path) -> None:
    before = site.read_text("utf-8")
    site.chmod(0o640)
    if os.getuid() == 0:
        os.chown(site, -1, 1)
    owner = (site.stat().st_uid, site.stat().st_gid)
    (wall,) = (each for each in read_inputs(site, NO_STATE).beacons if each.kind == "place" and not each.own)
    options = WalkOptions(picture=site.with_name("hall.svg"))
    answers: list[Answer] = ["6", "far", "11", (1.0, ""), (DOOR_M, ""), (WALL_M, ""), "y"]
    done = await walk(site, *answers, options=options, state=site.parent, fixed=[(wall, 5.0)])
    assert done.code == 0
    stored = load_walk(site.parent)
    assert stored is not None
    assert [(each.kind.value, each.metres) for each in stored.spots] == [
        ("reference", 1.0),
        ("door", DOOR_M),
        ("far_wall", WALL_M),
    ]
    words = " ".join(ElementTree.parse(site.with_name("hall.svg")).getroot().itertext())
    assert "at the door, 6 m" in words
    after = site.read_text("utf-8")
    written = tomllib.loads(after)
    (tag,) = [each for each in written["beacons"] if each["kind"] == "person"]
    assert abs(tag["measured_power"] - -63) <= 3
    assert abs(written["presence"]["path_loss_exponent"] - 2.4) <= 0.5
    (fixed,) = [each for each in written["beacons"] if each["kind"] == "place"]
    assert abs(fixed["accepted_dbm"]["hci0"] - (wall.measured_power - 24 * log10(5))) <= 3
    assert 1.6 <= written["presence"]["near_m"] <= 0.75 * DOOR_M
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#")
    ]
    assert site.stat().st_mode & 0o777 == 0o640
    assert (site.stat().st_uid, site.stat().st_gid) == owner
    assert "要写 1.5 到 60 的米数" in done.text
    assert "wrong changes" in done.text
    assert f"measured_power = {tag['measured_power']}" in done.text


async def test_what_a_second_adapter_loses_is_measured_and_no_longer_learned_from_the_walls(site: Path) -> None:
    hall: dict[str, Any] = {"losses_db": {"hci0": 0, "hci1": 3}}
    done = await walk(site, "6", "11", (1.0, ""), (DOOR_M, ""), (WALL_M, ""), "y", **hall)
    assert done.code == 0
    written = tomllib.loads(site.read_text("utf-8"))["radio"]["loss_db"]
    assert written["hci0"] == 0
    assert abs(written["hci1"] - 3) <= 2.5
    beacons = read_inputs(site, NO_STATE)
    tracker = Tracker(beacons.beacons, settings_mapping.presence_rules(beacons.settings))
    (wall,) = (each for each in beacons.beacons if each.kind == "place" and not each.own)
    for tenth in range(6000):  # it hangs 0.3 m from one adapter and 1 m from the other
        at, second = tenth / 10, tenth % 2
        tracker.hear(Sighting(wall.id, -48 - 15 * second, at, None, f"hci{second}"))
        if second:
            tracker.hear(Sighting(TAG_ID, -82, at + 0.02, None, "hci1"))
    assert tracker.visits[TAG_ID].zone is Zone.far


async def test_a_declined_proposal_changes_nothing(site: Path) -> None:
    before = site.read_bytes()
    done = await walk(site, "6", "11", (1.0, ""), (DOOR_M, ""), (WALL_M, ""), "")
    assert done.code == 0
    assert "Nothing was changed" in done.text
    assert site.read_bytes() == before


def other_tag(site: Path) -> Beacon:
    tag = next(beacon for beacon in read_inputs(site, NO_STATE).beacons if beacon.id == TAG_ID)
    return replace(tag, id=BeaconId(TAG_ID.uuid, TAG_ID.major, 8), label="other", measured_power=-40)


@pytest.fixture
def two_tags(site: Path) -> Path:
    text = site.read_text("utf-8")
    entry = text[text.index(f"major = {PERSON_TAG.major}\n") : text.index("# 哪个项目先显示")]
    more = f'[[beacons]]\nuuid = "{TAG_ID.uuid}"\n' + entry.replace(f"minor = {TAG_ID.minor}", "minor = 8")
    return changed(site, "# 哪个项目先显示", more.replace("志愿者卡", "另一张卡") + "# 哪个项目先显示")


async def test_another_tag_in_the_hand_is_named(two_tags: Path) -> None:
    before = two_tags.read_bytes()
    options = WalkOptions(tag=f"{TAG_ID.major}/{TAG_ID.minor}")
    hall: dict[str, Any] = {"fixed": [(other_tag(two_tags), 1.0)]}
    done = await walk(two_tags, "6", "11", (2.5, ""), "n", options=options, **hall)
    assert done.code == 1
    assert '"另一张卡 volunteer\'s card" is ' in done.text
    assert two_tags.read_bytes() == before


@pytest.mark.parametrize(
    ("answers", "hall", "words"),
    [
        pytest.param([(None, ""), "n"], {}, "not received at all", id="not received"),
        pytest.param([(11.0, ""), (6.0, ""), (1.0, "")], {}, "the farther spot is", id="impossible order"),
        pytest.param([], {}, "The calibration was not finished", id="nobody answers"),
    ],
)
async def test_a_bad_walk_has_a_reason_and_changes_nothing(
    answers: list[Any], hall: dict[str, Any], words: str, site: Path
) -> None:
    before = site.read_bytes()
    done = await walk(site, "6", "11", *answers, **hall)
    assert done.code == 1
    assert words in done.text
    assert "Nothing was changed" in done.text
    assert site.read_bytes() == before


async def test_a_picture_that_cannot_be_written_loses_no_walk(site: Path) -> None:
    options = WalkOptions(picture=site.with_name("nowhere") / "hall.svg")
    done = await walk(site, "6", "11", (1.0, ""), (DOOR_M, ""), (WALL_M, ""), "y", options=options)
    assert done.code == 0
    assert "the picture cannot be written: No such file or directory" in done.text
    assert "path_loss_exponent = 2" in site.read_text("utf-8")


async def test_a_neighbouring_kiosk_limits_the_zone(site: Path) -> None:
    spots = (Spot(SpotKind.neighbour, 4.0, "east"),)
    done = await walk(
        site, "6", "11", (1.0, ""), (DOOR_M, ""), (WALL_M, ""), (4.0, ""), "y", options=WalkOptions(spots=spots)
    )
    assert done.code == 0
    assert "another" not in done.text
    assert tomllib.loads(site.read_text("utf-8"))["presence"]["near_m"] <= 2.4


class HurriedInstaller(TerminalDialogue):
    """Is at each spot at once."""

    async def ask(self, question: str) -> str | None:
        self.show(question)
        return ""


async def test_the_radio_may_be_a_recording(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording = tmp_path / "walk.btsnoop"
    falling = (  # each moment is farther away than the one before
        build_event(step / 100, advert(PERSON_TAG), round(-50 - 10 * step / 100)) for step in range(400)
    )
    recording.write_bytes(write_events(falling, Datalink.h4))
    spots = (Spot(SpotKind.door, 3.0), Spot(SpotKind.far_wall, 6.0))
    options = WalkOptions(spots=spots, seconds=0.3, accept=True)
    receive = CaptureScanner(recording).hear
    code = await calibrate(read_inputs(site, NO_STATE), site, NO_STATE, receive, HurriedInstaller(), options)
    printed = capsys.readouterr().out
    assert code == 0, printed
    assert "capture -5" in printed
    assert "presence.near_m = " in printed


def test_the_program_reads_answers_from_standard_input_and_refuses_a_tag_that_is_not_listed(site: Path) -> None:
    before = site.read_bytes()
    done = run_program(
        "beacon_gateway", "calibrate", "--config", str(site), "--radio", f"capture:{WALK}", "--tag", "9/9"
    )
    assert done.returncode == 2
    assert "they list 100/7" in done.stdout
    assert site.read_bytes() == before
