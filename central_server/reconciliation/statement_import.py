"""Import a bank's file: store it once and match each row once, safely across crashes and parallel processes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from central_server.banks.port import Movement, Statement, StatementRow
from central_server.donations import refund_outcome
from central_server.donations.late_payment import is_late
from central_server.donations.settlement import post_payment
from central_server.ledger.journal import post_fee
from central_server.reconciliation.fees import ANY_FEE, FeeRule
from central_server.reconciliation.row_matching import Candidates, match_row, must_be_posted
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_money_actions import MissedPaymentFound
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditEntry
from central_server.store.alerts.quarantine import RecordKey, quarantining
from central_server.store.donations import attempts, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import BY_BANK, RefundState
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from central_server.store.reconciliation import differences, reconciled_attempts, statements
from central_server.store.reconciliation.differences import Difference, DifferenceKind, NewDifference
from central_server.store.reconciliation.statements import NewRow, RowResult, StoredRow, StoredStatement

SLICE = 1000
"""Rows in one transaction: on SQLite a write locks out every other process."""
CAUSE = "statement"
"""The cause of state changes that a file makes."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Imports one bank's files. `changed` is called after each commit that changed a state.

    `place`: where the complete files are visible; its staff settle differences of no community.
    """

    database: Database
    bank: str
    environment: str
    changed: Callable[[], None]
    fees: FeeRule = ANY_FEE
    place: str = TOP

    async def import_statement(
        self, statement: Statement, now: datetime, *, cause: str
    ) -> tuple[StoredStatement, bool]:
        """Store a file and match all its rows; return it, and whether it is new. The same file again changes nothing.

        A row that cannot be matched is quarantined. Raises StoreUnavailable: finished rows stay, and the next run
        does the rest.
        """
        stored, new = await self._store(statement, now, cause)
        await self.resume(now)
        if new:
            await self._find_gone_rows(stored, now)
        return stored, new

    async def _store(self, statement: Statement, now: datetime, cause: str) -> tuple[StoredStatement, bool]:
        """Store the file in slices, visible with the last one; the next import of it continues after a crash."""
        async with self.database.write() as connection:
            stored, complete = await statements.begin(
                connection, self.bank, self.environment, self.place, statement.day, statement.name, statement.content,
                len(statement.rows), at=now, cause=cause,
            )  # fmt: skip
        rows = statements.identify(map(_new, () if complete else statement.rows))
        while part := list(islice(rows, SLICE)):
            async with self.database.write() as connection:
                await statements.add_rows(connection, stored.id, part)
        async with self.database.write() as connection:
            new = await statements.complete(connection, stored.id)
            for known in await differences.open_without_file(connection, self.bank, self.environment):
                if known.day == statement.day:
                    await differences.settle(connection, known.id, COMMAND_LINE, now, statement.name)
        return stored, new

    async def resume(self, now: datetime) -> None:
        """Match rows that a crashed process left unmatched, and those that were quarantined."""
        for stored in await self.unmatched():
            await self._match_rows(stored, now)

    async def unmatched(self) -> tuple[StoredStatement, ...]:
        """Return the files with rows that are not matched: another process works on them, or they are quarantined."""
        async with self.database.read() as connection:
            return await statements.unmatched(connection, self.bank, self.environment)

    async def _match_rows(self, stored: StoredStatement, now: datetime) -> None:
        async with self.database.read() as connection:
            lines = await statements.unmatched_lines(connection, stored.id)
            edition = await statements.earlier_edition(connection, stored)
        for line in lines:
            async with quarantining(self.database, self._record_of(stored, line), now):
                if await self._match_once(stored, line, edition, now):
                    self.changed()

    def _record_of(self, stored: StoredStatement, line: int) -> RecordKey:
        return RecordKey("reconciliation", f"{stored.bank} {stored.day} {stored.id} {line}", self.place)

    async def assign_returns(self, now: datetime) -> None:
        """Assign returned money to its payment once a later file or report has named that payment."""
        async with self.database.read() as connection:
            unassigned = await differences.unassigned_returns(connection, self.bank, self.environment)
        for found in unassigned:
            record = RecordKey("reconciliation", f"difference {found.id}", self.place)
            async with quarantining(self.database, record, now), self.database.write() as connection:
                await self._assign_return(connection, found)

    async def _assign_return(self, connection: Connection, found: Difference) -> None:
        if found.statement is None or found.line is None:
            return
        row = await statements.row(connection, found.statement, found.line)
        if row is None or not row.refers:
            return
        paid = await reconciled_attempts.by_evidence(connection, self.bank, self.environment, row.refers)
        if paid is not None:
            await differences.assign(connection, found.id, paid.community, paid.id)

    async def _find_gone_rows(self, stored: StoredStatement, now: datetime) -> None:
        """Record rows of the previous edition that this one lacks; nothing is reversed, staff ask the bank."""
        async with self.database.read() as connection:
            edition = await statements.earlier_edition(connection, stored)
            if edition is None:
                return
            rows = await statements.rows_gone(connection, edition.id, stored.id)
        for row in rows:
            record = self._record_of(edition, row.line)
            async with quarantining(self.database, record, now), self.database.write() as connection:
                attempt = None if row.attempt is None else await attempts.get(connection, row.attempt)
                about, kind = Candidates(attempt), DifferenceKind.row_gone
                await self._add_difference(connection, edition, row, about, kind, now, row.amount_minor, None)

    async def _match_once(
        self, stored: StoredStatement, line: int, edition: StoredStatement | None, now: datetime
    ) -> bool:
        """Return whether money was posted of which only the file reports."""

        async def match(connection: Connection) -> bool:
            await connection.alone(f"statement {stored.bank} {stored.day}")
            row = await statements.row(connection, stored.id, line)
            if row is None or row.result != RowResult.new:
                return False  # another process has matched it
            previous = (
                await statements.row_by_identity(connection, edition.id, row.identity) if edition is not None else None
            )
            if previous is not None:
                await self._take_over_result(connection, row, previous)
                return False
            return await self._match(connection, stored, row, now)

        return await self.database.written(match)

    async def _take_over_result(self, connection: Connection, row: StoredRow, previous: StoredRow) -> None:
        """Copy the result of the same row in the previous edition."""
        await statements.set_result(connection, row, previous.result, previous.attempt, previous.refund)
        await statements.set_result(connection, previous, RowResult.replaced, previous.attempt, previous.refund)
        if previous.attempt is not None and (previous.result, row.movement) == (RowResult.matched, Movement.payment):
            await reconciled_attempts.mark_reconciled(connection, previous.attempt, row.statement, row.line)

    async def _match(self, connection: Connection, stored: StoredStatement, row: StoredRow, now: datetime) -> bool:
        candidates = await self._candidates(connection, row)
        evidence = f"{stored.name} {row.line}".strip()
        posted = False
        if candidates.attempt is not None and must_be_posted(row, candidates.attempt):
            posted = await self._receive(connection, row, candidates.attempt, evidence, now)
            candidates = await self._candidates(connection, row)
        verdict, attempt = match_row(row, candidates), candidates.attempt
        refund = candidates.refund.id if candidates.refund is not None else None
        matched = verdict.result is RowResult.matched and attempt is not None
        if matched and attempt is not None:
            if row.movement == Movement.payment:
                await reconciled_attempts.mark_reconciled(connection, attempt.id, stored.id, row.line)
                await self._check_fee(connection, stored, row, attempt, now)
            elif verdict.by_bank:
                made = await refund_outcome.post_bank_return(
                    connection,
                    attempt.id,
                    row.amount_minor,
                    evidence=row.evidence or row.identity,
                    now=now,
                    cause=CAUSE,
                )
                assert made is not None  # a known return gets another verdict
                refund, posted = made.id, True
            elif refund is not None:
                posted = await refund_outcome.complete_refund(
                    connection, refund, row.evidence or evidence, now, cause=CAUSE
                )
            await self._settle_missing(connection, refund or attempt.id, stored, now)
        await statements.set_result(connection, row, verdict.result, attempt.id if attempt else None, refund)
        if attempt is not None and verdict.result in (RowResult.matched, RowResult.fee_only) and attempt.paid:
            await post_fee(
                connection, attempt, f"{stored.bank}:{row.identity}", row.fee_minor, evidence=evidence, at=now
            )
        if verdict.difference is not None:
            await self._add_difference(
                connection, stored, row, candidates, verdict.difference, now, verdict.ours_minor, row.amount_minor
            )
        return posted

    async def _receive(
        self, connection: Connection, row: StoredRow, attempt: Attempt, evidence: str, now: datetime
    ) -> bool:
        """Post a payment of which only the file reports, as if it had been notified; late if it is.

        It is always on hold: no earlier report does not prove that it came in time. After an outage, ours or the
        bank's, the file may be the first report of a payment that the bank returns by itself.
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
            late=is_late(attempt, None, None),
            on_hold=True,
        )

    async def _candidates(self, connection: Connection, row: StoredRow) -> Candidates:
        """Return and lock the records that the row may be of."""
        if row.movement == Movement.payment:
            attempt = await self._lock_own(connection, row.order_id)
            return Candidates(attempt, already_matched=attempt is not None and attempt.statement is not None)
        refund = await refunds.get(connection, row.order_id)
        attempt = await self._lock_own(connection, refund.attempt) if refund is not None else None
        if refund is not None and attempt is not None:
            refund = await refunds.get(connection, refund.id)
            return Candidates(attempt, refund, await statements.has_refund(connection, row.order_id))
        paid = (
            await reconciled_attempts.by_evidence(connection, self.bank, self.environment, row.refers)
            if row.refers
            else None
        )
        attempt = await self._lock_own(connection, paid.id) if paid is not None else None
        if attempt is None:
            return Candidates()
        all_refunds = await refunds.of_attempts(connection, [attempt.id])
        for known in all_refunds:
            if known.requested_by == BY_BANK and known.evidence == row.evidence and row.evidence:
                return Candidates(attempt, known, await statements.has_refund(connection, known.id))
        returned = sum(
            each.amount_minor for each in all_refunds if each.state in (RefundState.sent, RefundState.refunded)
        )
        return Candidates(attempt, left_minor=attempt.amount_minor - returned)

    async def _lock_own(self, connection: Connection, order: str) -> Attempt | None:
        """Return the locked attempt if it belongs to this bank and environment."""
        attempt = await attempts.lock(connection, order)
        fits = attempt is not None and (attempt.bank, attempt.environment) == (self.bank, self.environment)
        return attempt if fits else None

    async def _check_fee(
        self, connection: Connection, stored: StoredStatement, row: StoredRow, attempt: Attempt, now: datetime
    ) -> None:
        """Compare the fee with the contract; the actual fee is posted in any case."""
        if not self.fees.fits(row.amount_minor, row.fee_minor):
            expected, kind = self.fees.expected(row.amount_minor), DifferenceKind.fee_differs
            await self._add_difference(connection, stored, row, Candidates(attempt), kind, now, expected, row.fee_minor)

    async def _settle_missing(self, connection: Connection, what: str, stored: StoredStatement, now: datetime) -> None:
        """Settle the difference of a payment that was missing and is in a later file."""
        missed = await differences.by_identity(connection, f"{DifferenceKind.ours_only}:{what}")
        if missed is None or not missed.open:
            return
        reason = f"{stored.day}"
        await differences.settle(connection, missed.id, COMMAND_LINE, now, reason)
        line = AuditEntry(COMMAND_LINE, missed.community, MissedPaymentFound(f"{missed.id}", reason), now)
        await audit_trail.record(connection, line)

    async def _add_difference(
        self,
        connection: Connection,
        stored: StoredStatement,
        row: StoredRow,
        candidates: Candidates,
        kind: DifferenceKind,
        now: datetime,
        ours_minor: int | None,
        theirs_minor: int | None,
    ) -> None:
        found = NewDifference(
            identity=f"{kind}:{stored.bank}:{row.identity}",
            community=candidates.attempt.community if candidates.attempt is not None else self.place,
            environment=self.environment,
            kind=kind.value,
            bank=self.bank,
            day=stored.day,
            order_id=row.order_id,
            currency=row.currency,
            found_at=now,
            statement=stored.id,
            line=row.line,
            attempt=candidates.attempt.id if candidates.attempt is not None else None,
            refund=candidates.refund.id if candidates.refund is not None else None,
            ours_minor=ours_minor,
            theirs_minor=theirs_minor,
        )
        await differences.add(connection, found)


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
