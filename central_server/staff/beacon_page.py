"""One beacon: who it is, where it is, and when it was last heard."""

from collections.abc import Mapping
from uuid import UUID

from aiohttp import web

from central_server.catalogue.known import Known
from central_server.catalogue.numbering import next_free
from central_server.catalogue.reading import Fault, Word
from central_server.catalogue.records import Edit, beacon_values, read_beacon
from central_server.staff.desk import Desk, Values, Visitor
from central_server.staff.editing import EditPages, Kind, holds_for
from central_server.store import activity, beacons, gateways, places
from central_server.store.beacons import KeptBeacon, Wanted
from central_server.store.connection import Connection
from sync_contract.catalogue import BeaconKind

_AT = "/staff/beacons"


class BeaconPage(EditPages[KeptBeacon]):
    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, KIND)


async def found(connection: Connection, visitor: Visitor) -> KeptBeacon:
    """The beacon of the path, if it holds where the visitor is. Raises HTTPNotFound."""
    kept = await _load(connection, visitor.request.match_info)
    if kept is None:
        raise web.HTTPNotFound
    if not await holds_for(connection, visitor, kept.place):
        await visitor.demand(connection, kept.place)
    return kept


async def _load(connection: Connection, named: Mapping[str, str]) -> KeptBeacon | None:
    return await beacons.get(connection, named["beacon"])


def _read(
    values: Mapping[str, str], known: Known, edit: Edit, before: KeptBeacon | None
) -> tuple[KeptBeacon | None, list[Fault]]:
    return read_beacon(values, known, edit, before.id if before else "")


async def _begin(connection: Connection, visitor: Visitor) -> dict[str, str]:
    """With the next free numbers of the uuid asked for, or else of the one in use here."""
    begun = {"kind": "place", "measured_power": "-59", "place": visitor.request.query.get("place", "")}
    asked = visitor.request.query.get("uuid", "").strip()
    if not asked:
        here = await beacons.page(connection, Wanted(visitor.tops), limit=1)
        asked = str(here[0].beacon.uuid) if here else ""
    try:
        uuid = UUID(asked)
    except ValueError:
        return begun | {"uuid": asked[:60]}
    free = await next_free(connection, uuid)
    if free is None:
        return begun | {"uuid": asked}
    return begun | {"uuid": str(uuid), "major": str(free.major), "minor": str(free.minor)}


async def _about(
    connection: Connection, visitor: Visitor, values: Mapping[str, str], kept: KeptBeacon | None
) -> Values:
    seen = {gateway.id: gateway for gateway in await gateways.every(connection, visitor.tops)}
    heard = (await activity.of(connection, [kept.beacon])).get(kept.beacon, []) if kept else []
    status, last = activity.status(heard, visitor.now)
    same = [each for each in await beacons.same(connection, [kept.beacon]) if each.id != kept.id] if kept else []
    return {
        "gateways": [*seen.values()],
        "groups": await beacons.groups(connection, visitor.tops),
        "status": "person" if kept and kept.kind is BeaconKind.person else status,
        "last": last,
        "heard": [(each, seen[each.gateway].label) for each in heard if each.gateway in seen],
        "same": [await _where(connection, visitor, each) for each in same],
    }


async def _where(connection: Connection, visitor: Visitor, other: KeptBeacon) -> KeptBeacon | None:
    """None for one of a place that the visitor does not see: that it is there must be told, more must not."""
    above = await places.ancestors(connection, other.place)
    return None if visitor.tops.isdisjoint(above) else other


async def _check(connection: Connection, made: KeptBeacon, before: KeptBeacon | None) -> list[Fault]:
    return [
        Fault("minor", Word.taken, str(made.beacon.minor), {"what": other.label})
        for other in await beacons.same(connection, [made.beacon])
        if other.place == made.place and other.id != made.id
    ]


KIND = Kind[KeptBeacon](
    noun="beacon",
    template="beacon.html",
    at=_AT,
    found_at=_AT + "/{beacon:[0-9a-f]{32}}",
    fixed=frozenset(),
    load=_load,
    values=beacon_values,
    read=_read,
    save=beacons.save,
    path=lambda kept: f"{_AT}/{kept.id}",
    subject=lambda kept: str(kept.beacon) if kept.kind is BeaconKind.place else kept.id,
    begin=_begin,
    about=_about,
    check=_check,
    remove=beacons.remove,
    sites=True,
)
