"""Show a community's ledger: balances by project and the lines of a month; close a month."""

import re
from datetime import datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.ledger.merkle_proofs import total_sums
from central_server.sheets.sheet_writer import Cell, yuan
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor, sheet
from central_server.staff.ledger.ledger_wording import HEADS, KINDS
from central_server.store.accounts import audit_money_actions
from central_server.store.catalogue import projects
from central_server.store.engine.connection import Connection
from central_server.store.ledger import ledger_heads, ledger_lines, locked_months, project_terms, purses
from central_server.store.ledger.ledger_lines import LedgerLine
from central_server.store.ledger.locked_months import LockedMonth, first_moment, month_after, month_of
from central_server.store.ledger.project_terms import ProjectTerms
from central_server.store.ledger.purses import PurseRow
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from sync_contract.ledger_heads import Head
from sync_contract.merkle_sum_tree import Sums
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language

_AT = "/staff/ledger"
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_SHOWN = 500
_SETTLING = timedelta(days=1)
"""Wait after a month's end before it can be closed: clocks of several servers differ."""


class LedgerPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page(_AT, self._show, Right.money),
            self._frame.page(f"{_AT}/export", self._export, Right.money),
            self._frame.form(f"{_AT}/lock", self._lock, Right.money),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
            asked = visitor.request.query.get("place", "")
            place = asked or (communities[0].id if communities else "")
            if place:
                await visitor.demand(connection, place)
            month = _month(visitor)
            lines = await self._lines(connection, visitor, place, month)
            locks = await locked_months.of_community(connection, place, self._environment)
            span = await ledger_lines.span(connection, place, self._environment)
            titles = await _titles(connection, place, lines)
            purses = await self._purses(connection, place)
        values = {
            "communities": communities,
            "place": place,
            "month": month,
            "months": _months(span, visitor.now),
            "project": visitor.request.query.get("project", ""),
            "lines": lines[-_SHOWN:][::-1],
            "more": max(0, len(lines) - _SHOWN),
            "kinds": KINDS,
            "titles": titles,
            "purses": purses,
            "locked": next((each for each in reversed(locks) if each.month >= month), None),
            "lockable": lockable(month, visitor.now),
            "query": urlencode({"place": place, "month": month, "project": visitor.request.query.get("project", "")}),
        }
        return HtmlPage("ledger.html", values)

    async def _export(self, visitor: Visitor) -> FileDownload:
        place, month = visitor.request.query.get("place", ""), _month(visitor)
        async with visitor.database.read() as connection:
            await visitor.demand(connection, place)
            lines = await self._lines(connection, visitor, place, month)
            terms = await project_terms.many(connection, {line.terms for line in lines if line.terms})
        translate = self._frame.words(visitor.language)
        rows: list[list[Cell]] = [[translate(name) for name in HEADS]]
        rows += [
            _row(line, terms.get(line.terms or ""), translate(KINDS[line.kind]), visitor.language) for line in lines
        ]
        form = "xlsx" if visitor.request.query.get("format") == "xlsx" else "csv"
        return sheet(f"ledger-{month}", form, rows, of=frozenset({place}), kind="ledger")

    async def _lock(self, visitor: Visitor) -> Redirect:
        place, month = visitor.form.get("place", ""), visitor.form.get("month", "")
        if not _MONTH.fullmatch(month):
            raise web.HTTPBadRequest
        async with visitor.database.write() as connection:
            await visitor.demand(connection, place)
            community = await places.get(connection, place)
            if community is None or community.kind is not PlaceKind.community:
                raise web.HTTPNotFound
            if lockable(month, visitor.now):
                await ledger_lines.lock_ledger(connection, place)
                lock = LockedMonth(place, self._environment, month, visitor.access.account, visitor.now)
                if await locked_months.lock(connection, lock):
                    await visitor.record(connection, place, audit_money_actions.MonthLocked(month, self._environment))
        return Redirect(f"{_AT}?{urlencode({'place': place, 'month': month})}")

    async def _lines(self, connection: Connection, visitor: Visitor, place: str, month: str) -> tuple[LedgerLine, ...]:
        project = visitor.request.query.get("project", "")[:16]
        return await ledger_lines.of_month(connection, place, self._environment, month, project)

    async def _purses(self, connection: Connection, place: str) -> list[tuple[str, Texts | None, PurseRow, Sums, Sums]]:
        """Return by project: id, title, purse, published sums, and sums that wait for publication."""
        rows = await purses.of_community(connection, place, self._environment)
        known = await projects.known_many(connection, [(place, project) for project in rows])
        heads = {each.project: each for each in await ledger_heads.of_community(connection, place, self._environment)}
        found = []
        for project, row in sorted(rows.items()):
            head = heads.get(project)
            published = Sums() if head is None else Head.model_validate_json(head.content).total
            purse = (place, self._environment, project)
            waiting = total_sums(await ledger_heads.pending(connection, purse, head.up_to if head else 0, 5000))
            title = known[place, project].title if (place, project) in known else None
            found.append((project, title, row, published, waiting))
        return found


def lockable(month: str, now: datetime) -> bool:
    return now >= first_moment(month_after(month)) + _SETTLING


def _month(visitor: Visitor) -> str:
    asked = visitor.request.query.get("month", "")
    return asked if _MONTH.fullmatch(asked) else month_of(visitor.now)


def _months(span: tuple[datetime, datetime] | None, now: datetime) -> list[str]:
    """Return the months from the first line to now, the newest first."""
    month, last = month_of(span[0] if span else now), max(month_of(now), month_of(span[1] if span else now))
    found = [month]
    while found[-1] < last:
        found.append(month_after(found[-1]))
    return found[::-1]


async def _titles(connection: Connection, place: str, lines: tuple[LedgerLine, ...]) -> dict[str, Texts]:
    known = await projects.known_many(connection, {(place, line.project) for line in lines})
    return {project: found.title for (_, project), found in known.items()}


def _row(line: LedgerLine, terms: ProjectTerms | None, kind: str, language: Language) -> list[Cell]:
    at = line.at.astimezone(OFFICIAL_TIME)
    permit = None if terms is None else terms.permit
    return [
        line.n,
        at.date(),
        f"{at:%H:%M:%S}",
        line.project if terms is None else terms.title[language],
        kind,
        yuan(line.signed_minor),
        line.slip or "",
        line.purpose,
        line.people,
        line.evidence,
        line.refers,
        line.identity,
        None if terms is None else terms.payee[language],
        None if permit is None else permit.organisation,
        None if permit is None else permit.certificate,
        None if permit is None else permit.filing,
    ]
