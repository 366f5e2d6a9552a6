"""Convert BlueZ's signals of one adapter's scan to sightings, and record what they show of the scan itself.

A signal contains the parts of an advert that are new. During a scan with DuplicateData, PropertiesChanged contains
ManufacturerData for each iBeacon frame, changed or not, with RSSI if that changed; ServiceData for telemetry; and RSSI
alone for anything else that the address sends: another slot, a scan response. The same applies while another program
scans without a filter. A passive scan has no such session: a frame that was reported before is reported as RSSI alone
(tests/radio/test_rssi_alone.py).
"""

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

from dbus_fast import Message, Variant

from beacon_gateway.frames import decode
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.recovery.liveness import LastHeard, Liveness, Transmitter
from beacon_gateway.radio.scan.battery_levels import BatteryLevels
from beacon_gateway.radio.scan.delivery_check import DeliveryCheck
from beacon_gateway.radio.timings import DEFAULT_TIMINGS, RadioTimings
from sync_contract.beacon_identity import BeaconId
from sync_contract.rssi import UNAVAILABLE

DEVICE = "org.bluez.Device1"
MAX_SOURCES = 2000
"""Stored addresses of iBeacons. When full, all are removed; each is learned again from its next frame."""

_CHANGED, _ADDED, _REMOVED = "sa{sv}as", "oa{sa{sv}}", "oas"
_new_tuple = tuple.__new__


class _Source:
    """An address that sends iBeacons, and its last frame. Stored in memory only, for the duration of the scan."""

    __slots__ = ("at", "beacon", "company", "data", "last_heard", "power", "rssi")

    def __init__(self, company: int, data: bytes, beacon: BeaconId, power: int, last_heard: LastHeard | None) -> None:
        self.company, self.data = company, data
        self.beacon, self.power, self.last_heard = beacon, power, last_heard
        self.rssi: int | None = None
        self.at = -inf


class Reception:
    """Call `begin` for each scan. `heard_at`: monotonic seconds of the last advert of any device.

    `frames`: number of iBeacon frames; `foreign`: number of other adverts.
    """

    def __init__(
        self,
        transmitters: Iterable[Transmitter],
        batteries: BatteryLevels,
        timings: RadioTimings = DEFAULT_TIMINGS,
    ) -> None:
        self.liveness = Liveness(transmitters, timings)
        self.delivery = DeliveryCheck(timings)
        self.heard_at: float | None = None
        self.frames = 0
        self.foreign = 0
        self._batteries = batteries
        self._sources: dict[str, _Source] = {}
        """By object path in BlueZ."""
        self._adapter = self._paths = ""
        self._repeats_data = True
        self._on_sighting: Callable[[Sighting], None] = lambda _sighting: None

    def begin(self, adapter: str, on_sighting: Callable[[Sighting], None], *, repeats_data: bool = True) -> None:
        """Start another scan, without the state of the last one. `repeats_data`: it has DuplicateData."""
        self._repeats_data = repeats_data
        self._adapter, self._paths, self._on_sighting = adapter, f"/org/bluez/{adapter}/dev_", on_sighting
        self._sources.clear()
        self.delivery.begin()

    def take(self, message: Message, now: float) -> bool:
        """Process a message of the bus at `now` (monotonic seconds); return whether it is about one of our devices.

        This runs for each advert, and most adverts repeat the data of a known address, so it is optimised for that.
        """
        if message.signature != _CHANGED:
            return self._take_other(message, now)
        source = self._sources.get(message.path)  # type: ignore[arg-type]  # a signal has a path
        interface, changed, _ = message.body
        if source is None or interface != DEVICE:
            return self._take_new(message.path or "", interface, changed, now)
        manufacturer = changed.get("ManufacturerData")
        if manufacturer is not None:
            data = manufacturer.value.get(source.company)
            if data is None or data.value != source.data:
                return self._take_new(message.path or "", interface, changed, now)
        rssi = changed.get("RSSI")
        if rssi is not None:
            source.rssi = rssi.value  # one per address: BlueZ omits it from a frame that does not change it
        elif manufacturer is None:
            return True  # a change of something other than a frame
        if "ServiceData" in changed:
            self._batteries.record(source.beacon, _unwrap(changed["ServiceData"]), now)
            if manufacturer is None:
                self.heard_at = now
                return True
        if manufacturer is None and self._repeats_data:
            self.heard_at = now  # another advert of the address
            return True
        self._report(source, now)
        return True

    def _report(self, source: _Source, now: float) -> None:
        gap_s, source.at, self.heard_at = now - source.at, now, now
        delivery = self.delivery
        if gap_s < delivery.short_s:
            delivery.short = True
        else:
            delivery.add_gap(gap_s)
        if source.last_heard is not None:
            source.last_heard.at = now
        self.frames += 1
        rssi = source.rssi
        if rssi == UNAVAILABLE:
            rssi = None
        self._on_sighting(_new_tuple(Sighting, (source.beacon, rssi, now, source.power, self._adapter)))

    def _take_other(self, message: Message, now: float) -> bool:
        """Process a device that appeared or vanished, and ignore other messages."""
        if message.signature == _ADDED and message.member == "InterfacesAdded":
            path, interfaces = message.body
            properties = interfaces.get(DEVICE)
            if properties is None or not path.startswith(self._paths):
                return False
            if "RSSI" in properties:  # without it the signal is not a frame
                self._take_new(path, DEVICE, properties, now)
            return True
        if message.signature == _REMOVED and message.member == "InterfacesRemoved":
            path, interfaces = message.body
            if DEVICE in interfaces and path.startswith(self._paths):
                self._sources.pop(path, None)
                return True
        return False

    def _take_new(self, path: str, interface: str, changed: Mapping[str, Variant], now: float) -> bool:
        """Process an address that is not known yet, or that sends new data."""
        if interface != DEVICE or not path.startswith(self._paths):
            return False
        if "RSSI" not in changed and "ManufacturerData" not in changed:
            return True
        self.heard_at = now
        source = self._learn(path, changed)
        if source is None:
            self.foreign += 1
            return True
        if "RSSI" in changed:
            source.rssi = changed["RSSI"].value
        if "ServiceData" in changed:
            self._batteries.record(source.beacon, _unwrap(changed["ServiceData"]), now)
        self._report(source, now)
        return True

    def _learn(self, path: str, changed: Mapping[str, Variant]) -> _Source | None:
        """Store and return the source of an iBeacon frame; return None for another advert."""
        if "ManufacturerData" not in changed:
            return None
        manufacturer = _unwrap(changed["ManufacturerData"])
        frame = decode(manufacturer)
        before = self._sources.pop(path, None)
        if frame is None:
            return None
        company = next(each for each in manufacturer if decode({each: manufacturer[each]}) is frame)
        beacon = frame.beacon
        source = _Source(company, manufacturer[company], beacon, frame.measured_power, self.liveness.last_heard(beacon))
        if before is not None:
            source.rssi = before.rssi
            if before.beacon == beacon:
                source.at = before.at
        if len(self._sources) >= MAX_SOURCES:
            self._sources.clear()
        self._sources[path] = source
        return source


def _unwrap(data: Variant) -> dict[Any, bytes]:
    """Return ManufacturerData by company, or ServiceData by service."""
    return {key: bytes(each.value) for key, each in data.value.items()}
