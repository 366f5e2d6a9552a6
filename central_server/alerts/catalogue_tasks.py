"""Find tasks about catalogues that gateways cannot take, and about identities of beacons that are used twice."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

from central_server.alerts.task_kinds import Task, TaskKind
from central_server.catalogue.catalogue_version import is_impossible
from central_server.catalogue.identity_ownership import IN_USE_FOR
from central_server.catalogue.identity_ownership import owners as find_owners
from central_server.catalogue.publication import Obstacle
from central_server.enrolment.gateway_status import SurveyedGateway
from central_server.store.catalogue import beacons, catalogues, cloned_beacons, identity_conflicts
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.enrolment.gateways import Gateway
from central_server.store.places import places
from central_server.store.places.places import TOP
from central_server.store.statistics import beacon_activity
from sync_contract.beacon_identity import BeaconId

_CONFLICTS_BACK = timedelta(days=7)
_CLONES_BACK = timedelta(hours=3)
_STUCK = {
    Obstacle.too_large.value: TaskKind.catalogue_full,
    Obstacle.no_number.value: TaskKind.catalogue_number,
}
SHARED = "/staff/beacons?shared=yes"


async def find_catalogue_tasks(
    connection: Connection, surveyed: Collection[SurveyedGateway], tops: Collection[str], now: datetime
) -> list[Task]:
    known = {each.gateway.id: each.gateway for each in surveyed}
    found = []
    for each in await catalogues.troubles(connection, tops):
        place = await places.get(connection, each.community)
        if each.reason in _STUCK and place is not None:
            about = (each.community, each.community, "", "/staff/projects")
            found.append(Task(_STUCK[each.reason], *about, since=each.since, names=place.names))
    found += await _unknown_catalogues(connection, surveyed, now)
    for suspect in await cloned_beacons.suspects(connection, tops, now - _CLONES_BACK):
        if suspect.gateway in known:
            link = f"/staff/figures?{urlencode({'beacon': suspect.beacon})}"
            found.append(_beacon_task(TaskKind.cloned_beacon, known[suspect.gateway], suspect.beacon, link, suspect.at))
    return found + await _identity_tasks(connection, known, tops, now)


def _beacon_task(kind: TaskKind, gateway: Gateway, beacon: str, link: str, since: datetime | None = None) -> Task:
    about = (gateway.community, f"{gateway.id} {beacon}", gateway.label, link)
    return Task(kind, *about, since=since, beacon=beacon, gateway=gateway.id)


async def _unknown_catalogues(
    connection: Connection, surveyed: Collection[SurveyedGateway], now: datetime
) -> list[Task]:
    """Gateways that hold a catalogue version that this server never published: they accept no other."""
    claiming = [each for each in surveyed if is_impossible(0, _version(each), now)]
    newest = await catalogues.newest_versions(connection, {each.gateway.community for each in claiming})
    return [
        Task(
            TaskKind.catalogue_lost,
            each.gateway.community,
            each.gateway.id,
            each.gateway.label,
            f"/staff/gateways/{each.gateway.id}",
            gateway=each.gateway.id,
        )
        for each in claiming
        if is_impossible(newest.get(each.gateway.community, 0), _version(each), now)
    ]


def _version(each: SurveyedGateway) -> int:
    return each.report.catalogue_version if each.report is not None else 0


async def _identity_tasks(
    connection: Connection, known: Mapping[str, Gateway], tops: Collection[str], now: datetime
) -> list[Task]:
    """Identities that are registered twice, sent twice, or requested by another community.

    The other community is named only to staff who see both.
    """
    requested = await identity_conflicts.since(connection, now - _CONFLICTS_BACK)
    sent = await beacon_activity.sent_twice(connection, now - IN_USE_FOR)
    doubled = await beacons.doubled(connection)
    owners = await _owners(connection, {*requested, *(each.beacon for each in sent)})
    community_of = await places.communities_of(connection, {each.place for each in (*doubled, *owners.values())})
    visible = None if TOP in tops else {place.id for place in await places.every(connection, tops)}

    wanted: dict[str, dict[BeaconId, datetime]] = {}
    for beacon, by in requested.items():
        owner = community_of[owners[beacon].place] if beacon in owners else None
        latest = max((at for community, at in by.items() if community != owner), default=None)
        if owner is not None and latest is not None:
            wanted.setdefault(owner, {})[beacon] = latest
    for each in sent:
        owner = community_of[owners[each.beacon].place] if each.beacon in owners else None
        if owner is not None and each.last_at is not None and not await _related(connection, owner, each.community):
            at = wanted.setdefault(owner, {})
            at[each.beacon] = max(at.get(each.beacon, each.last_at), each.last_at)
    found = [
        Task(TaskKind.identity_wanted, place, place, "", _link(owners, times), len(times), max(times.values()))
        for place, times in wanted.items()
    ]
    found += [
        Task(TaskKind.identity_twice, place, place, "", SHARED, len(shared))
        for place, shared in _shared_identities(doubled, community_of).items()
    ]
    found = [task for task in found if visible is None or task.community in visible]
    return found + [
        _beacon_task(TaskKind.advert_twice, known[each.gateway], str(each.beacon), f"/staff/gateways/{each.gateway}")
        for each in sent
        if each.gateway in known
    ]


async def _owners(connection: Connection, wanted: Iterable[BeaconId]) -> dict[BeaconId, StoredBeacon]:
    found: dict[BeaconId, StoredBeacon] = {}
    every = sorted(wanted)
    for start in range(0, len(every), 200):
        found |= await find_owners(connection, every[start : start + 200])
    return found


async def _related(connection: Connection, one: str, other: str) -> bool:
    """Whether one place is the other or above it."""
    return one in await places.ancestors(connection, other) or other in await places.ancestors(connection, one)


def _shared_identities(doubled: Iterable[StoredBeacon], community_of: Mapping[str, str]) -> dict[str, set[BeaconId]]:
    """Return by community the identities that another community uses too."""
    communities: dict[BeaconId, set[str]] = {}
    for each in doubled:
        communities.setdefault(each.beacon, set()).add(community_of[each.place])
    shared: dict[str, set[BeaconId]] = {}
    for beacon, users in communities.items():
        for community in users if len(users) > 1 else ():
            shared.setdefault(community, set()).add(beacon)
    return shared


def _link(owners: Mapping[BeaconId, StoredBeacon], wanted: Collection[BeaconId]) -> str:
    return f"/staff/beacons/{owners[next(iter(wanted))].id}" if len(wanted) == 1 else "/staff/beacons"
