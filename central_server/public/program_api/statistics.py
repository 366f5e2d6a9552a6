"""Figures for programs: all of them with a personal token, and for everybody what may be public."""

from collections.abc import Callable
from datetime import date, datetime

from aiohttp import web

from central_server.accounts.money_visibility import sees_money
from central_server.api.json_response import answer
from central_server.api.problems import refused
from central_server.api.query_parameters import BesideQuery, FiguresQuery, MonthQuery, read_query
from central_server.api.tokens import Bearers, Caller, Scope
from central_server.statistics.comparison import beside
from central_server.statistics.figure_records import told, told_beside
from central_server.statistics.periods import Period, Span, period
from central_server.statistics.public_figures import month
from central_server.statistics.report import Narrowed, report
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment

_FIRST = date(2020, 6, 1)


class StatisticsApi:
    def __init__(
        self, database: Database, bearers: Bearers, environment: Environment, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._bearers = bearers
        self._environment = environment
        self._clock = clock

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/api/v1/statistics", self._figures),
            web.get("/api/v1/statistics/beside", self._beside),
            web.get("/api/v1/public/statistics/{community:[a-z0-9-]{1,64}}", self._published),
        ]

    async def _figures(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.statistics)
        asked = read_query(request, FiguresQuery)
        of_time = self._period(asked)
        async with self._database.read() as connection:
            of, money = await _narrowed(connection, caller, asked)
            found = await report(connection, of, of_time, self._environment.value, self._clock(), money=money)
        return answer(request, told(found))

    async def _beside(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.statistics)
        asked = read_query(request, BesideQuery)
        of_time = self._period(asked)
        async with self._database.read() as connection:
            of, money = await _narrowed(connection, caller, asked)
            found = await beside(connection, of, of_time, self._environment.value, asked.by, money=money)
        return answer(request, told_beside(of_time, asked.by, found))

    def _period(self, asked: FiguresQuery) -> Period:
        """Raises the problem parameter-malformed."""
        today = self._clock().astimezone(OFFICIAL_TIME).date()
        day = asked.day or today
        if not _FIRST <= day <= today:
            raise refused("parameter-malformed", "does not fit: day")
        return period(asked.span, day)

    async def _published(self, request: web.Request) -> web.Response:
        """Of a community alone: what is above one would be the sum of others."""
        asked = read_query(request, MonthQuery)
        now = self._clock()
        this = period(Span.month, now.astimezone(OFFICIAL_TIME).date())
        of = this.before if asked.month is None else period(Span.month, date.fromisoformat(f"{asked.month}-01"))
        if not _FIRST <= of.first < this.first:
            raise refused("parameter-malformed", "does not fit: month")
        community = request.match_info["community"]
        async with self._database.read() as connection:
            place = await places.get(connection, community)
            known = place is not None and place.kind is PlaceKind.community
            tops = frozenset({community}) if known else frozenset[str]()
            found = await report(connection, Narrowed(tops), of, self._environment.value, now)
        return answer(request, month(community, self._environment, of, found.slots))


async def _narrowed(connection: Connection, caller: Caller, asked: FiguresQuery) -> tuple[Narrowed, bool]:
    """What is asked of, and whether the caller sees to money there. A place or a gateway of others has no figures, just
    as one that is not there.
    """
    tops = caller.tops
    if asked.place is not None:
        seen = not tops.isdisjoint(await places.ancestors(connection, asked.place))
        tops = frozenset({asked.place}) if seen else frozenset()
    money = await sees_money(connection, caller.access, tops)
    return Narrowed(tops, asked.gateway, asked.beacon, asked.project), money
