"""CaptureScanner: replay of recordings."""

import asyncio
from pathlib import Path
from time import monotonic

import pytest

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import RadioStatus
from beacon_gateway.radio.hci.advertising_reports import build_legacy_report
from beacon_gateway.radio.hci.btsnoop import CaptureUnreadable, Datalink, Event, write_events
from beacon_gateway.radio.scan.capture_scanner import LONGEST_GAP_S, CaptureScanner
from tests.captures.identity import LAB, PERSON_TAG, PLACE_BEACON, WALK
from tests.captures.make import advert


async def hear(scanner: CaptureScanner, count: int) -> list[Sighting]:
    """Return the first `count` sightings."""
    heard: list[Sighting] = []
    enough = asyncio.Event()

    def on_sighting(sighting: Sighting) -> None:
        heard.append(sighting)
        if len(heard) == count:
            enough.set()

    hearing = asyncio.create_task(scanner.hear(on_sighting))
    async with asyncio.timeout(60):
        await enough.wait()
    hearing.cancel()
    return heard[:count]


async def test_the_walk_approaches_and_leaves() -> None:
    scanner = CaptureScanner(WALK, pace=200)
    heard = await hear(scanner, 108)
    card = [sighting.rssi or 0 for sighting in heard if sighting.beacon == PERSON_TAG.beacon]
    assert len(card) == 96
    assert max(card[:8]) < -74 < -62 < min(card[40:56])
    assert max(card[-8:]) < -72
    assert {sighting.beacon for sighting in heard} == {PERSON_TAG.beacon, PLACE_BEACON.beacon}
    assert {sighting.adapter for sighting in heard} == {"capture"}
    assert scanner.read_status() == RadioStatus("finished", frames=108, foreign=9, file=WALK.name, truncated=0, other=0)


async def test_a_recording_of_btmon_is_replayed() -> None:
    heard = await hear(CaptureScanner(LAB, pace=50), 12)
    assert {(sighting.beacon, sighting.rssi, sighting.adapter) for sighting in heard} == {
        (PERSON_TAG.beacon, None, "hci1")
    }


@pytest.mark.parametrize("pace", [10.0, 40.0])
async def test_sightings_follow_the_pace_in_monotonic_seconds(pace: float) -> None:
    began = monotonic()
    heard = await hear(CaptureScanner(WALK, pace=pace), 36)
    took_s = monotonic() - began
    assert heard[-1].at - heard[0].at == pytest.approx(8.0 / pace, rel=0.1)
    assert 0 <= began + took_s - heard[-1].at < 5
    assert heard == sorted(heard, key=lambda sighting: sighting.at)


async def test_after_its_end_a_recording_is_silent(tmp_path: Path) -> None:
    path = tmp_path / "one.btsnoop"
    path.write_bytes(write_events([Event(1.0, "hci0", build_legacy_report(advert(PERSON_TAG), -50))], Datalink.monitor))
    once = CaptureScanner(path, pace=1000)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hear(once, 2), 1)
    assert once.read_status().state == "finished"


async def test_a_clock_that_was_set_during_the_recording_shortens_the_gap(tmp_path: Path) -> None:
    path = tmp_path / "jump.btsnoop"
    report = build_legacy_report(advert(PERSON_TAG), -50)
    path.write_bytes(write_events([Event(at, "hci0", report) for at in (1000.0, 9e8, 500.0, 500.5)], Datalink.monitor))
    heard = await hear(CaptureScanner(path, pace=1000), 4)
    offsets = [(sighting.at - heard[0].at) * 1000 for sighting in heard]
    assert offsets == pytest.approx([0, LONGEST_GAP_S, LONGEST_GAP_S, LONGEST_GAP_S + 0.5], abs=1e-3)


async def test_a_truncated_recording_is_replayed_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.btsnoop"
    path.write_bytes(WALK.read_bytes()[:-10])
    scanner = CaptureScanner(path)
    assert scanner.read_status().truncated == 1


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 something else"])
def test_a_file_that_is_no_recording_is_refused_by_name(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "other.btsnoop"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CaptureUnreadable, match=r"other\.btsnoop: (No such file|not a btsnoop file)"):
        CaptureScanner(path)
