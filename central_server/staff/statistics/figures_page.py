"""Figures of a place, a gateway, a beacon or a project: charts, their tables, and files to keep."""

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.money_visibility import sees_money
from central_server.alerts.place_names import community_names, place_names
from central_server.sheets.sheet_writer import Cell
from central_server.staff.enrolment.gateway_select import among, told_apart
from central_server.staff.frame.labels import at, of_beacons, of_projects
from central_server.staff.frame.page_frame import Desk, Sent, Shown, Visitor, sheet
from central_server.staff.places.place_tree import rows
from central_server.staff.statistics import figure_comparison, figure_wording
from central_server.staff.statistics.figure_charts import charts
from central_server.statistics.comparison import OneOf, beside
from central_server.statistics.figure_records import told, told_beside
from central_server.statistics.periods import Period, Span, period
from central_server.statistics.report import Narrowed, Report, report
from central_server.store.catalogue import beacons, projects
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from central_server.store.statistics import figure_queries
from central_server.store.statistics.figure_comparison import By
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment

_BEACON = re.compile(r"[0-9a-f-]{36}/[0-9]{1,5}/[0-9]{1,5}")
_WORD = re.compile(r"[a-z0-9-]{1,64}")
_FIELDS = ("place", "gateway", "beacon", "project", "span", "day", "by", "sort")
_BEACONS = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """`chosen`: the fields as they stand in links and forms. `by`, `sort`: of the table side by side."""

    of: Narrowed
    period: Period
    by: By
    sort: str
    chosen: dict[str, str]

    def link(self, path: str = "/staff/figures", **changes: str) -> str:
        return f"{path}?{urlencode({name: value for name, value in (self.chosen | changes).items() if value})}"


class FiguresPage:
    def __init__(self, desk: Desk, environment: Environment) -> None:
        self._desk = desk
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        page = self._desk.page
        return [
            page("/staff/figures", self._show),
            page("/staff/figures.csv", self._file(self._csv)),
            page("/staff/figures.xlsx", self._file(self._xlsx)),
            page("/staff/figures.json", self._file(self._json)),
            page("/staff/figures/beside.csv", self._beside("csv")),
            page("/staff/figures/beside.xlsx", self._beside("xlsx")),
            page("/staff/figures/beside.json", self._beside("json")),
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            asked = await _asked(connection, visitor)
            found = await self._report(connection, visitor, asked)
            known = await gateways.every(connection, visitor.tops)
            every = await places.every(connection, visitor.tops)
            heard = await _beacons(connection, visitor, visitor.tops, asked)
            offered = await projects.every(connection, visitor.tops)
            rows_of, names = await self._each(connection, visitor, asked)
        called = place_names(every)
        say = self._desk.words(visitor.language)
        columns = figure_comparison.columns(rows_of)
        return Shown(
            "figures.html",
            {
                "asked": asked,
                "report": found,
                "charts": charts(found, asked, visitor.language, say),
                "spans": figure_wording.spans(say),
                "period": figure_wording.period(asked.period, visitor.language),
                "tiles": figure_wording.tiles(found, visitor.language, say),
                "places": rows(every),
                "choice": among(
                    known,
                    called,
                    visitor.language,
                    visitor.request.query.get("named", "").strip()[:120],
                    asked.chosen["gateway"],
                ),
                "named": visitor.request.query.get("named", "").strip()[:120],
                "beacons": heard,
                "projects": of_projects(offered, community_names(every), visitor.language),
                "labels": told_apart(known, called, visitor.language),
                "newest": asked.period.until > visitor.now,
                "tabs": figure_comparison.tabs(say),
                "headings": figure_comparison.headings(asked.by, asked.sort, columns, say),
                "lines": figure_comparison.lines(rows_of, names, columns, visitor.language, say),
                "beside": len(rows_of),
                "today": visitor.now.astimezone(OFFICIAL_TIME).date().isoformat(),
            },
        )

    async def _report(self, connection: Connection, visitor: Visitor, asked: Asked) -> Report:
        money = await sees_money(connection, visitor.access, asked.of.tops)
        return await report(connection, asked.of, asked.period, self._environment, visitor.now, money=money)

    async def _each(self, connection: Connection, visitor: Visitor, asked: Asked) -> tuple[list[OneOf], dict[str, str]]:
        """Side by side, sorted; and what each is called. Whoever nothing was counted of has a row as long as no filter
        leaves the rest out.
        """
        names = await _names(connection, visitor, asked)
        whole = asked.of == Narrowed(asked.of.tops)
        money = await sees_money(connection, visitor.access, asked.of.tops)
        found = await beside(
            *(connection, asked.of, asked.period, self._environment, asked.by),
            names.keys() if whole else (),
            money=money,
        )
        return figure_comparison.ordered(found, names, asked.sort), names

    def _beside(self, form: str) -> Callable[[Visitor], Awaitable[Sent]]:
        async def handler(visitor: Visitor) -> Sent:
            async with visitor.database.read() as connection:
                asked = await _asked(connection, visitor)
                found, names = await self._each(connection, visitor, asked)
            name = f"{_name(asked)}-{asked.by}"
            if form == "json":
                content = told_beside(asked.period, asked.by, found).model_dump_json(indent=1).encode()
                return Sent(f"{name}.json", "application/json", content)
            say = self._desk.words(visitor.language)
            return await sheet(name, form, figure_comparison.table(found, names, asked.by, say))

        return handler

    def _file(self, made: Callable[[Visitor, Asked, Report], Awaitable[Sent]]) -> Callable[[Visitor], Awaitable[Sent]]:
        async def handler(visitor: Visitor) -> Sent:
            async with visitor.database.read() as connection:
                asked = await _asked(connection, visitor)
                found = await self._report(connection, visitor, asked)
            return await made(visitor, asked, found)

        return handler

    async def _csv(self, visitor: Visitor, asked: Asked, found: Report) -> Sent:
        return await sheet(_name(asked), "csv", self._table(visitor, found))

    async def _xlsx(self, visitor: Visitor, asked: Asked, found: Report) -> Sent:
        return await sheet(_name(asked), "xlsx", self._table(visitor, found))

    async def _json(self, visitor: Visitor, asked: Asked, found: Report) -> Sent:
        content = told(found).model_dump_json(indent=1).encode()
        return Sent(f"{_name(asked)}.json", "application/json", content)

    def _table(self, visitor: Visitor, found: Report) -> list[list[Cell]]:
        say = self._desk.words(visitor.language)
        return [[say(name) for name in figure_wording.COLUMNS], *figure_wording.cells(found, say)]


async def _beacons(connection: Connection, visitor: Visitor, tops: Collection[str], asked: Asked) -> dict[str, str]:
    """What each is called: as the catalogue has it, and where, else as it is on the air."""
    known = await beacons.page(connection, beacons.Wanted(tops), limit=_BEACONS)
    around = await places.every(connection, visitor.tops)
    names = of_beacons(known, at(around, community_names(around)), visitor.language)
    heard = await figure_queries.known_beacons(connection, tops, asked.period.before.since, _BEACONS)
    return {beacon: beacon for beacon in heard} | names


async def _names(connection: Connection, visitor: Visitor, asked: Asked) -> dict[str, str]:
    """Of what the table has a row for each. In a place that was chosen nothing needs to be told apart."""
    match asked.by:
        case By.beacon:
            return await _beacons(connection, visitor, asked.of.tops, asked)
        case By.project:
            around = await places.every(connection, asked.of.tops)
            every = await projects.every(connection, asked.of.tops)
            return of_projects(every, community_names(around), visitor.language)
        case By.gateway:
            around = await places.every(connection, asked.of.tops)
            known = await gateways.every(connection, asked.of.tops)
            return told_apart(known, place_names(around), visitor.language)
        case By.community:
            around = await places.every(connection, asked.of.tops)
            names = place_names(around)
            return {each.id: names[each.id][visitor.language] for each in around if each.kind is PlaceKind.community}


def _name(asked: Asked) -> str:
    return f"figures-{asked.period.first}-{asked.period.last}"


async def _asked(connection: Connection, visitor: Visitor) -> Asked:
    """What does not fit is left out; what is somebody else's is not there. Raises HTTPNotFound."""
    query = visitor.request.query
    chosen = {name: query.get(name, "") for name in _FIELDS}
    today = visitor.now.astimezone(OFFICIAL_TIME).date()
    span = Span(chosen["span"]) if chosen["span"] in list(Span) else Span.day
    day = _day(chosen["day"], today)
    by = By(chosen["by"]) if chosen["by"] in list(By) else By.beacon
    sort = figure_comparison.chosen_sort(chosen["sort"])
    place = chosen["place"] if _WORD.fullmatch(chosen["place"]) else ""
    if place:
        await visitor.demand(connection, place)
    gateway = chosen["gateway"] if _WORD.fullmatch(chosen["gateway"]) else ""
    if gateway:
        known = await gateways.get(connection, gateway)
        if known is None:
            raise web.HTTPNotFound
        await visitor.demand(connection, known.community)
    beacon = chosen["beacon"] if _BEACON.fullmatch(chosen["beacon"]) else ""
    project = chosen["project"] if _WORD.fullmatch(chosen["project"]) else ""
    return Asked(
        Narrowed(frozenset({place}) if place else visitor.tops, gateway or None, beacon or None, project or None),
        period(span, day),
        by,
        sort,
        {
            "place": place,
            "gateway": gateway,
            "beacon": beacon,
            "project": project,
            "span": span.value,
            "day": "" if day == today else day.isoformat(),
            "by": "" if by is By.beacon else by.value,
            "sort": "" if sort == figure_comparison.BY_NAME else sort,
        },
    )


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if date(2020, 6, 1) <= day <= today else today
