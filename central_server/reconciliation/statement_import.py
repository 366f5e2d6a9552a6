"""Taking a bank's file in: kept once, every row looked at once, whatever dies in between and whoever else is at it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from central_server.banks.port import Movement, Statement, StatementRow
from central_server.donations import refund_outcome
from central_server.donations.settlement import post_payment
from central_server.ledger.journal import post_fee
from central_server.reconciliation.fees import ANY, FeeRule
from central_server.reconciliation.row_matching import Held, judge_row, must_be_posted
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditLine
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import BY_BANK, RefundState
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences, reconciled_attempts, statements
from central_server.store.reconciliation.differences import DifferenceKind, NewDifference
from central_server.store.reconciliation.statements import NewRow, RowResult, StoredRow, StoredStatement

CAUSE = "statement"
"""What state changes give as their cause."""


@dataclass(frozen=True, slots=True)
class Reconciling:
    """With one bank. `changed` is called after each commit that changed a state.

    `place`: at which files are seen whole; who has the right there settles what is no community's.
    """

    database: Database
    bank: str
    environment: str
    changed: Callable[[], None]
    fees: FeeRule = ANY
    place: str = TOP

    async def take(self, statement: Statement, now: datetime, *, cause: str) -> tuple[StoredStatement, bool]:
        """The file as it is kept, and whether it is new; every row of it was looked at. The same file changes nothing.

        Raises StoreUnavailable: what was done stays, the rest is done by the next run.
        """
        rows = [_new(row) for row in statement.rows]
        async with self.database.write() as connection:
            kept, fresh = await statements.keep(
                connection, self.bank, self.environment, self.place, statement.day, statement.name, statement.content,
                rows, at=now, cause=cause,
            )  # fmt: skip
        await self.go_on(now)
        if fresh:
            await self._miss_rows(kept, now)
        return kept, fresh

    async def go_on(self, now: datetime) -> None:
        """With what a process that died left unread."""
        async with self.database.read() as connection:
            left = await statements.unread(connection, self.bank, self.environment)
        for kept in left:
            await self._read(kept, now)

    async def _read(self, kept: StoredStatement, now: datetime) -> None:
        async with self.database.read() as connection:
            rows = await statements.rows(connection, kept.id)
            edition = await statements.earlier(connection, kept)
        for row in sorted(rows, key=lambda told: told.movement == Movement.refund):  # payments go first
            if row.result == RowResult.new and await self._look(kept, row.line, edition, now):
                self.changed()

    async def name_returns(self) -> None:
        """Of money that went back, say whose it was, where a later file or word has told of the payment since."""
        async with self.database.write() as connection:
            for found in await differences.nobodys_returns(connection, self.bank, self.environment):
                if found.statement is None or found.line is None:
                    continue
                row = await statements.row(connection, found.statement, found.line)
                if row is None or not row.refers:
                    continue
                paid = await reconciled_attempts.by_evidence(connection, self.bank, self.environment, row.refers)
                if paid is not None:
                    await differences.name(connection, found.id, paid.community, paid.id)

    async def _miss_rows(self, kept: StoredStatement, now: datetime) -> None:
        """What the day's edition before had, and this one has not: nothing is taken back; somebody asks the bank."""
        async with self.database.write() as connection:
            edition = await statements.earlier(connection, kept)
            if edition is None:
                return
            here = {row.identity for row in await statements.rows(connection, kept.id)}
            for row in await statements.rows(connection, edition.id):
                if row.identity not in here:
                    held = Held(await attempts.get(connection, row.attempt)) if row.attempt is not None else Held()
                    kind = DifferenceKind.row_gone
                    await self._find(connection, edition, row, held, kind, now, row.amount_minor, None)

    async def _look(self, kept: StoredStatement, line: int, edition: StoredStatement | None, now: datetime) -> bool:
        """Whether money was posted that nobody had told us of."""

        async def look(connection: Connection) -> bool:
            await connection.alone(f"statement {kept.bank} {kept.day}")
            row = await statements.row(connection, kept.id, line)
            if row is None or row.result != RowResult.new:
                return False  # somebody else has looked
            before = await statements.same_row(connection, edition.id, row.identity) if edition is not None else None
            if before is not None:
                await self._stands_anew(connection, row, before)
                return False
            return await self._judge(connection, kept, row, now)

        return await self.database.written(look)

    async def _stands_anew(self, connection: Connection, row: StoredRow, before: StoredRow) -> None:
        """What the edition before had already is what it was found to be there."""
        await statements.found_to_be(connection, row, before.result, before.attempt, before.refund)
        await statements.found_to_be(connection, before, RowResult.replaced, before.attempt, before.refund)
        if before.attempt is not None and (before.result, row.movement) == (RowResult.matched, Movement.payment):
            await reconciled_attempts.reconcile(connection, before.attempt, row.statement, row.line)

    async def _judge(self, connection: Connection, kept: StoredStatement, row: StoredRow, now: datetime) -> bool:
        held = await self._held(connection, row)
        evidence = f"{kept.name} {row.line}".strip()
        posted = False
        if held.attempt is not None and must_be_posted(row, held.attempt):
            posted = await self._receive(connection, row, held.attempt, evidence, now)
            held = await self._held(connection, row)
        verdict, attempt = judge_row(row, held), held.attempt
        refund = held.refund.id if held.refund is not None else None
        matched = verdict.result is RowResult.matched and attempt is not None
        if matched and attempt is not None:
            if row.movement == Movement.payment:
                await reconciled_attempts.reconcile(connection, attempt.id, kept.id, row.line)
                await self._check_fee(connection, kept, row, attempt, now)
            elif verdict.by_bank:
                told = row.evidence or row.identity
                made = await refund_outcome.post_bank_return(
                    connection, attempt.id, row.amount_minor, evidence=told, now=now, cause=CAUSE
                )
                assert made is not None  # what was known is no verdict of this kind
                refund, posted = made.id, True
            elif refund is not None:
                posted = await refund_outcome.complete_refund(
                    connection, refund, row.evidence or evidence, now, cause=CAUSE
                )
            await self._came_after_all(connection, refund or attempt.id, kept, now)
        await statements.found_to_be(connection, row, verdict.result, attempt.id if attempt else None, refund)
        if attempt is not None and verdict.result in (RowResult.matched, RowResult.fee_only) and attempt.paid:
            told = f"{kept.bank}:{row.identity}"
            await post_fee(connection, attempt, told, row.fee_minor, evidence=evidence, at=now)
        if verdict.difference is not None:
            await self._find(connection, kept, row, held, verdict.difference, now, verdict.ours_minor, row.amount_minor)
        return posted

    async def _receive(
        self, connection: Connection, row: StoredRow, attempt: Attempt, evidence: str, now: datetime
    ) -> bool:
        """A payment of which only the file tells: as if it had been notified, late when it is.

        Held in any case. That nobody has asked yet is no sign that it came in time: after a standstill, or while the
        bank answers no questions, the file may be first to tell of a payment that the bank gives back by itself.
        """
        return await post_payment(
            connection,
            attempt,
            payment=row.evidence,
            flawed=False,
            cause=CAUSE,
            evidence=evidence,
            next_query_at=None,
            at=now,
            known_in_time=False,
        )

    async def _held(self, connection: Connection, row: StoredRow) -> Held:
        """What the row may be of, which nobody changes until this write ends."""
        if row.movement == Movement.payment:
            attempt = await self._ours(connection, row.order_id)
            return Held(attempt, stands=attempt is not None and attempt.statement is not None)
        refund = await refunds.get(connection, row.order_id)
        attempt = await self._ours(connection, refund.attempt) if refund is not None else None
        if refund is not None and attempt is not None:
            refund = await refunds.get(connection, refund.id)
            return Held(attempt, refund, await statements.refund_stands(connection, row.order_id))
        paid = (
            await reconciled_attempts.by_evidence(connection, self.bank, self.environment, row.refers)
            if row.refers
            else None
        )
        attempt = await self._ours(connection, paid.id) if paid is not None else None
        if attempt is None:
            return Held()
        every = await refunds.of_attempts(connection, [attempt.id])
        for known in every:
            if known.asked_by == BY_BANK and known.evidence == row.evidence and row.evidence:
                return Held(attempt, known, await statements.refund_stands(connection, known.id))
        gone = sum(each.amount_minor for each in every if each.state in (RefundState.sent, RefundState.refunded))
        return Held(attempt, left_minor=attempt.amount_minor - gone)

    async def _ours(self, connection: Connection, order: str) -> Attempt | None:
        """Held: whoever else changes it waits."""
        attempt = await attempts.lock(connection, order)
        fits = attempt is not None and (attempt.bank, attempt.environment) == (self.bank, self.environment)
        return attempt if fits else None

    async def _check_fee(
        self, connection: Connection, kept: StoredStatement, row: StoredRow, attempt: Attempt, now: datetime
    ) -> None:
        """What the bank kept is posted as it is; whether it should have is for somebody to ask."""
        if not self.fees.fits(row.amount_minor, row.fee_minor):
            expected, kind = self.fees.expected(row.amount_minor), DifferenceKind.fee_differs
            await self._find(connection, kept, row, Held(attempt), kind, now, expected, row.fee_minor)

    async def _came_after_all(self, connection: Connection, what: str, kept: StoredStatement, now: datetime) -> None:
        """It was missed, and a later file has it: then nobody needs to look any more."""
        missed = await differences.by_identity(connection, f"{DifferenceKind.ours_only}:{what}")
        if missed is None or not missed.open:
            return
        reason = f"{kept.day}"
        await differences.settle(connection, missed.id, COMMAND_LINE, now, reason)
        line = AuditLine(COMMAND_LINE, missed.community, "difference.came", str(missed.id), reason, now)
        await audit_trail.record(connection, line)

    async def _find(
        self,
        connection: Connection,
        kept: StoredStatement,
        row: StoredRow,
        held: Held,
        kind: DifferenceKind,
        now: datetime,
        ours_minor: int | None,
        theirs_minor: int | None,
    ) -> None:
        found = NewDifference(
            identity=f"{kind}:{kept.bank}:{row.identity}",
            community=held.attempt.community if held.attempt is not None else self.place,
            environment=self.environment,
            kind=kind.value,
            bank=self.bank,
            day=kept.day,
            order_id=row.order_id,
            currency=row.currency,
            found_at=now,
            statement=kept.id,
            line=row.line,
            attempt=held.attempt.id if held.attempt is not None else None,
            refund=held.refund.id if held.refund is not None else None,
            ours_minor=ours_minor,
            theirs_minor=theirs_minor,
        )
        await differences.find(connection, found)


def _new(row: StatementRow) -> NewRow:
    return NewRow(
        line=row.line,
        movement=row.movement.value,
        order_id=row.order[:64],
        amount_minor=row.amount.minor,
        currency=row.amount.currency,
        fee_minor=row.fee_minor,
        evidence=row.evidence[:64],
        refers=row.refers[:64],
    )
