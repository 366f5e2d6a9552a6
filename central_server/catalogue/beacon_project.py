"""Which project is at a beacon now: the same rule as on the gateway's screen. Of an identity its holder counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from central_server.catalogue.catalogue_content import bound_beacons, with_paid
from central_server.catalogue.identity_ownership import SENT_LATELY, holders
from central_server.store.catalogue import beacons, bindings, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from central_server.store.statistics import beacon_activity
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Project
from sync_contract.project_rules import Bound, Moment, Option, Pick, bound, pick
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class AtBeacon:
    """`community`: to which what happens there belongs; `label`: of the beacon; `pick`: what decided, by which rule;
    `place`: where it stands, the community or a site of it."""

    community: str
    project: Project
    label: str
    pick: Pick
    place: str


@dataclass(frozen=True, slots=True)
class Stand:
    """`community`: to which what happens at a beacon belongs; `place`: where it stands, that or a site of it."""

    community: str
    place: str


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
    local = now.astimezone(OFFICIAL_TIME)
    told: dict[str, _Told] = {}
    found: dict[BeaconId, AtBeacon] = {}
    for id_, kept in (await holders(connection, zones)).items():
        if kept.kind is not BeaconKind.place:
            continue
        community = await community_of(connection, kept, now)
        if community not in told:
            told[community] = await _told(connection, community, environment)
        here = told[community]
        moment = Moment(local.time(), local.date(), zones[id_], here.need)
        picked = pick(here.bound.of(id_, person=False), moment)
        if picked is not None:
            place = await stands_at(connection, kept, community)
            found[id_] = AtBeacon(community, here.offered[picked.project], kept.label, picked, place)
    return found


async def stands(connection: Connection, wanted: Iterable[BeaconId], now: datetime) -> dict[BeaconId, Stand]:
    """Of those that are place beacons of ours, whether they bring a project now or not."""
    found = {}
    for id_, kept in (await holders(connection, wanted)).items():
        if kept.kind is BeaconKind.place:
            community = await community_of(connection, kept, now)
            found[id_] = Stand(community, await stands_at(connection, kept, community))
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


async def community_of(connection: Connection, kept: StoredBeacon, now: datetime) -> str:
    """To which what happens at the beacon belongs; the beacon's own place where that cannot be told.

    Of a beacon that belongs to a place above communities, a gateway there tells in which one it stands: the one that
    sends it, else the one that heard it first, for as long as it does.
    """
    place = await places.get(connection, kept.place)
    while place is not None and place.kind is PlaceKind.site and place.parent is not None:
        place = await places.get(connection, place.parent)
    if place is not None and place.kind is PlaceKind.community:
        return place.id
    if kept.gateway and (gateway := await gateways.get(connection, kept.gateway)) is not None:
        return gateway.community
    below = await places.every(connection, [kept.place], PlaceKind.community)
    if len(below) == 1:
        return below[0].id
    inside = {each.id for each in below}
    seen = (await beacon_activity.of(connection, [kept.beacon])).get(kept.beacon, [])
    heard = [each for each in seen if each.last_at is not None and each.community in inside]
    lately = [each for each in heard if each.last_at is not None and now - each.last_at < SENT_LATELY] or heard
    if not lately:
        return kept.place
    return min(lately, key=lambda each: (not each.advertised, each.known_since, each.gateway)).community


async def stands_at(connection: Connection, kept: StoredBeacon, community: str) -> str:
    """The beacon's own place, where that is the community to which it belongs or a site of it; else the community."""
    if kept.place == community or community in await places.ancestors(connection, kept.place):
        return kept.place
    return community
