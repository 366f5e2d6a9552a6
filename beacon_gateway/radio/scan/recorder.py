"""Record a live scan as a btsnoop file for `replay`, CaptureScanner and btmon: frames without radio addresses."""

from collections.abc import Collection
from datetime import datetime

from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.hci.advertising_reports import build_legacy_report
from beacon_gateway.radio.hci.btsnoop import Datalink, Event, write_events
from sync_contract.beacon_identity import BeaconId
from sync_contract.rssi import MIN_DBM, UNAVAILABLE

MAX_FRAMES = 200_000
"""About 15 MB: half an hour of ten tags in range, each sending ten times a second. Later frames are only counted."""
_MANUFACTURER = 0xFF


class Recorder:
    """`beacons`: whose frames are recorded; None: all. `began`: wall time at `began_at`, which is monotonic seconds.

    `left_out`: number of frames of other beacons; `over_limit`: number of frames after the file was full.
    """

    def __init__(
        self,
        beacons: Collection[BeaconId] | None,
        *,
        began: datetime,
        began_at: float,
        max_frames: int = MAX_FRAMES,
    ) -> None:
        self._beacons = None if beacons is None else frozenset(beacons)
        self._wall_offset = began.timestamp() - began_at
        self._max_frames = max_frames
        self._events: list[Event] = []
        self.left_out = 0
        self.over_limit = 0

    def record(self, sighting: Sighting) -> None:
        if self._beacons is not None and sighting.beacon not in self._beacons:
            self.left_out += 1
            return
        if len(self._events) >= self._max_frames:
            self.over_limit += 1
            return
        adapter = sighting.adapter if sighting.adapter.startswith("hci") else "hci0"
        report = build_legacy_report(_build_advert(sighting), _encode_rssi(sighting.rssi))
        self._events.append(Event(self._wall_offset + sighting.at, adapter, report))

    @property
    def frames(self) -> int:
        return len(self._events)

    def build_file(self) -> bytes:
        return write_events(self._events, Datalink.monitor)


def _build_advert(sighting: Sighting) -> bytes:
    """Return the AD structure from which the sighting was decoded."""
    id_, power = sighting.beacon, sighting.measured_power
    frame = IBeacon(id_.uuid, id_.major, id_.minor, -59 if power is None else power).encode()
    data = COMPANY.to_bytes(2, "little") + frame
    return bytes([len(data) + 1, _MANUFACTURER]) + data


def _encode_rssi(rssi: int | None) -> int:
    return UNAVAILABLE if rssi is None else max(MIN_DBM, min(UNAVAILABLE, rssi))
