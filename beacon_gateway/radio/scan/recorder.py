"""A live scan kept as a btsnoop file, which `replay`, CaptureScanner and btmon read: frames without radio addresses."""

from collections.abc import Collection
from datetime import datetime

from beacon_gateway.frames.ibeacon import COMPANY, IBeacon
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.hci.advertising_reports import legacy_report
from beacon_gateway.radio.hci.btsnoop import Datalink, Event, write
from sync_contract.beacon_identity import BeaconId
from sync_contract.rssi import MIN_DBM, UNAVAILABLE

MOST_FRAMES = 200_000
"""About 15 MB: half an hour of ten tags in range, each ten times a second. Later frames are counted and not kept."""
_MANUFACTURER = 0xFF


class Recorder:
    """`keep`: whose frames are kept; None: everybody's. `began`: wall time at `began_at`, monotonic seconds."""

    def __init__(
        self, keep: Collection[BeaconId] | None, *, began: datetime, began_at: float, most: int = MOST_FRAMES
    ) -> None:
        self._keep = None if keep is None else frozenset(keep)
        self._wall = began.timestamp() - began_at
        self._most = most
        self._events: list[Event] = []
        self.left_out = 0
        """Frames of those who are not kept."""
        self.passed_over = 0
        """Frames that came when the file was full."""

    def hear(self, sighting: Sighting) -> None:
        if self._keep is not None and sighting.beacon not in self._keep:
            self.left_out += 1
            return
        if len(self._events) >= self._most:
            self.passed_over += 1
            return
        adapter = sighting.adapter if sighting.adapter.startswith("hci") else "hci0"
        self._events.append(Event(self._wall + sighting.at, adapter, legacy_report(_advert(sighting), _rssi(sighting))))

    @property
    def frames(self) -> int:
        return len(self._events)

    def octets(self) -> bytes:
        """The file."""
        return write(self._events, Datalink.monitor)


def _advert(sighting: Sighting) -> bytes:
    """The AD structure that was decoded: a frame's octets follow from its values."""
    id_, power = sighting.beacon, sighting.measured_power
    frame = IBeacon(id_.uuid, id_.major, id_.minor, -59 if power is None else power).encode()
    octets = COMPANY.to_bytes(2, "little") + frame
    return bytes([len(octets) + 1, _MANUFACTURER]) + octets


def _rssi(sighting: Sighting) -> int:
    return UNAVAILABLE if sighting.rssi is None else max(MIN_DBM, min(UNAVAILABLE, sighting.rssi))
