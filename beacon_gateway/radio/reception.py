"""What one adapter's scan hears: bleak's adverts in, sightings out, and what they say of the scan itself."""

from collections.abc import Callable, Iterable

from bleak.backends.scanner import AdvertisementData

from beacon_gateway.frames import decode
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.radio.batteries import Batteries
from beacon_gateway.radio.delivery import Delivery
from beacon_gateway.radio.liveness import Liveness, Transmitter
from sync_contract.beacon import BeaconId

_RSSI_NOT_AVAILABLE = 127  # Core Specification 5.4, Vol 4 Part E 7.7.65.2
_RSSI_MISSING = -127  # bleak's word for a Device1 without RSSI: BlueZ told something else than a frame


class Reception:
    def __init__(self, transmitters: Iterable[Transmitter], batteries: Batteries) -> None:
        self.liveness = Liveness(transmitters)
        self.delivery = Delivery()
        self.heard_at: float | None = None
        """Monotonic seconds of the last advert of anybody."""
        self.frames = 0
        self.foreign = 0
        """Adverts that are no iBeacon's."""
        self._batteries = batteries
        self._telemetry: dict[BeaconId, dict[str, bytes]] = {}
        """The service data last told of each known beacon through this adapter."""

    def take(self, adapter: str, data: AdvertisementData, now: float, tell: Callable[[Sighting], None]) -> None:
        """One callback of bleak's, at `now` (monotonic seconds)."""
        if data.rssi == _RSSI_MISSING:
            return
        self.heard_at = now
        frame = decode(data.manufacturer_data)
        if frame is None:
            self.foreign += 1
            return
        beacon = frame.beacon
        if data.service_data and self._is_telemetry(beacon, data.service_data, now):
            return
        self.frames += 1
        self.liveness.heard(beacon, now)
        self.delivery.heard(beacon, now)
        rssi = data.rssi
        tell(Sighting(beacon, None if rssi == _RSSI_NOT_AVAILABLE else rssi, now, frame.measured_power, adapter))

    def keeps(self, data: AdvertisementData) -> bool:
        """Whether the address is one of ours, by what it last sent."""
        frame = decode(data.manufacturer_data)
        return frame is not None and self._batteries.knows(frame.beacon)

    def _is_telemetry(self, beacon: BeaconId, service_data: dict[str, bytes], now: float) -> bool:
        """Telemetry that has changed came in an advert of its own: the iBeacon beside it is BlueZ's memory."""
        if self._batteries.hear(beacon, service_data, now) is None:
            return False
        before, self._telemetry[beacon] = self._telemetry.get(beacon), service_data
        return before is not None and before != service_data
