"""Compare the bank's files with the ledger by day; upload files and settle differences."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from central_server.accounts.access import Right
from central_server.banks.statement_refusal import StatementRefused, read_stored
from central_server.reconciliation import external_refunds
from central_server.reconciliation.day_totals import DayTotals, load_day_totals
from central_server.reconciliation.external_refunds import CannotPost
from central_server.reconciliation.manual_upload import MAX_BYTES, read_uploaded
from central_server.reconciliation.statement_import import Reconciler
from central_server.settings_bank import BankSettings
from central_server.sheets.sheet_writer import Cell
from central_server.staff.donations.gift_wording import DOORS
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor, sheet
from central_server.staff.reconciliation import reconciliation_wording, statement_wording
from central_server.store.accounts import audit_money_actions, audit_trail
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences, reconciled_attempts, statements
from central_server.store.reconciliation.statements import RowResult, StoredStatement

_AT = "/staff/reconciliation"
_DAY = _AT + "/{statement:[0-9]{1,15}}"
_SHOWN = 300
_SETTLED_SHOWN = 50
_REASON = 300


class ReconciliationPage:
    """`bank`: settings for reading uploaded files."""

    def __init__(self, frame: PageFrame, work: Reconciler, bank: BankSettings) -> None:
        self._frame = frame
        self._work = work
        self._bank = bank

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._list, Right.money),
            frame.upload(f"{_AT}/file", self._upload, Right.money, limit=MAX_BYTES + 64 * 1024),
            frame.page(_DAY, self._day, Right.money),
            frame.page(f"{_DAY}/rows.csv", self._rows, Right.money),
            frame.form(f"{_DAY}/file", self._file, Right.money),
            frame.form(f"{_AT}/differences/{{difference:[0-9]{{1,15}}}}", self._settle, Right.money),
        ]

    async def _list(
        self,
        visitor: Visitor,
        refused: str = "",
        statement: str = "",
        status: int = 200,
        problem: StatementRefused | None = None,
    ) -> HtmlPage:
        environment = self._work.environment
        async with visitor.database.read() as connection:
            days = await load_day_totals(connection, visitor.tops, environment)
            waiting = await differences.every(connection, visitor.tops, environment, limit=_SHOWN)
            settled = await differences.every(connection, visitor.tops, environment, settled=True, limit=_SETTLED_SHOWN)
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
        return HtmlPage(
            "reconciliation.html",
            {
                "days": days,
                "waiting": waiting,
                "settled": settled,
                "kinds": reconciliation_wording.KINDS,
                "remedies": reconciliation_wording.REMEDIES,
                "can_be_posted": external_refunds.can_be_posted,
                "names": names,
                "sees_all": self._sees_all(visitor),
                "refused": refused,
                "problem": problem,
                "problems": statement_wording.PROBLEMS,
                "read_refusal": read_stored,
                "kept": statement,
                "shown": _SHOWN,
                "done": visitor.request.query.get("done", "")[:12],
                "by_itself": audit_trail.COMMAND_LINE,
            },
            status,
        )

    async def _upload(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Take a file that was downloaded at the bank by hand; only for staff who see complete files."""
        if not self._sees_all(visitor):
            raise web.HTTPNotFound
        file = visitor.files.get("file")
        if file is None or not file.content:
            return await self._list(visitor, "empty", status=422)
        try:
            uploaded = await asyncio.to_thread(read_uploaded, self._bank, file.name, file.content, None)
        except StatementRefused as error:
            return await self._list(visitor, "file", status=422, problem=error)
        statement, fresh = await self._work.import_statement(uploaded, visitor.now, cause=visitor.access.account)
        async with visitor.database.write() as connection:
            action = audit_money_actions.StatementUploaded(statement.bank, f"{statement.day}", statement.name)
            await visitor.record(connection, self._work.place, action)
        return Redirect(f"{_AT}/{statement.id}?fresh={'1' if fresh else '0'}")

    async def _day(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            statement = await self._statement(connection, visitor)
            rows = await self._visible_rows(connection, visitor, statement)
            day = await self._totals(connection, visitor, statement)
            waiting = await differences.every(connection, visitor.tops, self._work.environment, day=statement.day)
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
        return HtmlPage(
            "reconciliation_day.html",
            {
                "record": statement,
                "day": day,
                "rows": rows[:_SHOWN],
                "count": len(rows),
                "shown": _SHOWN,
                "results": reconciliation_wording.RESULTS,
                "doors": DOORS,
                "fitting": (RowResult.matched, RowResult.fee_only),
                "waiting": waiting,
                "kinds": reconciliation_wording.KINDS,
                "names": names,
                "sees_all": self._sees_all(visitor),
                "fresh": visitor.request.query.get("fresh", "")[:1],
            },
        )

    async def _rows(self, visitor: Visitor) -> FileDownload:
        translate = self._frame.words(visitor.language)
        async with visitor.database.read() as connection:
            statement = await self._statement(connection, visitor)
            rows = await self._visible_rows(connection, visitor, statement)
        table: list[list[Cell]] = [
            [translate(name) for name in reconciliation_wording.COLUMNS],
            *(_cells(row, translate) for row in rows),
        ]
        return sheet(
            f"reconciliation-{statement.bank}-{statement.day}", "csv", table, of=visitor.tops, kind="reconciliation"
        )

    async def _file(self, visitor: Visitor) -> FileDownload:
        """Return the stored content of the bank's file, which names orders of every community."""
        async with visitor.database.write() as connection:
            statement = await self._statement(connection, visitor)
            await visitor.demand(connection, statement.community)
            content = await statements.content(connection, statement.id)
            action = audit_money_actions.StatementDownloaded(statement.bank, f"{statement.day}", statement.name)
            await visitor.record(connection, statement.community, action)
        return FileDownload(f"{statement.bank}-{statement.day}.txt", "application/octet-stream", content)

    async def _settle(self, visitor: Visitor) -> HtmlPage | Redirect:
        reason, number = " ".join(visitor.form.get("reason", "").split()), visitor.request.match_info["difference"]
        sound = bool(reason) and len(reason) <= _REASON
        posts = visitor.form.get("post") == "yes"
        try:
            async with visitor.database.write() as connection:
                found = await differences.get(connection, int(number))
                if found is None or found.environment != self._work.environment:
                    raise web.HTTPNotFound
                await visitor.demand(connection, found.community)
                account = visitor.access.account
                first = sound and await differences.settle(connection, found.id, account, visitor.now, reason)
                order = found.order_id or f"{found.day}"
                if first:
                    settled = audit_money_actions.DifferenceSettled(order, found.kind, reason)
                    await visitor.record(connection, found.community, settled)
                if first and posts:
                    await external_refunds.post_external_refund(connection, found, visitor.now)
                    posted = audit_money_actions.DifferencePosted(order, found.kind, found.theirs_minor or 0)
                    await visitor.record(connection, found.community, posted)
        except CannotPost:  # the transaction was rolled back
            return await self._list(visitor, "post", number, 422)
        if not sound:
            return await self._list(visitor, "reason", number, 422)
        if first and posts:
            self._work.changed()
        return Redirect(f"{_AT}?done={'settled' if first else 'before'}")

    async def _statement(self, connection: Connection, visitor: Visitor) -> StoredStatement:
        """Raise HTTPNotFound also for a file without gifts of the visitor's communities."""
        statement = await statements.get(connection, int(visitor.request.match_info["statement"]))
        if statement is None or statement.environment != self._work.environment or statement.empty:
            raise web.HTTPNotFound
        if not self._sees_all(visitor) and not await self._visible_rows(connection, visitor, statement):
            raise web.HTTPNotFound
        return statement

    async def _visible_rows(
        self, connection: Connection, visitor: Visitor, statement: StoredStatement
    ) -> tuple[dict[str, Any], ...]:
        return await reconciled_attempts.rows_with_gifts(
            connection, statement.id, await places.communities(connection, visitor.tops)
        )

    async def _totals(self, connection: Connection, visitor: Visitor, statement: StoredStatement) -> DayTotals | None:
        every = await load_day_totals(connection, visitor.tops, self._work.environment, limit=400)
        return next((each for each in every if each.statement == statement.id), None)

    def _sees_all(self, visitor: Visitor) -> bool:
        return self._work.place in visitor.tops


def _cells(row: dict[str, Any], translate: Callable[[str], str]) -> list[Cell]:
    return [
        row["line"],
        row["movement"],
        row["order_id"],
        row["amount_minor"],
        row["fee_minor"],
        row["evidence"],
        translate(reconciliation_wording.RESULTS[RowResult(row["result"])]),
        row["community"],
        row["project"],
        row["gateway_label"],
        row["beacon"],
        row["door"],
        row["paid_at"],
    ]
