"""Replay sightings from a btsnoop recording at its own pace, without a radio."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic

from beacon_gateway.frames import decode
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.radio_status import RadioStatus
from beacon_gateway.radio.hci.advertising_reports import manufacturer_data, read_reports
from beacon_gateway.radio.hci.btsnoop import CaptureUnreadable, Losses, read_events

LONGEST_GAP_S = 60.0
"""Longer gaps are shortened: the recorder's clock may have been set between two records."""
SIZE_LIMIT = 64 * 1024 * 1024


class CaptureScanner:
    """`pace`: times as fast as recorded. `sightings`: all in the file, with `at` in seconds since its first event.

    `foreign`: number of other adverts.
    `began`: time of the first event by the recorder's clock, in seconds since 1970; None for an empty file.
    `end_s`: seconds from the first event to the last. Raise CaptureUnreadable for a file that is missing, too large or
    no btsnoop recording.
    """

    name = "capture"

    def __init__(self, path: Path, *, pace: float = 1.0) -> None:
        if not pace > 0:
            raise ValueError(f"a pace is above 0 (got {pace})")
        self._file = path.name
        self._pace = pace
        self._losses = Losses()
        self._finished = False
        self._frames = 0
        self.foreign = 0
        self.began: float | None = None
        self.end_s = 0.0
        self.sightings = self._read(path)

    async def hear(self, on_sighting: Callable[[Sighting], None]) -> None:
        """Replay the recording, then stay silent until cancelled."""
        began = monotonic()
        for sighting in self.sightings:
            due = began + sighting.at / self._pace
            await asyncio.sleep(max(0.0, due - monotonic()))
            self._frames += 1
            on_sighting(sighting._replace(at=due))
        self._finished = True
        await asyncio.Event().wait()

    def read_status(self) -> RadioStatus:
        return RadioStatus(
            state="finished" if self._finished else "replaying",
            frames=self._frames,
            foreign=self.foreign,
            file=self._file,
            truncated=self._losses.truncated,
            other=self._losses.other,
        )

    def _read(self, path: Path) -> tuple[Sighting, ...]:
        try:
            if path.stat().st_size > SIZE_LIMIT:
                raise CaptureUnreadable(f"{path}: larger than {SIZE_LIMIT} bytes")
            events = read_events(path.read_bytes(), self._losses)
        except OSError as error:
            raise CaptureUnreadable(f"{path}: {error.strerror}") from error
        except CaptureUnreadable as error:
            raise CaptureUnreadable(f"{path}: {error}") from error
        sightings = []
        at, before = 0.0, None
        for event in events:
            at += 0.0 if before is None else min(max(event.at - before, 0.0), LONGEST_GAP_S)
            before, self.end_s = event.at, at
            self.began = event.at if self.began is None else self.began
            for report in read_reports(event.data):
                frame = decode(manufacturer_data(report.data))
                if frame is None:
                    self.foreign += 1
                    continue
                adapter = event.adapter or "capture"
                sightings.append(Sighting(frame.beacon, report.rssi, at, frame.measured_power, adapter))
        return tuple(sightings)
