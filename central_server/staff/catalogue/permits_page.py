"""Serve permits of organisations and projects, their disclosures, and the books as files."""

import asyncio
from collections.abc import Sequence
from datetime import date

from aiohttp import web

from central_server.accounts.access import Right
from central_server.books import audit_file, charity_totals
from central_server.books.charity_totals import Period
from central_server.permits import deadlines
from central_server.permits.permit_status import load_permit_status, today
from central_server.sheets.sheet_writer import Cell
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor, sheet
from central_server.staff.frame.record_editor import holds_for
from central_server.store.accounts import audit_money_actions
from central_server.store.catalogue import projects
from central_server.store.catalogue.projects import StoredProject
from central_server.store.engine.connection import Connection
from central_server.store.ledger import disclosures
from central_server.store.ledger.disclosures import Disclosure
from central_server.store.ledger.purse_sums import any_lines
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.entered_date import read_entered_date
from sync_contract.strict_model import Environment

_AT = "/staff/permits"
_ONE = _AT + "/{place}/{project:[a-z0-9-]{1,16}}"
_MAX_TEXT = 300


class PermitsPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._list),
            frame.form(f"{_AT}/totals", self._totals, Right.money),
            frame.form(f"{_ONE}/disclosed", self._disclosed, Right.money),
            frame.form(f"{_ONE}/corrected", self._corrected, Right.money),
            frame.form(f"{_ONE}/books", self._books, Right.money),
        ]

    async def _list(self, visitor: Visitor, refused: str = "", status: int = 200) -> HtmlPage:
        tops = visitor.access.places(Right.see)
        day = today(visitor.now)
        async with visitor.database.read() as connection:
            found = await load_permit_status(connection, tops, visitor.now)
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
            may = {place.id for place in await places.every(connection, visitor.access.places(Right.money))}
            moved = {
                (project.place, project.id)
                for project in (each.project for each in found.campaigns)
                if await any_lines(connection, project.place, project.id, self._environment)
            }
        quarter = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        return HtmlPage(
            "permits.html",
            {
                "papers": found.certificates,
                "campaigns": found.campaigns,
                "moved": moved,
                "warned": deadlines.WARNING_TIME.days,
                "names": names,
                "may": may,
                "money": visitor.access.has(Right.money),
                "first": deadlines.after_months(quarter, -3).isoformat(),
                "last": day.isoformat(),
                "today": day.isoformat(),
                "refused": refused,
                "done": visitor.request.query.get("done", "")[:12],
            },
            status,
        )

    async def _totals(self, visitor: Visitor) -> HtmlPage | FileDownload:
        """Export the totals by project for 慈善中国."""
        period = _period(visitor)
        if period is None:
            return await self._list(visitor, "period", 422)
        async with visitor.database.write() as connection:
            totals = await charity_totals.load_charity_totals(
                connection, visitor.tops, self._environment, period, visitor.language, visitor.now
            )
            action = audit_money_actions.TotalsDownloaded(self._environment, f"{period.first}", f"{period.last}")
            for place in sorted(visitor.tops):
                await visitor.record(connection, place, action)
        translate = self._frame.words(visitor.language)
        table: list[Sequence[Cell]] = [[translate(name) for name in charity_totals.COLUMNS], *totals.rows]
        name = f"totals-{period.first}-{period.last}"
        return sheet(name, "csv" if visitor.form.get("format") == "csv" else "xlsx", table)

    async def _disclosed(self, visitor: Visitor) -> HtmlPage | Redirect:
        due, done_on = _day(visitor, "due"), _day(visitor, "done_on")
        where, note = _text(visitor, "where"), _text(visitor, "note")
        async with visitor.database.write() as connection:
            project = await self._project(connection, visitor)
            await visitor.demand(connection, project.place)
            fits = project.opens and project.closes and due in deadlines.disclosure_days(project.opens, project.closes)
            done = done_on is not None and project.opens and project.opens <= done_on <= today(visitor.now)
            if due is not None and done_on is not None and done and where and fits:
                account = visitor.access.account
                made = Disclosure(project.place, project.id, due, done_on, account, visitor.now, where, note)
                if await disclosures.add(connection, made):
                    action = audit_money_actions.DisclosureNoted(project.id, f"{due}", f"{done_on}", where, note)
                    await visitor.record(connection, project.place, action)
                    return Redirect(f"{_AT}?done=disclosed")
                return Redirect(f"{_AT}?done=before")
        return await self._list(visitor, "disclosure", 422)

    async def _corrected(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Add a correction; the corrected entry stays."""
        note, number = _text(visitor, "note"), visitor.form.get("id", "")
        async with visitor.database.write() as connection:
            project = await self._project(connection, visitor)
            await visitor.demand(connection, project.place)
            entry = await disclosures.get(connection, int(number)) if number.isdecimal() and len(number) < 16 else None
            if entry is None or (entry.place, entry.project) != (project.place, project.id):
                raise web.HTTPNotFound
            if note:
                account, day = visitor.access.account, today(visitor.now)
                made = Disclosure(
                    entry.place, entry.project, entry.due, day, account, visitor.now, entry.where, note, entry.id
                )
                await disclosures.add(connection, made)
                action = audit_money_actions.DisclosureCorrected(project.id, f"{entry.due}", note)
                await visitor.record(connection, project.place, action)
                return Redirect(f"{_AT}?done=corrected")
        return await self._list(visitor, "correction", 422)

    async def _books(self, visitor: Visitor) -> FileDownload:
        """Export everything about one project, of the communities where the visitor has the right to money."""
        async with visitor.database.write() as connection:
            project = await self._project(connection, visitor)
            account = visitor.access.account
            wanted = audit_file.AuditRequest(project.id, self._environment, visitor.tops, account, visitor.now)
            tables, vouchers, named = await audit_file.collect_tables(connection, wanted)
            for place in sorted(visitor.tops):
                await visitor.record(connection, place, audit_money_actions.BooksDownloaded(project.id, named))
        content = await asyncio.to_thread(audit_file.build_zip, wanted, tables, vouchers, named)
        return FileDownload(f"books-{project.id}-{today(visitor.now)}.zip", "application/zip", content)

    async def _project(self, connection: Connection, visitor: Visitor) -> StoredProject:
        """Return a project that applies where the visitor has the right to money. Raises HTTPNotFound."""
        named = visitor.request.match_info
        project = await projects.get(connection, named["place"], named["project"])
        if project is None:
            raise web.HTTPNotFound
        if not await holds_for(connection, visitor, project.place):
            await visitor.demand(connection, project.place)
        return project


def _period(visitor: Visitor) -> Period | None:
    first, last = _day(visitor, "first"), _day(visitor, "last")
    return Period(first, last) if first is not None and last is not None and first <= last else None


def _day(visitor: Visitor, name: str) -> date | None:
    return read_entered_date(visitor.form.get(name, ""))


def _text(visitor: Visitor, name: str) -> str:
    text = " ".join(visitor.form.get(name, "").split())
    return text if len(text) <= _MAX_TEXT and text.isprintable() else ""
