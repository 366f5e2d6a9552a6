"""What one adapter's scan hears: BlueZ's signals in, sightings out, and what they say of the scan itself.

A signal tells which part of an advert is new. While a scan with DuplicateData runs, PropertiesChanged carries
ManufacturerData for each iBeacon frame, whether it changed or not, with RSSI where that changed; ServiceData for
telemetry; and RSSI without it for whatever else the address sends: another slot, a scan response. So it is while
another program scans without a filter, too. A passive scan has no such session: RSSI alone is all that it is told of a
frame that was told before (tests/radio/test_rssi_alone.py).
"""

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import Any

from dbus_fast import Message, Variant

from beacon_gateway.frames import decode
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.recovery.liveness import Heard, Liveness, Transmitter
from beacon_gateway.radio.scan.battery_levels import Batteries
from beacon_gateway.radio.scan.delivery_check import SHORT_S, Delivery
from sync_contract.beacon_identity import BeaconId
from sync_contract.rssi import UNAVAILABLE

DEVICE = "org.bluez.Device1"
MOST_SOURCES = 2000
"""Addresses of iBeacons that are remembered. Full, all are forgotten: each is learned again from its next frame."""

_CHANGED, _ADDED, _REMOVED = "sa{sv}as", "oa{sa{sv}}", "oas"
_new = tuple.__new__


class _Source:
    """An address that sends iBeacons, and its last frame. In memory only, while the scan lasts."""

    __slots__ = ("at", "beacon", "company", "heard", "octets", "power", "rssi")

    def __init__(self, company: int, octets: bytes, beacon: BeaconId, power: int, heard: Heard | None) -> None:
        self.company, self.octets = company, octets
        self.beacon, self.power, self.heard = beacon, power, heard
        self.rssi: int | None = None
        self.at = -inf


class Reception:
    """`begin` it for each scan."""

    def __init__(self, transmitters: Iterable[Transmitter], batteries: Batteries) -> None:
        self.liveness = Liveness(transmitters)
        self.delivery = Delivery()
        self.heard_at: float | None = None
        """Monotonic seconds of the last advert of anybody."""
        self.frames = 0
        self.foreign = 0
        """Adverts that are no iBeacon's."""
        self._batteries = batteries
        self._sources: dict[str, _Source] = {}
        """By the path of BlueZ's object."""
        self._adapter = self._paths = ""
        self._repeats_data = True
        self._tell: Callable[[Sighting], None] = lambda _sighting: None

    def begin(self, adapter: str, tell: Callable[[Sighting], None], *, repeats_data: bool = True) -> None:
        """Another scan: what the last one told says nothing of it. `repeats_data`: it is one with DuplicateData."""
        self._repeats_data = repeats_data
        self._adapter, self._paths, self._tell = adapter, f"/org/bluez/{adapter}/dev_", tell
        self._sources.clear()
        self.delivery.begin()

    def take(self, message: Message, now: float) -> bool:
        """One message of the bus, at `now` (monotonic seconds); whether it told of a device of this adapter.

        This runs for each advert and mostly meets an address that repeats its octets, so it is written for speed.
        """
        if message.signature != _CHANGED:
            return self._take_other(message, now)
        source = self._sources.get(message.path)  # type: ignore[arg-type]  # a signal has a path
        interface, changed, _ = message.body
        if source is None or interface != DEVICE:
            return self._take_new(message.path or "", interface, changed, now)
        manufacturer = changed.get("ManufacturerData")
        if manufacturer is not None:
            octets = manufacturer.value.get(source.company)
            if octets is None or octets.value != source.octets:
                return self._take_new(message.path or "", interface, changed, now)
        rssi = changed.get("RSSI")
        if rssi is not None:
            source.rssi = rssi.value  # BlueZ's one value: a frame that changes nothing of it comes without
        elif manufacturer is None:
            return True  # something else than a frame has changed
        if "ServiceData" in changed:
            self._batteries.hear(source.beacon, _plain(changed["ServiceData"]), now)
            if manufacturer is None:
                self.heard_at = now
                return True
        if manufacturer is None and self._repeats_data:
            self.heard_at = now  # something else that the address sends
            return True
        self._heard(source, now)
        return True

    def _heard(self, source: _Source, now: float) -> None:
        gap_s, source.at, self.heard_at = now - source.at, now, now
        if gap_s < SHORT_S:
            self.delivery.short = True
        else:
            self.delivery.gap(gap_s)
        if source.heard is not None:
            source.heard.at = now
        self.frames += 1
        rssi = source.rssi
        if rssi == UNAVAILABLE:
            rssi = None
        self._tell(_new(Sighting, (source.beacon, rssi, now, source.power, self._adapter)))

    def _take_other(self, message: Message, now: float) -> bool:
        """A device appeared or vanished, or it is nothing of ours."""
        if message.signature == _ADDED and message.member == "InterfacesAdded":
            path, interfaces = message.body
            properties = interfaces.get(DEVICE)
            if properties is None or not path.startswith(self._paths):
                return False
            if "RSSI" in properties:  # without it BlueZ tells something else than a frame
                self._take_new(path, DEVICE, properties, now)
            return True
        if message.signature == _REMOVED and message.member == "InterfacesRemoved":
            path, interfaces = message.body
            if DEVICE in interfaces and path.startswith(self._paths):
                self._sources.pop(path, None)
                return True
        return False

    def _take_new(self, path: str, interface: str, changed: Mapping[str, Variant], now: float) -> bool:
        """An address that is not known yet, or sends something new."""
        if interface != DEVICE or not path.startswith(self._paths):
            return False
        if "RSSI" not in changed and "ManufacturerData" not in changed:
            return True
        self.heard_at = now
        source = self._learned(path, changed)
        if source is None:
            self.foreign += 1
            return True
        if "RSSI" in changed:
            source.rssi = changed["RSSI"].value
        if "ServiceData" in changed:
            self._batteries.hear(source.beacon, _plain(changed["ServiceData"]), now)
        self._heard(source, now)
        return True

    def _learned(self, path: str, changed: Mapping[str, Variant]) -> _Source | None:
        """Who sends this; None when it is no iBeacon's."""
        if "ManufacturerData" not in changed:
            return None
        manufacturer = _plain(changed["ManufacturerData"])
        frame = decode(manufacturer)
        before = self._sources.pop(path, None)
        if frame is None:
            return None
        company = next(each for each in manufacturer if decode({each: manufacturer[each]}) is frame)
        beacon = frame.beacon
        source = _Source(company, manufacturer[company], beacon, frame.measured_power, self.liveness.of(beacon))
        if before is not None:
            source.rssi = before.rssi
            if before.beacon == beacon:
                source.at = before.at
        if len(self._sources) >= MOST_SOURCES:
            self._sources.clear()
        self._sources[path] = source
        return source


def _plain(told: Variant) -> dict[Any, bytes]:
    """ManufacturerData by company, or ServiceData by service."""
    return {key: bytes(octets.value) for key, octets in told.value.items()}
