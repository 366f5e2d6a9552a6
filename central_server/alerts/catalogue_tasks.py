"""What is wrong with what gateways are told, and with the identities of beacons: as tasks."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from central_server.catalogue.catalogue_version import is_impossible
from central_server.catalogue.identity_ownership import IN_USE_FOR, owners
from central_server.catalogue.publication import Obstacle
from central_server.enrolment.gateway_status import Surveyed
from central_server.store.catalogue import beacons, catalogues, cloned_beacons, identity_conflicts
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.engine.connection import Connection
from central_server.store.enrolment.gateways import Gateway
from central_server.store.places import places
from central_server.store.places.places import TOP
from central_server.store.statistics import beacon_activity
from sync_contract.beacon_identity import BeaconId
from sync_contract.project import Texts

_WISHED_BACK = timedelta(days=7)
_SUSPECT_BACK = timedelta(hours=3)
_STUCK = {Obstacle.too_large.value: "catalogue_full", Obstacle.no_number.value: "catalogue_number"}
SHARED = "/staff/beacons?shared=yes"


@dataclass(frozen=True, slots=True)
class Concern:
    """`word`: a Matter's. `count`: of beacons. The rest as in `tasks.Task`."""

    word: str
    place: str
    subject: str
    label: str
    link: str
    count: int = 1
    since: datetime | None = None
    beacon: str = ""
    names: Texts | None = None


async def concerns(
    connection: Connection, surveyed: Collection[Surveyed], tops: Collection[str], now: datetime
) -> list[Concern]:
    """Of the places at and below `tops`."""
    known = {each.gateway.id: each.gateway for each in surveyed}
    found = []
    for each in await catalogues.troubles(connection, tops):
        place = await places.get(connection, each.community)
        if each.reason in _STUCK and place is not None:
            about = (each.community, each.community, "", "/staff/projects")
            found.append(Concern(_STUCK[each.reason], *about, since=each.since, names=place.names))
    found += await _lost(connection, surveyed, now)
    found += [
        Concern("cloned_beacon", known[each.gateway].community, f"{each.gateway} {each.beacon}",
                known[each.gateway].label, f"/staff/figures?{urlencode({'beacon': each.beacon})}",
                since=each.at, beacon=each.beacon)
        for each in await cloned_beacons.suspects(connection, tops, now - _SUSPECT_BACK)
        if each.gateway in known
    ]  # fmt: skip
    return found + await _identities(connection, known, tops, now)


async def _lost(connection: Connection, surveyed: Collection[Surveyed], now: datetime) -> list[Concern]:
    """Gateways that say they hold a catalogue that was never made here: they take no other."""
    saying = [each for each in surveyed if each.report is not None and is_impossible(0, _held(each), now)]
    newest = await catalogues.newest_versions(connection, {each.gateway.community for each in saying})
    return [
        Concern("catalogue_lost", each.gateway.community, each.gateway.id, each.gateway.label,
                f"/staff/gateways/{each.gateway.id}")
        for each in saying
        if is_impossible(newest.get(each.gateway.community, 0), _held(each), now)
    ]  # fmt: skip


def _held(each: Surveyed) -> int:
    return each.report.catalogue_version if each.report is not None else 0


async def _identities(
    connection: Connection, known: Mapping[str, Gateway], tops: Collection[str], now: datetime
) -> list[Concern]:
    """In use twice, sent twice, and wanted by others. Who the others are is told to nobody but who sees both."""
    wished = await identity_conflicts.since(connection, now - _WISHED_BACK)
    sent = await beacon_activity.sent_twice(connection, now - IN_USE_FOR)
    doubled = await beacons.doubled(connection)
    first = await _first(connection, {*wished, *(each.beacon for each in sent)})
    of = await places.communities_of(connection, {each.place for each in (*doubled, *first.values())})
    mine = None if TOP in tops else {place.id for place in await places.every(connection, tops)}

    wanted: dict[str, dict[BeaconId, datetime]] = {}
    for beacon, by in wished.items():
        holder = of[first[beacon].place] if beacon in first else None
        latest = max((at for wisher, at in by.items() if wisher != holder), default=None)
        if holder is not None and latest is not None:
            wanted.setdefault(holder, {})[beacon] = latest
    for each in sent:
        holder = of[first[each.beacon].place] if each.beacon in first else None
        if holder is not None and each.last_at is not None and not await _in_line(connection, holder, each.community):
            at = wanted.setdefault(holder, {})
            at[each.beacon] = max(at.get(each.beacon, each.last_at), each.last_at)
    found = [
        Concern("identity_wanted", place, place, "", _link(first, asked), len(asked), max(asked.values()))
        for place, asked in wanted.items()
    ]
    twice: dict[str, set[BeaconId]] = {}
    for beacon, communities in _communities(doubled, of).items():
        for community in communities if len(communities) > 1 else ():
            twice.setdefault(community, set()).add(beacon)
    found += [Concern("identity_twice", place, place, "", SHARED, len(same)) for place, same in twice.items()]
    found = [each for each in found if mine is None or each.place in mine]
    return found + [
        Concern("advert_twice", known[each.gateway].community, f"{each.gateway} {each.beacon}",
                known[each.gateway].label, f"/staff/gateways/{each.gateway}", beacon=str(each.beacon))
        for each in sent
        if each.gateway in known
    ]  # fmt: skip


async def _first(connection: Connection, wanted: Iterable[BeaconId]) -> dict[BeaconId, StoredBeacon]:
    found: dict[BeaconId, StoredBeacon] = {}
    every = sorted(wanted)
    for start in range(0, len(every), 200):
        found |= await owners(connection, every[start : start + 200])
    return found


async def _in_line(connection: Connection, one: str, other: str) -> bool:
    return one in await places.ancestors(connection, other) or other in await places.ancestors(connection, one)


def _communities(doubled: Iterable[StoredBeacon], of: Mapping[str, str]) -> dict[BeaconId, set[str]]:
    found: dict[BeaconId, set[str]] = {}
    for each in doubled:
        found.setdefault(each.beacon, set()).add(of[each.place])
    return found


def _link(first: Mapping[BeaconId, StoredBeacon], asked: Collection[BeaconId]) -> str:
    """To the beacon, if it is one."""
    return f"/staff/beacons/{first[next(iter(asked))].id}" if len(asked) == 1 else "/staff/beacons"
