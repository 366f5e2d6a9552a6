"""Find which project is at a beacon now, by the rule of the gateway's screen.

If several records have the same identity, the one of its owner counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from central_server.catalogue.catalogue_content import bound_beacons, with_paid
from central_server.catalogue.identity_ownership import IN_USE_FOR, owners
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
class BeaconPlace:
    """`community`: owns what happens at the beacon; `place`: where the beacon is, the community or a site of it."""

    community: str
    place: str


@dataclass(frozen=True, slots=True)
class BeaconProject(BeaconPlace):
    """`label`: of the beacon; `pick`: what decided, by which rule."""

    project: Project
    label: str
    pick: Pick


async def project_at(
    connection: Connection, beacon: BeaconId, now: datetime, environment: Environment, *, zone: str = ""
) -> BeaconProject | None:
    """Return None for an unknown beacon, for a person's tag, and when nothing is bound now."""
    return (await projects_at(connection, {beacon: zone}, now, environment)).get(beacon)


async def projects_at(
    connection: Connection, zones: Mapping[BeaconId, str], now: datetime, environment: Environment
) -> dict[BeaconId, BeaconProject]:
    """Return the beacons that bring a project now.

    `zones`: how near the phone is to each: immediate, near, or empty where unknown. Need is computed from the ledger
    of `environment`.
    """
    local = now.astimezone(OFFICIAL_TIME)
    offers: dict[str, _Offer] = {}
    found: dict[BeaconId, BeaconProject] = {}
    for id_, place, row in await _place_beacons(connection, zones, now):
        if place.community not in offers:
            offers[place.community] = await _offer(connection, place.community, environment, now)
        offer = offers[place.community]
        moment = Moment(local.time(), local.date(), zones[id_], offer.need)
        picked = pick(offer.bound.of(id_, person=False), moment)
        if picked is not None:
            project = offer.projects[picked.project]
            found[id_] = BeaconProject(place.community, place.place, project, row.label, picked)
    return found


async def places_of(connection: Connection, beacons: Iterable[BeaconId], now: datetime) -> dict[BeaconId, BeaconPlace]:
    """Return the place beacons of this server among them, whether they bring a project now or not."""
    return {id_: place for id_, place, _ in await _place_beacons(connection, beacons, now)}


async def _place_beacons(
    connection: Connection, wanted: Iterable[BeaconId], now: datetime
) -> list[tuple[BeaconId, BeaconPlace, StoredBeacon]]:
    found = []
    for id_, row in (await owners(connection, wanted)).items():
        if row.kind is BeaconKind.place:
            community = await community_of(connection, row, now)
            found.append((id_, BeaconPlace(community, await site_of(connection, row, community)), row))
    return found


@dataclass(frozen=True, slots=True)
class _Offer:
    projects: Mapping[str, Project]
    bound: Bound
    need: Mapping[str, float]


async def _offer(connection: Connection, community: str, environment: Environment, now: datetime) -> _Offer:
    every = await projects.all_offered(connection, community)
    offered = await with_paid(connection, community, every, environment, now)
    need = {project.id: project.need for project in offered if project.need is not None}
    rules = bound_beacons(
        await bindings.holding(connection, community),
        await beacons.concerning(connection, community),
        {project.id for project in offered},
    )
    options = ((each.beacon, Option(each.project, each.rule)) for each in rules)
    return _Offer({project.id: project for project in offered}, bound(options), need)


async def community_of(connection: Connection, row: StoredBeacon, now: datetime) -> str:
    """Return the community that owns what happens at the beacon, or the beacon's own place if that is unknown.

    For a beacon of a place above communities, the gateways below it decide: one that advertises it, else the one that
    heard it first, as long as it does.
    """
    place = await places.get(connection, row.place)
    while place is not None and place.kind is PlaceKind.site and place.parent is not None:
        place = await places.get(connection, place.parent)
    if place is not None and place.kind is PlaceKind.community:
        return place.id
    if row.gateway and (gateway := await gateways.get(connection, row.gateway)) is not None:
        return gateway.community
    below = await places.every(connection, [row.place], PlaceKind.community)
    if len(below) == 1:
        return below[0].id
    inside = {each.id for each in below}
    seen = (await beacon_activity.of_beacons(connection, [row.beacon])).get(row.beacon, [])
    heard = [each for each in seen if each.last_at is not None and each.community in inside]
    lately = [each for each in heard if each.last_at is not None and now - each.last_at < IN_USE_FOR] or heard
    if not lately:
        return row.place
    return min(lately, key=lambda each: (not each.advertised, each.known_since, each.gateway)).community


async def site_of(connection: Connection, row: StoredBeacon, community: str) -> str:
    """Return the beacon's own place if it is the community or a site of it, else the community."""
    if row.place == community or community in await places.ancestors(connection, row.place):
        return row.place
    return community
