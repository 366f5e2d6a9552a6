"""GET /api/v1/log, /places, /gateways, /beacons, /bindings, /projects, /token: for programs with a personal token."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from aiohttp import web

from central_server.api.answers import answer
from central_server.api.problems import refused
from central_server.api.queries import LogQuery, PageQuery, cursor_of, parts_of, read_query
from central_server.api.records import (
    BeaconEntries,
    BeaconEntry,
    BindingEntries,
    BindingEntry,
    GatewayEntries,
    GatewayEntry,
    LogLine,
    LogLines,
    PlaceEntries,
    PlaceEntry,
    ProjectEntries,
    ProjectEntry,
    TokenFacts,
)
from central_server.api.tokens import Bearers, Scope
from central_server.enrolment.standing import Surveyed, survey
from central_server.store import activity, bindings, listings, sync_log
from central_server.store.activity import Activity
from central_server.store.bindings import KeptBinding
from central_server.store.database import Database
from central_server.store.listings import ListedBeacon, ListedGateway
from central_server.store.log_ways import Wanted
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.permit import OFFICIAL_TIME

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Lists:
    def __init__(self, database: Database, bearers: Bearers, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._bearers = bearers
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/token", self._token),
            web.get("/api/v1/log", self._log),
            web.get("/api/v1/places", self._places),
            web.get("/api/v1/gateways", self._gateways),
            web.get("/api/v1/beacons", self._beacons),
            web.get("/api/v1/bindings", self._bindings),
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

    async def _log(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.log)
        asked = read_query(request, LogQuery)
        wanted = Wanted(
            tops=caller.tops,
            gateway=asked.gateway,
            kind=asked.kind,
            result=asked.result,
            since=_midnight(asked.since),
            until=_midnight(asked.until, days=1),
            before=_place_in_log(asked.cursor),
        )
        async with self._database.read() as connection:
            found = await sync_log.page(connection, wanted, asked.limit + 1)
        lines = tuple(
            LogLine(
                gateway=each.gateway,
                parcel=each.parcel,
                result=each.result,
                community=each.community,
                kind=each.kind,
                reason=each.reason,
                first_at=each.first_at,
                last_at=each.last_at,
                times=each.times,
            )
            for each in found[: asked.limit]
        )
        following = None
        if len(found) > asked.limit:
            last = found[asked.limit - 1]
            following = cursor_of(str((last.last_at - _EPOCH) // _MICROSECOND), str(last.seq))
        return answer(request, LogLines(lines=lines, next=following))

    async def _places(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.catalogue)
        asked = read_query(request, PageQuery)
        after = parts_of(asked.cursor, 1)
        async with self._database.read() as connection:
            found = await listings.places_after(connection, caller.tops, after[0] if after else None, asked.limit + 1)
        shown = found[: asked.limit]
        entries = tuple(PlaceEntry(id=each.id, kind=each.kind, parent=each.parent, names=each.names) for each in shown)
        following = cursor_of(shown[-1].id) if len(found) > asked.limit else None
        return answer(request, PlaceEntries(places=entries, next=following))

    async def _gateways(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.catalogue)
        asked = read_query(request, PageQuery)
        after = parts_of(asked.cursor, 1)
        async with self._database.read() as connection:
            found = await listings.gateways_after(connection, caller.tops, after[0] if after else None, asked.limit + 1)
            surveyed = {each.gateway.id: each for each in await survey(connection, caller.tops, self._clock())}
        shown = found[: asked.limit]
        entries = tuple(_gateway(each, surveyed.get(each.id)) for each in shown)
        following = cursor_of(shown[-1].id) if len(found) > asked.limit else None
        return answer(request, GatewayEntries(gateways=entries, next=following))

    async def _beacons(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.catalogue)
        asked = read_query(request, PageQuery)
        after = parts_of(asked.cursor, 1)
        async with self._database.read() as connection:
            found = await listings.beacons_after(connection, caller.tops, after[0] if after else None, asked.limit + 1)
            shown = found[: asked.limit]
            seen = await activity.of(connection, map(_identity, shown))
        now = self._clock()
        entries = tuple(_beacon(each, seen.get(_identity(each), ()), now) for each in shown)
        following = cursor_of(shown[-1].id) if len(found) > asked.limit else None
        return answer(request, BeaconEntries(beacons=entries, next=following))

    async def _bindings(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.catalogue)
        asked = read_query(request, PageQuery)
        after = parts_of(asked.cursor, 1)
        async with self._database.read() as connection:
            found = await bindings.by_id(connection, caller.tops, after[0] if after else None, asked.limit + 1)
        shown = found[: asked.limit]
        following = cursor_of(shown[-1].id) if len(found) > asked.limit else None
        return answer(request, BindingEntries(bindings=tuple(map(_binding, shown)), next=following))

    async def _projects(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.catalogue)
        asked = read_query(request, PageQuery)
        after = parts_of(asked.cursor, 2)
        place = None if after is None else (after[0], after[1])
        async with self._database.read() as connection:
            found = await listings.projects_after(connection, caller.tops, place, asked.limit + 1)
        shown = found[: asked.limit]
        entries = tuple(
            ProjectEntry(id=each.id, place=each.place, title=each.title, summary=each.summary, withdrawn=each.withdrawn)
            for each in shown
        )
        following = cursor_of(shown[-1].id, shown[-1].place) if len(found) > asked.limit else None
        return answer(request, ProjectEntries(projects=entries, next=following))


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
    status, last = (None, None) if kind is BeaconKind.person else activity.status(seen, now)
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


def _binding(kept: KeptBinding) -> BindingEntry:
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


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    """In official time; None where no filter is meant, or the calendar ends."""
    if day is None:
        return None
    try:
        return datetime(day.year, day.month, day.day, tzinfo=OFFICIAL_TIME) + timedelta(days=days)
    except OverflowError:
        return None


def _place_in_log(cursor: str | None) -> tuple[datetime, int] | None:
    parts = parts_of(cursor, 2)
    if parts is None:
        return None
    try:
        micros, seq = int(parts[0]), int(parts[1])
        at = _EPOCH + micros * _MICROSECOND
    except (ValueError, OverflowError) as error:
        raise refused("cursor-malformed") from error
    if not 0 <= seq < 2**53:
        raise refused("cursor-malformed")
    return at, seq
