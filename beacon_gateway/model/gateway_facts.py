"""What monitoring shows of a running gateway."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from beacon_gateway.model.beacons import Beacon
from beacon_gateway.model.hall_status import HallState
from beacon_gateway.model.radio_status import AdvertStatus, RadioStatus
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind


@dataclass(frozen=True, slots=True)
class GatewayFacts:
    """`parcels`: by state; empty if the store does not answer. `server_answer_age_s`: None if there was no answer yet.

    `received`: the beacons of the current visits.
    """

    healthy: bool
    store_works: bool
    delivery_stuck: bool
    clock_trusted: bool
    parcels: Mapping[str, int]
    server_answer_age_s: float | None
    catalogue_version: int
    radio: RadioStatus
    advert: AdvertStatus
    hall: HallState
    beacons: Collection[Beacon]
    received: Collection[BeaconId]

    def places(self) -> dict[Beacon, bool]:
        """Return the fixed beacons of this hall, and whether each is received now."""
        return {
            each: each.id in self.received for each in self.beacons if each.kind is BeaconKind.place and not each.own
        }


@dataclass(frozen=True, slots=True)
class DayTotal:
    """Confirmed gifts of today, in their order of confirmation and in whole groups of five: no single one shows.

    `amount_minor`: their sum in fen.
    """

    gifts: int = 0
    amount_minor: int = 0
