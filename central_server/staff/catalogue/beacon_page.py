"""Serve the page of one beacon: its record, what it brings, and when it was last heard."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from aiohttp import web

from central_server.catalogue.beacon_project import community_of, project_at
from central_server.catalogue.entry_warnings import STRONGEST_DBM
from central_server.catalogue.field_parsing import Fault, Word
from central_server.catalogue.identity_ownership import identity_fault, other_owners
from central_server.catalogue.next_free_number import next_free
from central_server.catalogue.publication import Publication
from central_server.catalogue.records import beacon_values, read_beacon
from central_server.staff.frame.page_frame import PageFrame, Values, Visitor
from central_server.staff.frame.record_editor import Checked, EditPages, Kind, holds_for
from central_server.store.catalogue import beacons, bindings, cloned_beacons, identity_conflicts, projects
from central_server.store.catalogue.beacons import BeaconFilter, StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places import places
from central_server.store.statistics import beacon_activity
from sync_contract.catalogue import BeaconKind
from sync_contract.strict_model import Environment

_AT = "/staff/beacons"
CLONED_FOR = timedelta(hours=3)
"""A beacon counts as cloned for this long after the last report."""


class BeaconPage(EditPages[StoredBeacon]):
    def __init__(self, frame: PageFrame, publication: Publication) -> None:
        about = partial(_about, publication.environment)
        super().__init__(frame, replace(KIND, about=about), publication)


async def find_beacon(connection: Connection, visitor: Visitor) -> StoredBeacon:
    """Return the beacon of the path, if it applies at the visitor's places. Raises HTTPNotFound."""
    row = await _load(connection, visitor.request.match_info)
    if row is None:
        raise web.HTTPNotFound
    if not await holds_for(connection, visitor, row.place):
        await visitor.demand(connection, row.place)
    return row


async def _load(connection: Connection, named: Mapping[str, str]) -> StoredBeacon | None:
    return await beacons.get(connection, named["beacon"])


async def _begin(connection: Connection, visitor: Visitor) -> dict[str, str]:
    """Suggest the next free numbers of the requested uuid, else of the one in use."""
    values = {"kind": "place", "measured_power": "-59", "place": visitor.request.query.get("place", "")}
    text = visitor.request.query.get("uuid", "").strip()
    if not text:
        known = await beacons.page(connection, BeaconFilter(visitor.tops), limit=1)
        text = str(known[0].beacon.uuid) if known else ""
    try:
        uuid = UUID(text)
    except ValueError:
        return values | {"uuid": text[:60]}
    free = await next_free(connection, uuid, visitor.now)
    if free is None:
        return values | {"uuid": text}
    return values | {"uuid": str(uuid), "major": str(free.major), "minor": str(free.minor)}


async def _about(
    environment: Environment,
    connection: Connection,
    visitor: Visitor,
    values: Mapping[str, str],
    row: StoredBeacon | None,
) -> Values:
    seen = {gateway.id: gateway for gateway in await gateways.every(connection, visitor.tops)}
    heard = (await beacon_activity.of_beacons(connection, [row.beacon])).get(row.beacon, []) if row else []
    status, last = beacon_activity.beacon_status(heard, visitor.now)
    same = await beacons.same(connection, [row.beacon]) if row else ()
    first = min((each.id for each in same), default="")
    return {
        "gateways": [*seen.values()],
        "groups": await beacons.groups(connection, visitor.tops),
        "status": "person" if row and row.kind is BeaconKind.person else status,
        "last": last,
        "heard": [(each, seen[each.gateway].label) for each in heard if each.gateway in seen],
        "same": [await _where(connection, visitor, each) for each in same if row and each.id != row.id],
        "counts": row is None or row.id == first,
        "cloned": row is not None and await _is_cloned(connection, visitor, row),
        "strong": row is not None and row.measured_power > STRONGEST_DBM,
        **await _brings(connection, visitor, row, environment),
    }


async def _is_cloned(connection: Connection, visitor: Visitor, row: StoredBeacon) -> bool:
    found = await cloned_beacons.suspects(connection, visitor.tops, visitor.now - CLONED_FOR)
    return str(row.beacon) in {each.beacon for each in found}


async def _brings(
    connection: Connection, visitor: Visitor, row: StoredBeacon | None, environment: Environment
) -> Values:
    """Return which project it brings now and by which bindings; nothing of communities that the visitor may not see."""
    nothing: Values = {"brings": None, "bound": (), "hidden": False}
    if row is None or row.kind is not BeaconKind.place:
        return nothing
    current = await project_at(connection, row.beacon, visitor.now, environment)
    if current is not None and visitor.tops.isdisjoint(await places.ancestors(connection, current.community)):
        return nothing | {"hidden": True}
    community = current.community if current is not None else await community_of(connection, row, visitor.now)
    bound = [each for each in await bindings.holding(connection, community) if _binds(each, row)]
    titles = {each.id: each.title for each in await projects.all_offered(connection, community)}
    return {
        "brings": current,
        "bound": [(each, titles[each.project]) for each in bound if each.project in titles],
        "hidden": False,
    }


def _binds(binding: StoredBinding, row: StoredBeacon) -> bool:
    match binding.target:
        case Target.beacon:
            return binding.beacon == row.beacon
        case Target.group:
            return binding.group in row.groups
        case Target.every:
            return True


async def _where(connection: Connection, visitor: Visitor, other: StoredBeacon) -> StoredBeacon | None:
    """Return None for a beacon of a place that the visitor may not see: only its existence is shown."""
    above = await places.ancestors(connection, other.place)
    return None if visitor.tops.isdisjoint(above) else other


async def _check(connection: Connection, saved: Checked[StoredBeacon]) -> list[Fault]:
    """Refuse a twin at the same place, and an identity of another community; its owner is notified."""
    new, before, known = saved.made, saved.before, saved.known
    twins = [
        Fault("minor", Word.taken, str(new.beacon.minor), {"what": other.label})
        for other in await beacons.same(connection, [new.beacon])
        if other.place == new.place and other.id != new.id
    ]
    community = known.community(new.place)
    if twins or (before and before.beacon == new.beacon and known.community(before.place) == community):
        return twins
    owner = (await other_owners(connection, [new], known, saved.edit.at)).get(new.id)
    if owner is None or (owner.beacon is None and before and before.beacon == new.beacon):
        return []  # its owner may move it although the gateway there still sends it
    await identity_conflicts.note(connection, new.beacon, community, saved.edit.at)
    return [identity_fault(new, owner, known)]


KIND: Kind[StoredBeacon] = Kind(
    noun="beacon",
    template="beacon.html",
    at=_AT,
    found_at=_AT + "/{beacon:[0-9a-f]{32}}",
    fixed=frozenset(),
    load=_load,
    values=beacon_values,
    read=read_beacon,
    save=beacons.save,
    path=lambda row: f"{_AT}/{row.id}",
    subject=lambda row: str(row.beacon) if row.kind is BeaconKind.place else row.id,
    begin=_begin,
    about=partial(_about, Environment.drill),
    check=_check,
    remove=beacons.remove,
    sites=True,
)
