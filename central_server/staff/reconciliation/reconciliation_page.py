"""The bank's files beside our ledger: days with their three equalities, and what differs until somebody settles it."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web

from central_server.accounts.access import Right
from central_server.banks.port import BankRefused
from central_server.reconciliation import external_refunds
from central_server.reconciliation.day_totals import DayTotals, load_day_totals
from central_server.reconciliation.external_refunds import CannotPost
from central_server.reconciliation.manual_upload import MAX_BYTES, read_uploaded
from central_server.reconciliation.statement_import import Reconciler
from central_server.settings_bank import BankSettings
from central_server.sheets.sheet_writer import Cell
from central_server.staff.donations.gift_wording import DOORS
from central_server.staff.frame.page_frame import Desk, Onward, Sent, Shown, Visitor, sheet
from central_server.staff.reconciliation import reconciliation_wording as told_as
from central_server.store.accounts import audit_trail
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences, reconciled_attempts, statements
from central_server.store.reconciliation.differences import Difference
from central_server.store.reconciliation.statements import RowResult, StoredStatement

_AT = "/staff/reconciliation"
_DAY = _AT + "/{statement:[0-9]{1,15}}"
_SHOWN = 300
_SETTLED_SHOWN = 50
_REASON = 300


class ReconciliationPage:
    """`bank`: the settings by which a file that somebody brings is read."""

    def __init__(self, desk: Desk, work: Reconciler, bank: BankSettings) -> None:
        self._desk = desk
        self._work = work
        self._bank = bank

    def routes(self) -> list[web.RouteDef]:
        desk = self._desk
        return [
            desk.page(_AT, self._show, Right.money),
            desk.upload(f"{_AT}/file", self._bring, Right.money, limit=MAX_BYTES + 64 * 1024),
            desk.page(_DAY, self._day, Right.money),
            desk.page(f"{_DAY}/rows.csv", self._rows, Right.money),
            desk.form(f"{_DAY}/file", self._file, Right.money),
            desk.form(f"{_AT}/differences/{{difference:[0-9]{{1,15}}}}", self._settle, Right.money),
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        return await self._list(visitor)

    async def _list(self, visitor: Visitor, refused: str = "", kept: str = "", status: int = 200) -> Shown:
        environment = self._work.environment
        async with visitor.database.read() as connection:
            days = await load_day_totals(connection, visitor.tops, environment)
            waiting = await differences.every(connection, visitor.tops, environment, limit=_SHOWN)
            settled = await differences.every(connection, visitor.tops, environment, settled=True, limit=_SETTLED_SHOWN)
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
        return Shown(
            "reconciliation.html",
            {
                "days": days,
                "waiting": waiting,
                "settled": settled,
                "kinds": told_as.KINDS,
                "deeds": told_as.DEEDS,
                "can_be_posted": external_refunds.can_be_posted,
                "names": names,
                "whole": self._sees_all(visitor),
                "refused": refused,
                "kept": kept,
                "shown": _SHOWN,
                "done": visitor.request.query.get("done", "")[:12],
                "by_itself": audit_trail.COMMAND_LINE,
            },
            status,
        )

    async def _bring(self, visitor: Visitor) -> Shown | Onward:
        """A file that was downloaded at the bank by hand: for whoever sees the bank's files whole."""
        if not self._sees_all(visitor):
            raise web.HTTPNotFound
        file = visitor.files.get("file")
        if file is None or not file.content:
            return await self._list(visitor, "empty", status=422)
        try:
            statement = await asyncio.to_thread(read_uploaded, self._bank, file.name, file.content, None)
        except BankRefused as error:
            return await self._list(visitor, str(error), status=422)
        kept, fresh = await self._work.import_statement(statement, visitor.now, cause=visitor.access.account)
        async with visitor.database.write() as connection:
            line = visitor.did("statement.take", self._work.place, f"{kept.bank} {kept.day}", kept.name)
            await audit_trail.record(connection, line)
        return Onward(f"{_AT}/{kept.id}?fresh={'1' if fresh else '0'}")

    async def _day(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            kept = await self._statement(connection, visitor)
            rows = await self._told(connection, visitor, kept)
            day = await self._totals(connection, visitor, kept)
            waiting = await differences.every(connection, visitor.tops, self._work.environment, day=kept.day)
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
        return Shown(
            "reconciliation_day.html",
            {
                "kept": kept,
                "day": day,
                "rows": rows[:_SHOWN],
                "count": len(rows),
                "shown": _SHOWN,
                "results": told_as.RESULTS,
                "doors": DOORS,
                "fitting": (RowResult.matched, RowResult.fee_only),
                "waiting": waiting,
                "kinds": told_as.KINDS,
                "names": names,
                "whole": self._sees_all(visitor),
                "fresh": visitor.request.query.get("fresh", "")[:1],
            },
        )

    async def _rows(self, visitor: Visitor) -> Sent:
        say = self._desk.words(visitor.language)
        async with visitor.database.read() as connection:
            kept = await self._statement(connection, visitor)
            rows = await self._told(connection, visitor, kept)
        table: list[list[Cell]] = [[say(name) for name in told_as.COLUMNS], *(_cells(row, say) for row in rows)]
        return await sheet(f"reconciliation-{kept.bank}-{kept.day}", "csv", table, of=visitor.tops)

    async def _file(self, visitor: Visitor) -> Sent:
        """What was kept of the bank's file. It names orders of every community."""
        async with visitor.database.write() as connection:
            kept = await self._statement(connection, visitor)
            await visitor.demand(connection, kept.community)
            content = await statements.content(connection, kept.id)
            line = visitor.did("statement.download", kept.community, f"{kept.bank} {kept.day}", kept.name)
            await audit_trail.record(connection, line)
        return Sent(f"{kept.bank}-{kept.day}.txt", "application/octet-stream", content)

    async def _settle(self, visitor: Visitor) -> Shown | Onward:
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
                if first:
                    await self._did(connection, visitor, found, "difference.settle", reason)
                if first and posts:
                    await external_refunds.post_external_refund(connection, found, visitor.now)
                    await self._did(connection, visitor, found, "difference.post", str(found.theirs_minor))
        except CannotPost:  # and nothing was settled
            return await self._list(visitor, "post", number, 422)
        if not sound:
            return await self._list(visitor, "reason", number, 422)
        if first and posts:
            self._work.changed()
        return Onward(f"{_AT}?done={'settled' if first else 'before'}")

    async def _did(self, connection: Connection, visitor: Visitor, found: Difference, deed: str, detail: str) -> None:
        subject = f"{found.kind} {found.order_id or found.day}"
        await audit_trail.record(connection, visitor.did(deed, found.community, subject, detail))

    async def _statement(self, connection: Connection, visitor: Visitor) -> StoredStatement:
        """To a community a file is what it has of that community's gifts; one that has nothing is not there."""
        kept = await statements.get(connection, int(visitor.request.match_info["statement"]))
        if kept is None or kept.environment != self._work.environment or kept.empty:
            raise web.HTTPNotFound
        if not self._sees_all(visitor) and not await self._told(connection, visitor, kept):
            raise web.HTTPNotFound
        return kept

    async def _told(
        self, connection: Connection, visitor: Visitor, kept: StoredStatement
    ) -> tuple[dict[str, Any], ...]:
        return await reconciled_attempts.rows_with_gifts(
            connection, kept.id, await places.communities(connection, visitor.tops)
        )

    async def _totals(self, connection: Connection, visitor: Visitor, kept: StoredStatement) -> DayTotals | None:
        every = await load_day_totals(connection, visitor.tops, self._work.environment, limit=400)
        return next((each for each in every if each.statement == kept.id), None)

    def _sees_all(self, visitor: Visitor) -> bool:
        return self._work.place in visitor.tops


def _cells(row: dict[str, Any], say: Callable[[str], str]) -> list[Cell]:
    return [
        row["line"],
        row["movement"],
        row["order_id"],
        row["amount_minor"],
        row["fee_minor"],
        row["evidence"],
        say(told_as.RESULTS[RowResult(row["result"])]),
        row["community"],
        row["project"],
        row["gateway_label"],
        row["beacon"],
        row["door"],
        row["paid_at"],
    ]
