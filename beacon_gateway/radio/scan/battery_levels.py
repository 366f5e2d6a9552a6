"""Store the telemetry of known beacons in memory: each place beacon's, and people's tags by class.

No radio address is stored. BlueZ reports what an address sends together with what it sent before, so a tag's
telemetry always comes with its identity.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from beacon_gateway.frames import decode_telemetry
from beacon_gateway.frames.telemetry import Telemetry
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.model.radio_status import BatteryStatus, ClassBatteries, PlaceBattery
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

STORED_S = 24 * 3600.0
"""A tag without telemetry for this long has gone, or its battery is empty."""


@dataclass(frozen=True, slots=True)
class _Reading:
    telemetry: Telemetry
    at: float


class BatteryLevels:
    """Telemetry of allow-listed beacons, from all adapters. Times are monotonic seconds, passed as arguments."""

    def __init__(self, beacons: Iterable[Beacon] = ()) -> None:
        self._known = {beacon.id: beacon for beacon in beacons}
        self._readings: dict[BeaconId, _Reading] = {}

    def record(self, beacon: BeaconId, service_data: Mapping[str, bytes], at: float) -> None:
        """Store the telemetry in an advert of a known beacon, if it has any."""
        if beacon in self._known and (decoded := decode_telemetry(service_data)) is not None:
            self._readings[beacon] = _Reading(decoded, at)

    def read(self, beacon: BeaconId, now: float) -> Telemetry | None:
        """Return the telemetry for the screen of a person beside the beacon; never for disk or wire."""
        reading = self._readings.get(beacon)
        return None if reading is None or now - reading.at > STORED_S else reading.telemetry

    def read_status(self, now: float) -> BatteryStatus:
        """Return the status for /healthz: a person's tag appears only in the count of its class."""
        places: list[PlaceBattery] = []
        classes: dict[str, ClassBatteries] = {}
        for id_, beacon in sorted(self._known.items()):
            if (reading := self.read(id_, now)) is None:
                continue
            if beacon.kind is BeaconKind.person:
                name = beacon.tag_class or "unnamed"
                counts = classes.get(name, ClassBatteries(0, 0))
                classes[name] = ClassBatteries(counts.tags + 1, counts.low + reading.battery_low)
                continue
            places.append(
                PlaceBattery(
                    beacon=str(id_),
                    label=beacon.label,
                    low=reading.battery_low,
                    age_s=max(0.0, now - self._readings[id_].at),
                    battery_percent=reading.battery_percent,
                    battery_mv=reading.battery_mv,
                    temperature_c=reading.temperature_c,
                )
            )
        return BatteryStatus(tuple(places), classes)
