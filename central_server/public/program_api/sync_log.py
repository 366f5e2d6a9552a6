"""GET /api/v1/log: the sync log for programs with a personal token."""

from datetime import UTC, date, datetime, timedelta

from aiohttp import web

from central_server.api.json_response import answer
from central_server.api.list_records import LogLine, LogLines
from central_server.api.problems import refused
from central_server.api.query_parameters import LogQuery, cut, parts_of, read_query
from central_server.api.tokens import Bearers, Scope
from central_server.store.engine.database import Database
from central_server.store.parcels import sync_log
from central_server.store.parcels.log_queries import Wanted
from central_server.store.parcels.sync_log import Arrival
from sync_contract.permit import OFFICIAL_TIME

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class LogList:
    def __init__(self, database: Database, bearers: Bearers) -> None:
        self._database = database
        self._bearers = bearers

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/api/v1/log", self._log)]

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
        shown, following = cut(found, asked.limit, _key_in_log)
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
            for each in shown
        )
        return answer(request, LogLines(lines=lines, next=following))


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    """In official time; None where no filter is meant, or the calendar ends."""
    if day is None:
        return None
    try:
        return datetime(day.year, day.month, day.day, tzinfo=OFFICIAL_TIME) + timedelta(days=days)
    except OverflowError:
        return None


def _key_in_log(line: Arrival) -> tuple[str, ...]:
    return str((line.last_at - _EPOCH) // _MICROSECOND), str(line.seq)


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
