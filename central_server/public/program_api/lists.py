"""GET /api/v1/places, /gateways, /beacons, /bindings, /projects, /token: for programs with a personal token."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from aiohttp import web
from aiohttp.typedefs import Handler

from central_server.api.json_response import answer
from central_server.api.list_records import (
    BeaconEntries,
    BeaconEntry,
    BindingEntries,
    BindingEntry,
    GatewayEntries,
    GatewayEntry,
    PlaceEntries,
    PlaceEntry,
    ProjectEntries,
    ProjectEntry,
    TokenFacts,
)
from central_server.api.query_parameters import PageQuery, cut, parts_of, read_query
from central_server.api.tokens import Bearers, Scope
from central_server.enrolment.gateway_status import Surveyed, survey
from central_server.store.api import listings
from central_server.store.api.listings import ListedBeacon, ListedGateway
from central_server.store.catalogue import bindings
from central_server.store.catalogue.bindings import StoredBinding
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places.places import Place
from central_server.store.statistics import beacon_activity
from central_server.store.statistics.beacon_activity import Activity
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.strict_model import Record


class _Named(Protocol):
    @property
    def id(self) -> str: ...


Named = TypeVar("Named", bound=_Named)


@dataclass(frozen=True, slots=True)
class Part(Generic[Named]):
    """A part of a list by ids, read for somebody who may see `tops`. `next`: the cursor of the following part."""

    connection: Connection
    tops: Collection[str]
    shown: Sequence[Named]
    next: str | None


class Lists:
    def __init__(self, database: Database, bearers: Bearers, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._bearers = bearers
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/token", self._token),
            web.get("/api/v1/places", self._by_id(listings.places_after, _places)),
            web.get("/api/v1/gateways", self._by_id(listings.gateways_after, self._gateways)),
            web.get("/api/v1/beacons", self._by_id(listings.beacons_after, self._beacons)),
            web.get("/api/v1/bindings", self._by_id(bindings.by_id, _bindings)),
            web.get("/api/v1/projects", self._projects),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, None)
        scopes = tuple(Scope(word) for word in caller.token.scopes.split() if word in list(Scope))
        return answer(
            request,
            TokenFacts(
                label=caller.token.label,
                account=caller.token.account,
                scopes=scopes,
                places=tuple(sorted(caller.tops)),
                ends_at=caller.token.ends_at,
            ),
        )

    def _by_id(
        self,
        find: Callable[[Connection, Collection[str], str | None, int], Awaitable[Sequence[Named]]],
        tell: Callable[[Part[Named]], Awaitable[Record]],
    ) -> Handler:
        """The handler of a list of what there is, in parts. `find`: at most so many from the one after an id."""

        async def handle(request: web.Request) -> web.Response:
            caller = await self._bearers.caller(request, Scope.catalogue)
            asked = read_query(request, PageQuery)
            after = parts_of(asked.cursor, 1)
            async with self._database.read() as connection:
                found = await find(connection, caller.tops, after[0] if after else None, asked.limit + 1)
                shown, following = cut(found, asked.limit, lambda each: (each.id,))
                told = await tell(Part(connection, caller.tops, shown, following))
            return answer(request, told)

        return handle

    async def _gateways(self, part: Part[ListedGateway]) -> GatewayEntries:
        ids = [each.id for each in part.shown]
        surveyed = await survey(part.connection, part.tops, self._clock(), among=ids)
        by_id = {each.gateway.id: each for each in surveyed}
        entries = tuple(_gateway(each, by_id.get(each.id)) for each in part.shown)
        return GatewayEntries(gateways=entries, next=part.next)

    async def _beacons(self, part: Part[ListedBeacon]) -> BeaconEntries:
        seen = await beacon_activity.of(part.connection, map(_identity, part.shown))
        now = self._clock()
        entries = tuple(_beacon(each, seen.get(_identity(each), ()), now) for each in part.shown)
        return BeaconEntries(beacons=entries, next=part.next)

    async def _projects(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.catalogue)
        asked = read_query(request, PageQuery)
        after = parts_of(asked.cursor, 2)
        place = None if after is None else (after[0], after[1])
        async with self._database.read() as connection:
            found = await listings.projects_after(connection, caller.tops, place, asked.limit + 1)
        shown, following = cut(found, asked.limit, lambda each: (each.id, each.place))
        entries = tuple(
            ProjectEntry(id=each.id, place=each.place, title=each.title, summary=each.summary, withdrawn=each.withdrawn)
            for each in shown
        )
        return answer(request, ProjectEntries(projects=entries, next=following))


async def _places(part: Part[Place]) -> PlaceEntries:
    entries = (PlaceEntry(id=each.id, kind=each.kind, parent=each.parent, names=each.names) for each in part.shown)
    return PlaceEntries(places=tuple(entries), next=part.next)


async def _bindings(part: Part[StoredBinding]) -> BindingEntries:
    return BindingEntries(bindings=tuple(map(_binding, part.shown)), next=part.next)


def _gateway(listed: ListedGateway, surveyed: Surveyed | None) -> GatewayEntry:
    return GatewayEntry(
        id=listed.id,
        community=listed.community,
        label=listed.label,
        standing=surveyed.standing if surveyed else None,
        last_contact=surveyed.last_contact if surveyed else None,
    )


def _identity(listed: ListedBeacon) -> BeaconId:
    return BeaconId(UUID(listed.uuid), listed.major, listed.minor)


def _beacon(listed: ListedBeacon, seen: Sequence[Activity], now: datetime) -> BeaconEntry:
    kind = BeaconKind(listed.kind)
    status, last = (None, None) if kind is BeaconKind.person else beacon_activity.status(seen, now)
    return BeaconEntry(
        id=listed.id,
        place=listed.place,
        uuid=UUID(listed.uuid),
        major=listed.major,
        minor=listed.minor,
        kind=kind,
        label=listed.label,
        gateway=listed.gateway,
        groups=tuple(listed.groups.split()),
        status=status,
        last_active=last,
    )


def _binding(kept: StoredBinding) -> BindingEntry:
    return BindingEntry(
        id=kept.id,
        place=kept.place,
        target=kept.target,
        uuid=kept.beacon.uuid if kept.beacon else None,
        major=kept.beacon.major if kept.beacon else None,
        minor=kept.beacon.minor if kept.beacon else None,
        group=kept.group,
        project=kept.project,
        priority=kept.priority,
        hours=kept.hours,
        weekdays=kept.weekdays,
        since=kept.since,
        until=kept.until,
        zone=kept.zone,
        while_needed=kept.while_needed,
    )
