"""One beacon: who it is, where it is, and when it was last heard."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from uuid import UUID

from aiohttp import web

from central_server.catalogue.beacon_project import community_of, project_at
from central_server.catalogue.entry_warnings import STRONGEST_DBM
from central_server.catalogue.field_parsing import Fault, Word
from central_server.catalogue.identity_ownership import refusal, taken
from central_server.catalogue.next_free_number import next_free
from central_server.catalogue.publication import Publication
from central_server.catalogue.records import Edit, beacon_values, read_beacon
from central_server.catalogue.reference_index import Known
from central_server.staff.frame.page_frame import Desk, Values, Visitor
from central_server.staff.frame.record_editor import Checked, EditPages, Kind, holds_for
from central_server.store.catalogue import beacons, bindings, cloned_beacons, identity_conflicts, projects
from central_server.store.catalogue.beacons import StoredBeacon, Wanted
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places import places
from central_server.store.statistics import beacon_activity
from sync_contract.catalogue import BeaconKind
from sync_contract.strict_model import Environment

_AT = "/staff/beacons"
CLONED_FOR = timedelta(hours=3)
"""For so long after it was last heard from two transmitters."""


class BeaconPage(EditPages[StoredBeacon]):
    def __init__(self, desk: Desk, publication: Publication) -> None:
        about = partial(_about, publication.environment)
        super().__init__(desk, replace(KIND, about=about), publication)


async def found(connection: Connection, visitor: Visitor) -> StoredBeacon:
    """The beacon of the path, if it holds where the visitor is. Raises HTTPNotFound."""
    kept = await _load(connection, visitor.request.match_info)
    if kept is None:
        raise web.HTTPNotFound
    if not await holds_for(connection, visitor, kept.place):
        await visitor.demand(connection, kept.place)
    return kept


async def _load(connection: Connection, named: Mapping[str, str]) -> StoredBeacon | None:
    return await beacons.get(connection, named["beacon"])


def _read(
    values: Mapping[str, str], known: Known, edit: Edit, before: StoredBeacon | None
) -> tuple[StoredBeacon | None, list[Fault]]:
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
    free = await next_free(connection, uuid, visitor.now)
    if free is None:
        return begun | {"uuid": asked}
    return begun | {"uuid": str(uuid), "major": str(free.major), "minor": str(free.minor)}


async def _about(
    environment: Environment,
    connection: Connection,
    visitor: Visitor,
    values: Mapping[str, str],
    kept: StoredBeacon | None,
) -> Values:
    seen = {gateway.id: gateway for gateway in await gateways.every(connection, visitor.tops)}
    heard = (await beacon_activity.of(connection, [kept.beacon])).get(kept.beacon, []) if kept else []
    status, last = beacon_activity.status(heard, visitor.now)
    same = await beacons.same(connection, [kept.beacon]) if kept else ()
    holder = min((each.id for each in same), default="")
    return {
        "gateways": [*seen.values()],
        "groups": await beacons.groups(connection, visitor.tops),
        "status": "person" if kept and kept.kind is BeaconKind.person else status,
        "last": last,
        "heard": [(each, seen[each.gateway].label) for each in heard if each.gateway in seen],
        "same": [await _where(connection, visitor, each) for each in same if kept and each.id != kept.id],
        "counts": kept is None or kept.id == holder,
        "cloned": kept is not None and await _is_cloned(connection, visitor, kept),
        "strong": kept is not None and kept.measured_power > STRONGEST_DBM,
        **await _brings(connection, visitor, kept, environment),
    }


async def _is_cloned(connection: Connection, visitor: Visitor, kept: StoredBeacon) -> bool:
    found = await cloned_beacons.suspects(connection, visitor.tops, visitor.now - CLONED_FOR)
    return str(kept.beacon) in {each.beacon for each in found}


async def _brings(
    connection: Connection, visitor: Visitor, kept: StoredBeacon | None, environment: Environment
) -> Values:
    """Which project it brings now, by which bindings; nothing of a community that the visitor does not see."""
    nothing: Values = {"brings": None, "bound": (), "hidden": False}
    if kept is None or kept.kind is not BeaconKind.place:
        return nothing
    brought = await project_at(connection, kept.beacon, visitor.now, environment)
    if brought is not None and visitor.tops.isdisjoint(await places.ancestors(connection, brought.community)):
        return nothing | {"hidden": True}
    community = brought.community if brought is not None else await community_of(connection, kept, visitor.now)
    bound = [each for each in await bindings.holding(connection, community) if _binds(each, kept)]
    titles = {each.id: each.title for each in await projects.all_offered(connection, community)}
    return {
        "brings": brought,
        "bound": [(each, titles[each.project]) for each in bound if each.project in titles],
        "hidden": False,
    }


def _binds(binding: StoredBinding, kept: StoredBeacon) -> bool:
    match binding.target:
        case Target.beacon:
            return binding.beacon == kept.beacon
        case Target.group:
            return binding.group in kept.groups
        case Target.every:
            return True


async def _where(connection: Connection, visitor: Visitor, other: StoredBeacon) -> StoredBeacon | None:
    """None for one of a place that the visitor does not see: that it is there must be told, more must not."""
    above = await places.ancestors(connection, other.place)
    return None if visitor.tops.isdisjoint(above) else other


async def _check(connection: Connection, saved: Checked[StoredBeacon]) -> list[Fault]:
    """Of one's own twins only those at the same place are refused. Whose numbers these are is told of it."""
    made, before, known = saved.made, saved.before, saved.known
    twins = [
        Fault("minor", Word.taken, str(made.beacon.minor), {"what": other.label})
        for other in await beacons.same(connection, [made.beacon])
        if other.place == made.place and other.id != made.id
    ]
    ours = known.community(made.place)
    if twins or (before and before.beacon == made.beacon and known.community(before.place) == ours):
        return twins
    held = (await taken(connection, [made], known, saved.edit.at)).get(made.id)
    if held is None or (held.beacon is None and before and before.beacon == made.beacon):
        return []  # who holds it may give it away, though the gateway there still sends it
    await identity_conflicts.note(connection, made.beacon, ours, saved.edit.at)
    return [refusal(made, held, known)]


KIND: Kind[StoredBeacon] = Kind(
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
    about=partial(_about, Environment.drill),
    check=_check,
    remove=beacons.remove,
    sites=True,
)
