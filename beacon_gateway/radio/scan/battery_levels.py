"""What known tags tell of their batteries, in memory only: places one by one, people's tags by class.

No radio address is kept. BlueZ lays what an address sent before beside what it sends now, so a tag's telemetry always
comes with its identity.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from beacon_gateway.frames import telemetry
from beacon_gateway.frames.telemetry import Telemetry
from beacon_gateway.model.beacons import Beacon
from beacon_gateway.radio.radio_wording import Words, batteries_low
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

KEPT_S = 24 * 3600.0
"""A tag that has told nothing for so long has gone, or its battery has."""


@dataclass(frozen=True, slots=True)
class Told:
    """`at`: monotonic seconds."""

    telemetry: Telemetry
    at: float


class Batteries:
    """Of the beacons on the allow-list, through all adapters; strangers leave nothing. Time is an argument."""

    def __init__(self, beacons: Iterable[Beacon] = ()) -> None:
        self._known = {beacon.id: beacon for beacon in beacons}
        self._told: dict[BeaconId, Told] = {}

    def hear(self, beacon: BeaconId, service_data: Mapping[str, bytes], at: float) -> Telemetry | None:
        """What the advert tells of a known beacon; None when it tells nothing."""
        if beacon not in self._known or (told := telemetry(service_data)) is None:
            return None
        self._told[beacon] = Told(told, at)
        return told

    def of(self, beacon: BeaconId, now: float) -> Telemetry | None:
        """For the screen of one who stands beside it: never for disk or wire."""
        told = self._told.get(beacon)
        return None if told is None or now - told.at > KEPT_S else told.telemetry

    def describe(self, now: float) -> dict[str, Any]:
        """For /healthz. A person's tag is one in the count of its class."""
        places: list[dict[str, object]] = []
        classes: dict[str, dict[str, int]] = {}
        for id_, beacon in sorted(self._known.items()):
            if (told := self.of(id_, now)) is None:
                continue
            if beacon.kind is BeaconKind.person:
                counts = classes.setdefault(beacon.tag_class or "unnamed", {"tags": 0, "low": 0})
                counts["tags"] += 1
                counts["low"] += told.battery_low
                continue
            places.append(
                {
                    "beacon": str(id_),
                    "label": beacon.label,
                    "battery_percent": told.battery_percent,
                    "battery_mv": told.battery_mv,
                    "temperature_c": told.temperature_c,
                    "low": told.battery_low,
                    "told_s": round(max(0.0, now - self._told[id_].at), 1),
                }
            )
        return {"places": places, "classes": classes, "words": self._words(now)}

    def _words(self, now: float) -> Words | None:
        """None while no battery is low."""
        low = [self._known[id_] for id_ in sorted(self._told) if (told := self.of(id_, now)) and told.battery_low]
        places = [beacon.label for beacon in low if beacon.kind is BeaconKind.place]
        classes = sorted({beacon.tag_class or "unnamed" for beacon in low if beacon.kind is BeaconKind.person})
        return batteries_low(places, classes) if low else None
