"""Serve figures: all of them to programs with a personal token, and public ones to everybody."""

from collections.abc import Callable
from datetime import date, datetime

from aiohttp import web

from central_server.accounts.money_visibility import sees_money
from central_server.api.json_response import build_response
from central_server.api.problems import refusal_of
from central_server.api.query_parameters import ComparisonQuery, FiguresQuery, MonthQuery, read_query
from central_server.api.tokens import Bearers, Caller, Scope
from central_server.statistics.comparison import compare_figures
from central_server.statistics.figure_records import FigureComparison
from central_server.statistics.periods import FIRST_DAY, Period, Span, period_of
from central_server.statistics.public_figures import build_public_month
from central_server.statistics.report import build_figures_response, build_report
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from central_server.store.statistics.figure_filter import FigureScope
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment


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
            web.get("/api/v1/statistics/comparison", self._comparison),
            web.get("/api/v1/public/statistics/{community:[a-z0-9-]{1,64}}", self._public),
        ]

    async def _figures(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.statistics)
        query = read_query(request, FiguresQuery)
        period = self._period(query)
        async with self._database.read() as connection:
            scope, money = await _scope(connection, caller, query)
            found = await build_report(connection, scope, period, self._environment.value, self._clock(), money=money)
        return build_response(request, build_figures_response(found))

    async def _comparison(self, request: web.Request) -> web.Response:
        caller = await self._bearers.caller(request, Scope.statistics)
        query = read_query(request, ComparisonQuery)
        period = self._period(query)
        async with self._database.read() as connection:
            scope, money = await _scope(connection, caller, query)
            rows = await compare_figures(connection, scope, period, self._environment.value, query.by, money=money)
        record = FigureComparison(first=period.first, last=period.last, by=query.by, rows=rows)
        return build_response(request, record)

    def _period(self, query: FiguresQuery) -> Period:
        """Raises the problem parameter-malformed."""
        today = self._clock().astimezone(OFFICIAL_TIME).date()
        day = query.day or today
        if not FIRST_DAY <= day <= today:
            raise refusal_of("parameter-malformed", "does not fit: day")
        return period_of(query.span, day)

    async def _public(self, request: web.Request) -> web.Response:
        """Serve one community only: a place above communities would be a sum of several."""
        query = read_query(request, MonthQuery)
        now = self._clock()
        current = period_of(Span.month, now.astimezone(OFFICIAL_TIME).date())
        month = current.before
        if query.month is not None:
            month = period_of(Span.month, date.fromisoformat(f"{query.month}-01"))
        if not FIRST_DAY <= month.first < current.first:
            raise refusal_of("parameter-malformed", "does not fit: month")
        community = request.match_info["community"]
        async with self._database.read() as connection:
            place = await places.get(connection, community)
            known = place is not None and place.kind is PlaceKind.community
            scope = FigureScope(frozenset({community}) if known else frozenset())
            found = await build_report(connection, scope, month, self._environment.value, now)
        return build_response(request, build_public_month(community, self._environment, month, found.slots))


async def _scope(connection: Connection, caller: Caller, query: FiguresQuery) -> tuple[FigureScope, bool]:
    """Return the requested scope, and whether the caller may see money there.

    A place or gateway outside the caller's places has no figures, like an unknown one.
    """
    tops = caller.tops
    if query.place is not None:
        seen = not tops.isdisjoint(await places.ancestors(connection, query.place))
        tops = frozenset({query.place}) if seen else frozenset()
    money = await sees_money(connection, caller.access, tops)
    return FigureScope(tops, query.gateway, query.beacon, query.project), money
