"""Serve the figures page of a place, gateway, beacon or project: charts, tables and files."""

import re
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.money_visibility import sees_money
from central_server.alerts.place_names import community_names, place_names
from central_server.staff.enrolment.gateway_select import gateway_labels, select_gateways
from central_server.staff.frame.labels import beacon_labels, place_labels, project_labels
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Visitor, sheet
from central_server.staff.places.place_tree import rows
from central_server.staff.statistics import figure_comparison, figure_wording
from central_server.staff.statistics.figure_charts import charts
from central_server.statistics.comparison import compare_figures
from central_server.statistics.figure_records import FigureComparison, FigureRow
from central_server.statistics.periods import FIRST_DAY, Period, Span, period_of
from central_server.statistics.report import Report, build_figures_response, build_report
from central_server.store.catalogue import beacons, projects
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from central_server.store.statistics import figure_queries
from central_server.store.statistics.figure_filter import By, FigureScope
from sync_contract.entered_date import read_entered_date
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment

_BEACON = re.compile(r"[0-9a-f-]{36}/[0-9]{1,5}/[0-9]{1,5}")
_WORD = re.compile(r"[a-z0-9-]{1,64}")
_FIELDS = ("place", "gateway", "beacon", "project", "span", "day", "by", "sort")
_FORMATS = ("csv", "xlsx", "json")
_MAX_BEACONS = 300


@dataclass(frozen=True, slots=True)
class FigureRequest:
    """`chosen`: the fields of links and forms. `by`, `sort`: of the comparison table."""

    scope: FigureScope
    period: Period
    by: By
    sort: str
    chosen: dict[str, str]

    def link(self, path: str = "/staff/figures", **changes: str) -> str:
        return f"{path}?{urlencode({name: value for name, value in (self.chosen | changes).items() if value})}"


class FiguresPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        page = self._frame.page
        return [
            page("/staff/figures", self._show),
            *(page(f"/staff/figures.{form}", self._report_file(form)) for form in _FORMATS),
            *(page(f"/staff/figures/comparison.{form}", self._comparison_file(form)) for form in _FORMATS),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            asked = await _read_request(connection, visitor)
            found = await self._report(connection, visitor, asked)
            known = await gateways.every(connection, visitor.tops)
            every = await places.every(connection, visitor.tops)
            heard = await _beacon_names(connection, visitor, visitor.tops, asked)
            offered = await projects.every(connection, visitor.tops)
            compared, names = await self._compare(connection, visitor, asked)
        called = place_names(every)
        translate = self._frame.words(visitor.language)
        columns = figure_comparison.filled_columns(compared)
        named = visitor.request.query.get("named", "").strip()[:120]
        return HtmlPage(
            "figures.html",
            {
                "asked": asked,
                "report": found,
                "charts": charts(found, asked, visitor.language, translate),
                "spans": figure_wording.spans(translate),
                "period": figure_wording.period_text(asked.period, visitor.language),
                "tiles": figure_wording.tiles(found, visitor.language, translate),
                "places": rows(every),
                "choice": select_gateways(known, called, visitor.language, named, asked.chosen["gateway"]),
                "named": named,
                "beacons": heard,
                "projects": project_labels(offered, community_names(every), visitor.language),
                "labels": gateway_labels(known, called, visitor.language),
                "newest": asked.period.until > visitor.now,
                "tabs": figure_comparison.tabs(translate),
                "headings": figure_comparison.headings(asked.by, asked.sort, columns, translate),
                "lines": figure_comparison.lines(compared, names, columns, visitor.language, translate),
                "compared": len(compared),
                "today": visitor.now.astimezone(OFFICIAL_TIME).date().isoformat(),
            },
        )

    async def _report(self, connection: Connection, visitor: Visitor, asked: FigureRequest) -> Report:
        money = await sees_money(connection, visitor.access, asked.scope.tops)
        return await build_report(connection, asked.scope, asked.period, self._environment, visitor.now, money=money)

    async def _compare(
        self, connection: Connection, visitor: Visitor, asked: FigureRequest
    ) -> tuple[list[FigureRow], dict[str, str]]:
        """Return sorted rows and the names of their keys. Without a filter, keys without counts have a row too."""
        names = await _names(connection, visitor, asked)
        known = names.keys() if asked.scope == FigureScope(asked.scope.tops) else ()
        money = await sees_money(connection, visitor.access, asked.scope.tops)
        found = await compare_figures(
            connection, asked.scope, asked.period, self._environment, asked.by, known, money=money
        )
        return figure_comparison.sort_rows(found, names, asked.sort), names

    def _comparison_file(self, form: str) -> Callable[[Visitor], Awaitable[FileDownload]]:
        async def handler(visitor: Visitor) -> FileDownload:
            async with visitor.database.read() as connection:
                asked = await _read_request(connection, visitor)
                found, names = await self._compare(connection, visitor, asked)
            name = f"{_file_name(asked)}-{asked.by}"
            if form == "json":
                period = asked.period
                record = FigureComparison(first=period.first, last=period.last, by=asked.by, rows=tuple(found))
                return FileDownload(f"{name}.json", "application/json", record.model_dump_json(indent=1).encode())
            translate = self._frame.words(visitor.language)
            return sheet(name, form, figure_comparison.table(found, names, asked.by, translate))

        return handler

    def _report_file(self, form: str) -> Callable[[Visitor], Awaitable[FileDownload]]:
        async def handler(visitor: Visitor) -> FileDownload:
            async with visitor.database.read() as connection:
                asked = await _read_request(connection, visitor)
                found = await self._report(connection, visitor, asked)
            if form == "json":
                content = build_figures_response(found).model_dump_json(indent=1).encode()
                return FileDownload(f"{_file_name(asked)}.json", "application/json", content)
            table = figure_wording.slot_table(found, self._frame.words(visitor.language))
            return sheet(_file_name(asked), form, table)

        return handler


async def _beacon_names(
    connection: Connection, visitor: Visitor, tops: Collection[str], asked: FigureRequest
) -> dict[str, str]:
    """Name beacons as the catalogue and their place do, else by their identity."""
    known = await beacons.page(connection, beacons.BeaconFilter(tops), limit=_MAX_BEACONS)
    around = await places.every(connection, visitor.tops)
    names = beacon_labels(known, place_labels(around, community_names(around)), visitor.language)
    heard = await figure_queries.known_beacons(connection, tops, asked.period.before.since, _MAX_BEACONS)
    return {beacon: beacon for beacon in heard} | names


async def _names(connection: Connection, visitor: Visitor, asked: FigureRequest) -> dict[str, str]:
    """Name every key that has a row."""
    if asked.by is By.beacon:
        return await _beacon_names(connection, visitor, asked.scope.tops, asked)
    around = await places.every(connection, asked.scope.tops)
    match asked.by:
        case By.project:
            every = await projects.every(connection, asked.scope.tops)
            return project_labels(every, community_names(around), visitor.language)
        case By.gateway:
            known = await gateways.every(connection, asked.scope.tops)
            return gateway_labels(known, place_names(around), visitor.language)
        case By.community:
            names = place_names(around)
            return {each.id: names[each.id][visitor.language] for each in around if each.kind is PlaceKind.community}


def _file_name(asked: FigureRequest) -> str:
    return f"figures-{asked.period.first}-{asked.period.last}"


async def _read_request(connection: Connection, visitor: Visitor) -> FigureRequest:
    """Ignore invalid fields. Raises HTTPNotFound for a place or gateway that the visitor may not see."""
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
    return FigureRequest(
        FigureScope(frozenset({place}) if place else visitor.tops, gateway or None, beacon or None, project or None),
        period_of(span, day),
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
    return read_entered_date(text, FIRST_DAY, today) or today
