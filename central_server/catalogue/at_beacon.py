"""Which project is at a beacon now: the same rule as on the gateway's screen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from central_server.catalogue.content import bound_beacons, with_paid
from central_server.store import activity, beacons, bindings, gateways, places, projects
from central_server.store.activity import Activity
from central_server.store.beacons import KeptBeacon
from central_server.store.connection import Connection
from central_server.store.places import PlaceKind
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Project
from sync_contract.rules import Bound, Moment, Option, Pick, bound, pick
from sync_contract.strict import Environment


@dataclass(frozen=True, slots=True)
class AtBeacon:
    """`community`: to which what happens there belongs; `label`: of the beacon; `pick`: what decided, by which rule."""

    community: str
    project: Project
    label: str
    pick: Pick


async def project_at(
    connection: Connection, beacon: BeaconId, now: datetime, environment: Environment, *, zone: str = ""
) -> AtBeacon | None:
    """None for an unknown beacon, for a person's tag (no phone is told of people), and when nothing is bound now."""
    return (await projects_at(connection, {beacon: zone}, now, environment)).get(beacon)


async def projects_at(
    connection: Connection, zones: Mapping[BeaconId, str], now: datetime, environment: Environment
) -> dict[BeaconId, AtBeacon]:
    """Those of the beacons that bring a project now.

    `zones`: how near the phone is to each, `immediate`, `near`, or empty where that is not known. Need is told by the
    ledger of `environment`.
    """
    known: dict[BeaconId, list[KeptBeacon]] = {}
    for kept in await beacons.same(connection, zones):
        if kept.kind is BeaconKind.place:
            known.setdefault(kept.beacon, []).append(kept)
    seen = await activity.of(connection, known)
    local = now.astimezone(OFFICIAL_TIME)
    told: dict[str, _Told] = {}
    found: dict[BeaconId, AtBeacon] = {}
    for id_, same in known.items():
        kept = max(same, key=lambda each: (_last_active(each, seen.get(id_, [])), each.id))
        community = await _community(connection, kept, seen.get(id_, []))
        if community not in told:
            told[community] = await _told(connection, community, environment)
        here = told[community]
        moment = Moment(local.time(), local.date(), zones[id_], here.need)
        picked = pick(here.bound.of(id_, person=False), moment)
        if picked is not None:
            found[id_] = AtBeacon(community, here.offered[picked.project], kept.label, picked)
    return found


@dataclass(frozen=True, slots=True)
class _Told:
    offered: Mapping[str, Project]
    bound: Bound
    need: Mapping[str, float]


async def _told(connection: Connection, community: str, environment: Environment) -> _Told:
    every = await with_paid(connection, community, await projects.all_offered(connection, community), environment)
    offered = {project.id: project for project in every}
    need = {project.id: project.need for project in every if project.need is not None}
    held = await bindings.holding(connection, community)
    near = await beacons.concerning(connection, community)
    binding = bound_beacons(held, near, set(offered))
    return _Told(offered, bound((each.beacon, Option(each.project, each.rule)) for each in binding), need)


def _last_active(kept: KeptBeacon, seen: Sequence[Activity]) -> float:
    """Where the same identity is in several communities: when it was last heard in this one."""
    heard = (each.last_at.timestamp() for each in seen if each.last_at and each.community == kept.place)
    return max(heard, default=0.0)


async def community_of(connection: Connection, kept: KeptBeacon) -> str:
    """To which what happens at the beacon belongs; the beacon's own place where that cannot be told."""
    seen = await activity.of(connection, [kept.beacon])
    return await _community(connection, kept, seen.get(kept.beacon, []))


async def _community(connection: Connection, kept: KeptBeacon, seen: Sequence[Activity]) -> str:
    """Of a beacon that belongs to a place above communities, the gateway tells in which one it stands."""
    place = await places.get(connection, kept.place)
    while place is not None and place.kind is PlaceKind.site and place.parent is not None:
        place = await places.get(connection, place.parent)
    if place is not None and place.kind is PlaceKind.community:
        return place.id
    if kept.gateway and (gateway := await gateways.get(connection, kept.gateway)) is not None:
        return gateway.community
    heard = [each for each in seen if each.last_at]
    if heard:
        return max(heard, key=lambda each: (each.advertised, each.last_at, each.gateway)).community
    below = await places.every(connection, [kept.place], PlaceKind.community)
    return below[0].id if len(below) == 1 else kept.place
