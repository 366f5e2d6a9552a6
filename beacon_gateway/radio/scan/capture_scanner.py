"""Sightings from a recording, at its own pace: the whole way of an advert without a radio."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from beacon_gateway.frames import decode
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.hci.advertising_reports import manufacturer_data, reports
from beacon_gateway.radio.hci.btsnoop import CaptureUnreadable, Losses, read_events

REPEAT_AFTER_S = 10.0
LONGEST_GAP_S = 60.0
"""A recorder's clock may have been set between two records."""
SIZE_LIMIT = 64 * 1024 * 1024


class CaptureScanner:
    """`pace`: times as fast as recorded. `repeat`: begin again REPEAT_AFTER_S (at that pace) after the end.

    Raises CaptureUnreadable for a file that is not there, is too large or is no btsnoop recording.
    """

    name = "capture"

    def __init__(self, path: Path, *, pace: float = 1.0, repeat: bool = False) -> None:
        if not pace > 0:
            raise ValueError(f"a pace is above 0 (got {pace})")
        self._file = path.name
        self._pace = pace
        self._repeat = repeat
        self._losses = Losses()
        self._foreign = 0
        self._rounds = 0
        self._told = 0
        self._first_at: float | None = None
        self._end_s = 0.0
        self._sightings = self._read(path)

    @property
    def sightings(self) -> tuple[Sighting, ...]:
        """All that is in the file; `at`: seconds since its first event. For a replay in simulated time."""
        return self._sightings

    @property
    def began(self) -> float | None:
        """Seconds since 1970 of the file's first event, by the recorder's clock; None when there is none."""
        return self._first_at

    @property
    def end_s(self) -> float:
        """Seconds from the file's first event to its last, whatever that is."""
        return self._end_s

    @property
    def foreign(self) -> int:
        """Adverts in the file that are none of ours to read."""
        return self._foreign

    async def hear(self, tell: Callable[[Sighting], None]) -> None:
        """The recording from its beginning; afterwards silence, until cancelled."""
        began = monotonic()
        while True:
            for sighting in self._sightings:
                due = began + sighting.at / self._pace
                await asyncio.sleep(max(0.0, due - monotonic()))
                self._told += 1
                tell(Sighting(sighting.beacon, sighting.rssi, due, sighting.measured_power, sighting.adapter))
            self._rounds += 1
            if not self._repeat or not self._sightings:
                await asyncio.Event().wait()
            began += (self._sightings[-1].at + REPEAT_AFTER_S) / self._pace

    def describe(self) -> dict[str, object]:
        """`state`: replaying or finished. Counts of the file: foreign adverts, records truncated or of another kind."""
        return {
            "state": "finished" if self._rounds and not self._repeat else "replaying",
            "file": self._file,
            "frames": self._told,
            "foreign": self._foreign,
            "truncated": self._losses.truncated,
            "other": self._losses.other,
            "rounds": self._rounds,
        }

    def _read(self, path: Path) -> tuple[Sighting, ...]:
        """`at` of each: seconds since the first event of the file."""
        try:
            if path.stat().st_size > SIZE_LIMIT:
                raise CaptureUnreadable(f"{path}: larger than {SIZE_LIMIT} octets")
            octets = path.read_bytes()
            events = read_events(octets, self._losses)
        except OSError as error:
            raise CaptureUnreadable(f"{path}: {error.strerror}") from error
        except CaptureUnreadable as error:
            raise CaptureUnreadable(f"{path}: {error}") from error
        sightings = []
        at, before = 0.0, None
        for event in events:
            at += 0.0 if before is None else min(max(event.at - before, 0.0), LONGEST_GAP_S)
            before, self._end_s = event.at, at
            self._first_at = event.at if self._first_at is None else self._first_at
            for report in reports(event.octets):
                frame = decode(manufacturer_data(report.data))
                if frame is None:
                    self._foreign += 1
                    continue
                adapter = event.adapter or "capture"
                sightings.append(Sighting(frame.beacon, report.rssi, at, frame.measured_power, adapter))
        return tuple(sightings)
