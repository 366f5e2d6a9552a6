"""Serve lists to programs with a personal token: places, gateways, beacons, bindings, projects, the sync log."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from aiohttp import web
from aiohttp.typedefs import Handler

from central_server.api.json_response import build_response
from central_server.api.list_records import (
    BeaconList,
    BeaconRecord,
    BindingList,
    BindingRecord,
    GatewayList,
    GatewayRecord,
    LogList,
    LogRecord,
    PlaceList,
    PlaceRecord,
    ProjectList,
    ProjectRecord,
    TokenRecord,
)
from central_server.api.problems import refusal_of
from central_server.api.query_parameters import LogQuery, PageQuery, cut, parse_cursor, read_query
from central_server.api.tokens import Bearers, Scope
from central_server.enrolment.gateway_status import survey
from central_server.store.api import listings
from central_server.store.api.listings import ListedGateway
from central_server.store.catalogue import beacons, bindings, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.parcels import log_queries, sync_log
from central_server.store.parcels.sync_log import Arrival
from central_server.store.places.places import Place
from central_server.store.statistics import beacon_activity
from central_server.store.statistics.beacon_activity import Activity
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Record

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class _Named(Protocol):
    @property
    def id(self) -> str: ...


Named = TypeVar("Named", bound=_Named)
AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True, slots=True)
class Part(Generic[Named]):
    """A part of a list in order of id, for a caller who may see `tops`. `next`: the cursor of the following part."""

    connection: Connection
    tops: Collection[str]
    entries: Sequence[Named]
    next: str | None


class ListsApi:
    def __init__(self, database: Database, bearers: Bearers, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._bearers = bearers
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/token", self._token),
            web.get("/api/v1/log", self._log),
            web.get("/api/v1/places", self._by_id(listings.places_after, _build_places)),
            web.get("/api/v1/gateways", self._by_id(listings.gateways_after, self._build_gateways)),
            web.get("/api/v1/beacons", self._by_id(beacons.by_id, self._build_beacons)),
            web.get("/api/v1/bindings", self._by_id(bindings.by_id, _build_bindings)),
            web.get("/api/v1/projects", self._projects),
        ]

    async def _token(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, None)
        token = caller.token
        record = TokenRecord(
            label=token.label,
            account=token.account,
            scopes=tuple(Scope(word) for word in token.scopes.split() if word in list(Scope)),
            places=tuple(sorted(caller.tops)),
            ends_at=token.ends_at,
        )
        return build_response(request, record)

    def _by_id(
        self,
        find: Callable[[Connection, Collection[str], str | None, int], Awaitable[Sequence[Named]]],
        build: Callable[[Part[Named]], Awaitable[Record]],
    ) -> Handler:
        """Return the handler of a list. `find`: returns at most so many entries from the one after an id."""

        async def handle(request: web.Request) -> web.Response:
            caller = await self._bearers.caller(request, Scope.catalogue)
            query = read_query(request, PageQuery)
            after = parse_cursor(query.cursor, 1)
            async with self._database.read() as connection:
                found = await find(connection, caller.tops, after[0] if after else None, query.limit + 1)
                shown, following = cut(found, query.limit, lambda each: (each.id,))
                record = await build(Part(connection, caller.tops, shown, following))
            return build_response(request, record)

        return handle

    async def _build_gateways(self, part: Part[ListedGateway]) -> GatewayList:
        ids = [each.id for each in part.entries]
        surveyed = await survey(part.connection, part.tops, self._clock(), among=ids)
        by_id = {each.gateway.id: each for each in surveyed}

        def build(listed: ListedGateway) -> GatewayRecord:
            known = by_id.get(listed.id)
            return GatewayRecord(
                id=listed.id,
                community=listed.community,
                label=listed.label,
                status=known.status if known else None,
                last_contact=known.last_contact if known else None,
            )

        return GatewayList(gateways=tuple(map(build, part.entries)), next=part.next)

    async def _build_beacons(self, part: Part[StoredBeacon]) -> BeaconList:
        seen = await beacon_activity.of_beacons(part.connection, [each.beacon for each in part.entries])
        now = self._clock()
        records = tuple(_build_beacon(each, seen.get(each.beacon, ()), now) for each in part.entries)
        return BeaconList(beacons=records, next=part.next)

    async def _projects(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.catalogue)
        query = read_query(request, PageQuery)
        after = parse_cursor(query.cursor, 2)
        key = None if after is None else (after[0], after[1])
        async with self._database.read() as connection:
            found = await projects.by_id(connection, caller.tops, key, query.limit + 1)
        shown, following = cut(found, query.limit, lambda each: (each.id, each.place))
        return build_response(request, ProjectList(projects=_records(ProjectRecord, shown), next=following))

    async def _log(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.log)
        query = read_query(request, LogQuery)
        wanted = log_queries.LogFilter(
            tops=caller.tops,
            gateway=query.gateway,
            kind=query.kind,
            result=query.result,
            since=_midnight(query.since),
            until=_midnight(query.until, days=1),
            before=_parse_log_cursor(query.cursor),
        )
        async with self._database.read() as connection:
            found = await sync_log.page(connection, wanted, query.limit + 1)
        shown, following = cut(found, query.limit, _log_key)
        return build_response(request, LogList(lines=_records(LogRecord, shown), next=following))


def _records(record: type[AnyRecord], rows: Sequence[Any]) -> tuple[AnyRecord, ...]:
    """Build records from rows whose attributes have the records' names and types."""
    return tuple(record.model_validate(row, from_attributes=True) for row in rows)


async def _build_places(part: Part[Place]) -> PlaceList:
    return PlaceList(places=_records(PlaceRecord, part.entries), next=part.next)


async def _build_bindings(part: Part[StoredBinding]) -> BindingList:
    records = tuple(BindingRecord(**_fields(BindingRecord, row, row.beacon)) for row in part.entries)
    return BindingList(bindings=records, next=part.next)


def _build_beacon(row: StoredBeacon, seen: Sequence[Activity], now: datetime) -> BeaconRecord:
    person = row.kind is BeaconKind.person
    status, last = (None, None) if person else beacon_activity.beacon_status(seen, now)
    return BeaconRecord(**_fields(BeaconRecord, row, row.beacon), status=status, last_active=last)


def _fields(record: type[Record], row: object, identity: BeaconId | None) -> dict[str, Any]:
    """Return the record's fields that the row has, with uuid, major and minor of the identity."""
    fields = {name: getattr(row, name) for name in record.model_fields if hasattr(row, name)}
    return fields | {name: getattr(identity, name, None) for name in ("uuid", "major", "minor")}


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    """Return midnight of official time, `days` later; None without a day or beyond the calendar."""
    if day is None:
        return None
    try:
        return datetime(day.year, day.month, day.day, tzinfo=OFFICIAL_TIME) + timedelta(days=days)
    except OverflowError:
        return None


def _log_key(line: Arrival) -> tuple[str, ...]:
    return str((line.last_at - _EPOCH) // _MICROSECOND), str(line.seq)


def _parse_log_cursor(cursor: str | None) -> tuple[datetime, int] | None:
    parts = parse_cursor(cursor, 2)
    if parts is None:
        return None
    try:
        micros, seq = int(parts[0]), int(parts[1])
        at = _EPOCH + micros * _MICROSECOND
    except (ValueError, OverflowError) as error:
        raise refusal_of("cursor-malformed") from error
    if not 0 <= seq < 2**53:
        raise refusal_of("cursor-malformed")
    return at, seq
