"""Figures of a place, a gateway, a beacon or a project: charts, their tables, and files to keep."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.seeing import sees_money
from central_server.sheets.writing import Cell
from central_server.staff import figures_words
from central_server.staff.desk import Desk, Sent, Shown, Visitor, sheet
from central_server.staff.figures_charts import charts
from central_server.staff.tree import rows
from central_server.statistics.periods import Period, Span, period
from central_server.statistics.report import Narrowed, Report, report
from central_server.statistics.told import told
from central_server.store import beacons, figures_read, gateways, places, projects
from central_server.store.connection import Connection
from sync_contract.catalogue import BeaconKind
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict import Environment

_BEACON = re.compile(r"[0-9a-f-]{36}/[0-9]{1,5}/[0-9]{1,5}")
_WORD = re.compile(r"[a-z0-9-]{1,64}")
_FIELDS = ("place", "gateway", "beacon", "project", "span", "day")
_BEACONS = 300


@dataclass(frozen=True, slots=True)
class Asked:
    """`chosen`: the fields as they stand in links and forms."""

    of: Narrowed
    period: Period
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
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            asked = await _asked(connection, visitor)
            found = await self._report(connection, visitor, asked)
            known = await gateways.every(connection, visitor.tops)
            heard = await _beacons(connection, visitor, asked)
            every = await places.every(connection, visitor.tops)
            offered = {each.id: each.title for each in await projects.every(connection, visitor.tops)}
        labels = {gateway.id: gateway.label for gateway in known}
        say = self._desk.words(visitor.language)
        return Shown(
            "figures.html",
            {
                "asked": asked,
                "report": found,
                "charts": charts(found, asked, visitor.language, say),
                "spans": figures_words.spans(say),
                "period": figures_words.period(asked.period, visitor.language),
                "tiles": figures_words.tiles(found, visitor.language, say),
                "places": rows(every),
                "gateways": known,
                "beacons": heard,
                "projects": offered,
                "labels": labels,
                "newest": asked.period.until > visitor.now,
                "today": visitor.now.astimezone(OFFICIAL_TIME).date().isoformat(),
            },
        )

    async def _report(self, connection: Connection, visitor: Visitor, asked: Asked) -> Report:
        money = await sees_money(connection, visitor.access, asked.of.tops)
        return await report(connection, asked.of, asked.period, self._environment, visitor.now, money=money)

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
        return [[say(name) for name in figures_words.COLUMNS], *figures_words.cells(found, say)]


async def _beacons(connection: Connection, visitor: Visitor, asked: Asked) -> dict[str, str]:
    """What each is called: as the catalogue has it, else as it is on the air."""
    known = await beacons.page(connection, beacons.Wanted(visitor.tops), limit=_BEACONS)
    names = {str(each.beacon): each.label or str(each.beacon) for each in known if each.kind is not BeaconKind.person}
    heard = await figures_read.known_beacons(connection, visitor.tops, asked.period.before.since, _BEACONS)
    return {beacon: beacon for beacon in heard} | names


def _name(asked: Asked) -> str:
    return f"figures-{asked.period.first}-{asked.period.last}"


async def _asked(connection: Connection, visitor: Visitor) -> Asked:
    """What does not fit is left out; what is somebody else's is not there. Raises HTTPNotFound."""
    query = visitor.request.query
    chosen = {name: query.get(name, "") for name in _FIELDS}
    today = visitor.now.astimezone(OFFICIAL_TIME).date()
    span = Span(chosen["span"]) if chosen["span"] in list(Span) else Span.day
    day = _day(chosen["day"], today)
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
        {
            "place": place,
            "gateway": gateway,
            "beacon": beacon,
            "project": project,
            "span": span.value,
            "day": "" if day == today else day.isoformat(),
        },
    )


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if date(2020, 6, 1) <= day <= today else today
