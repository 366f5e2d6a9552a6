"""List the beacons that a gateway may advertise."""

from central_server.store.catalogue import beacons
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.enrolment.gateways import Gateway
from sync_contract.catalogue import BeaconKind


async def list_advertisable(connection: Connection, gateway: Gateway) -> tuple[StoredBeacon, ...]:
    """Return the place beacons recorded as this gateway's or as nobody's, its own first."""
    every = await beacons.concerning(connection, gateway.community)
    fits = [each for each in every if each.kind is BeaconKind.place and each.gateway in (None, gateway.id)]
    return tuple(sorted(fits, key=lambda each: (each.gateway is None, each.beacon)))
