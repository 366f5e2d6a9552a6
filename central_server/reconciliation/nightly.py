"""The nightly reconciliation with one bank: import the files of all due days, then find what no file contains."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import partial

import structlog

from central_server.banks.port import Bank, BankRefused, BankUnavailable, NoStatement
from central_server.banks.settlement_day import day_end, settlement_day
from central_server.banks.statement_refusal import StatementRefused
from central_server.errors import CentralError
from central_server.reconciliation import settlement_days
from central_server.reconciliation.statement_import import Reconciler
from central_server.store.accounts.audit_trail import COMMAND_LINE
from central_server.store.alerts.quarantine import RecordKey, process_together, quarantining
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import StoredRefund
from central_server.store.reconciliation import differences, reconciled_attempts, statements
from central_server.store.reconciliation.differences import DifferenceKind, NewDifference
from sync_contract.permit import OFFICIAL_TIME

_log = structlog.get_logger()
NIGHTLY = "(nightly)"
_MAX_TOGETHER = 20
"""Missing payments and refunds that are recorded in one transaction."""


class NotProcessed(CentralError):
    """The file or a row of it is quarantined: the log and a task of staff state the cause."""


@dataclass(slots=True)
class NightlyResult:
    """`failed`: by day, the error; these days are requested again."""

    imported: list[date] = field(default_factory=list)
    without_file: list[date] = field(default_factory=list)
    failed: dict[date, CentralError] = field(default_factory=dict)

    def fail_unmatched(self, days: Iterable[date]) -> None:
        """`days`: of files with a row that could not be matched."""
        for day in set(days).intersection(self.imported):
            self.imported.remove(day)
            self.failed[day] = NotProcessed("not_processed")


@dataclass(frozen=True, slots=True)
class NightlyRun:
    bank: Bank
    reconciler: Reconciler

    async def run(self, now: datetime, days: tuple[date, ...] | None = None, *, cause: str = NIGHTLY) -> NightlyResult:
        """Process `days`, or the due days if None. Raises StoreUnavailable."""
        result = NightlyResult()
        refused: dict[date, str] = {}
        await self.reconciler.resume(now)
        due = await self._due(now) if days is None else days
        for day in due:
            try:
                statement = await self.bank.statement(day)
            except NoStatement:
                await self._record_no_file(day, now, cause)
                result.without_file.append(day)
            except BankRefused as error:
                result.failed[day] = error
                refused[day] = error.stored if isinstance(error, StatementRefused) else ""
            except BankUnavailable as error:
                result.failed[day] = error
                break  # it would not answer the other requests either
            else:
                record = RecordKey("reconciliation", f"{self.bank.name} {day}", self.reconciler.place)
                async with quarantining(self.reconciler.database, record, now):
                    await self.reconciler.import_statement(statement, now, cause=cause)
                    result.imported.append(day)
                if day not in result.imported:
                    result.failed[day] = NotProcessed("not_processed")
        result.fail_unmatched([stored.day for stored in await self.reconciler.unmatched()])
        await self.reconciler.assign_returns(now)
        await self._record_without_file(due, refused, now)
        await self.find_missing(now)
        return result

    async def _due(self, now: datetime) -> tuple[date, ...]:
        if not self.bank.capabilities.states:
            return ()
        reconciler = self.reconciler
        async with reconciler.database.read() as connection:
            opened_first = await reconciled_attempts.first_order(connection, reconciler.bank, reconciler.environment)
            since = settlement_days.first_day(opened_first, now)
            if since is None:
                return ()
            checked = await reconciled_attempts.checked_days(connection, reconciler.bank, reconciler.environment, since)
        return settlement_days.due_days(since, checked, now)

    async def _record_without_file(self, due: tuple[date, ...], refused: Mapping[date, str], now: datetime) -> None:
        """Record days without an accepted file: the refused ones, and those of which our payments wait."""
        reconciler = self.reconciler
        of_bank = (reconciler.bank, reconciler.environment)
        async with reconciler.database.write() as connection:
            before = day_end(settlement_days.newest_day(now))
            unlisted = await reconciled_attempts.unreconciled(connection, *of_bank, before)
            waiting = {settlement_day(each.paid_at) for each in unlisted if each.paid_at is not None}
            since = min(waiting.union(due), default=date.max)
            checked = await reconciled_attempts.checked_days(connection, *of_bank, since)
            for day in sorted({*due, *checked}):
                has_file = day in checked and checked[day][0]
                if not has_file and (day in refused or day in waiting):
                    kind = DifferenceKind.file_refused if day in refused else DifferenceKind.file_missing
                    found = differences.without_file(kind, *of_bank, reconciler.place, day, now, refused.get(day, ""))
                    await differences.add(connection, found)
            kinds = (DifferenceKind.file_missing,)
            for known in await differences.open_without_file(connection, *of_bank, kinds):
                if known.day not in waiting:  # the files of other days contain its payments
                    reason = f"{settlement_days.newest_day(now)}"
                    await differences.settle(connection, known.id, COMMAND_LINE, now, reason)

    async def _record_no_file(self, day: date, now: datetime, cause: str) -> None:
        reconciler = self.reconciler
        async with reconciler.database.write() as connection:
            await statements.record_no_file(
                connection, reconciler.bank, reconciler.environment, reconciler.place, day, at=now, cause=cause
            )

    async def find_missing(self, now: datetime) -> None:
        """Record our payments and refunds that are in no file though all expected files were checked, or long due."""
        reconciler = self.reconciler
        of_bank = (reconciler.bank, reconciler.environment)
        before = datetime.combine(settlement_days.newest_day(now), time(), OFFICIAL_TIME)
        since = settlement_days.newest_day(now) - 2 * settlement_days.FETCH_BACK
        asked_at = now if self.bank.capabilities.states else None
        async with reconciler.database.read() as connection:
            checked = await reconciled_attempts.checked_days(connection, *of_bank, since)
            payments = await reconciled_attempts.unreconciled(connection, *of_bank, before)
            returns = await reconciled_attempts.unreconciled_refunds(connection, *of_bank, before)
        missing: dict[RecordKey, NewDifference] = {}
        for attempt in payments:
            assert attempt.paid_at is not None  # the query selects only these
            if day := settlement_days.last_expected_day(attempt.paid_at, checked, asked_at):
                missing[self._record_of(attempt)] = self._missing(attempt, day, now, attempt=attempt.id)
        for refund in returns:
            assert refund.sent_at is not None
            if day := settlement_days.last_expected_day(
                refund.sent_at, checked, asked_at, settlement_days.REFUND_GRACE
            ):
                of_refund = self._missing(refund, day, now, attempt=refund.attempt, refund=refund.id)
                missing[self._record_of(refund)] = of_refund
        keys = list(missing)
        for start in range(0, len(keys), _MAX_TOGETHER):
            some = keys[start : start + _MAX_TOGETHER]
            await process_together(reconciler.database, some, partial(self._add_missing, missing), now)

    async def _add_missing(self, missing: Mapping[RecordKey, NewDifference], keys: Sequence[RecordKey]) -> None:
        async with self.reconciler.database.write() as connection:
            await connection.alone(f"missing {self.reconciler.bank}")
            found = 0
            for key in keys:
                about = missing[key]
                if about.refund or not await reconciled_attempts.is_listed(connection, f"{about.attempt}"):
                    found += await differences.add(connection, about)
        if found:
            _log.warning("reconciliation.missing", bank=self.reconciler.bank, found=found)

    def _record_of(self, moved: Attempt | StoredRefund) -> RecordKey:
        return RecordKey("reconciliation", f"missing {moved.id}", moved.community)

    def _missing(
        self, moved: Attempt | StoredRefund, day: date, now: datetime, *, attempt: str, refund: str | None = None
    ) -> NewDifference:
        """`moved`: what no file contains. `day`: the last one that should."""
        return NewDifference(
            identity=f"ours_only:{moved.id}",
            community=moved.community,
            environment=self.reconciler.environment,
            kind=DifferenceKind.ours_only.value,
            bank=self.reconciler.bank,
            day=day,
            order_id=moved.id,
            currency=moved.currency,
            found_at=now,
            attempt=attempt,
            refund=refund,
            ours_minor=moved.amount_minor,
        )
