"""The night's work with one bank: the files of all days that are due, and what none of them has."""

from dataclasses import dataclass, field
from datetime import date, datetime, time

import structlog

from central_server.banks.port import Bank, BankRefused, BankUnavailable, NoStatement
from central_server.reconciliation import settlement_days
from central_server.reconciliation.statement_import import Reconciling
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.refunds import StoredRefund
from central_server.store.reconciliation import differences, reconciled_attempts, statements
from central_server.store.reconciliation.differences import DifferenceKind, NewDifference
from sync_contract.permit import OFFICIAL_TIME

_log = structlog.get_logger()
BY_ITSELF = "(nightly)"


@dataclass(slots=True)
class Night:
    """What a run did. `trouble`: by day, why the bank gave nothing; these days are asked for again."""

    taken: list[date] = field(default_factory=list)
    none: list[date] = field(default_factory=list)
    trouble: dict[date, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Nightly:
    bank: Bank
    reconciling: Reconciling

    async def run(self, now: datetime, days: tuple[date, ...] | None = None, *, cause: str = BY_ITSELF) -> Night:
        """`days` None: those that are due. Raises StoreUnavailable."""
        night = Night()
        await self.reconciling.go_on(now)
        for day in await self._due(now) if days is None else days:
            try:
                statement = await self.bank.statement(day)
            except NoStatement:
                await self._note(day, now, cause)
                night.none.append(day)
            except BankRefused as error:
                night.trouble[day] = str(error)
            except BankUnavailable as error:
                night.trouble[day] = str(error)
                break  # it would not answer about the others either
            else:
                await self.reconciling.take(statement, now, cause=cause)
                night.taken.append(day)
        await self.reconciling.name_returns()
        await self.find_missing(now)
        return night

    async def _due(self, now: datetime) -> tuple[date, ...]:
        if not self.bank.capabilities.states:
            return ()
        work = self.reconciling
        async with work.database.read() as connection:
            begun = await reconciled_attempts.first_order(connection, work.bank, work.environment)
            since = settlement_days.first(begun, now)
            if since is None:
                return ()
            looked = await reconciled_attempts.looked_at(connection, work.bank, work.environment, since)
        return settlement_days.due(since, looked, now)

    async def _note(self, day: date, now: datetime, cause: str) -> None:
        work = self.reconciling
        async with work.database.write() as connection:
            await statements.keep_nothing(connection, work.bank, work.environment, work.place, day, at=now, cause=cause)

    async def find_missing(self, now: datetime) -> int:
        """Payments and refunds of ours that no file has, though all that should have them were looked at; how many."""
        work = self.reconciling
        before = datetime.combine(settlement_days.newest(now), time(), OFFICIAL_TIME)
        since = settlement_days.newest(now) - 2 * settlement_days.BACK
        found = 0
        async with work.database.write() as connection:
            await connection.alone(f"missing {work.bank}")
            looked = await reconciled_attempts.looked_at(connection, work.bank, work.environment, since)
            for attempt in await reconciled_attempts.unreconciled(connection, work.bank, work.environment, before):
                assert attempt.paid_at is not None  # the query asks for it
                if day := settlement_days.missed(attempt.paid_at, looked):
                    missing = self._missing(attempt, day, now, attempt=attempt.id)
                    found += await differences.find(connection, missing)
            for refund in await reconciled_attempts.unreconciled_refunds(
                connection, work.bank, work.environment, before
            ):
                assert refund.sent_at is not None  # the same
                if day := settlement_days.missed(refund.sent_at, looked, settlement_days.REFUND_GRACE):
                    missing = self._missing(refund, day, now, attempt=refund.attempt, refund=refund.id)
                    found += await differences.find(connection, missing)
        if found:
            _log.warning("reconciliation.missing", bank=work.bank, found=found)
        return found

    def _missing(
        self, moved: Attempt | StoredRefund, day: date, now: datetime, *, attempt: str, refund: str | None = None
    ) -> NewDifference:
        """`moved`: what no file has; `day`: the last one that should."""
        return NewDifference(
            identity=f"ours_only:{moved.id}",
            community=moved.community,
            environment=self.reconciling.environment,
            kind=DifferenceKind.ours_only.value,
            bank=self.reconciling.bank,
            day=day,
            order_id=moved.id,
            currency=moved.currency,
            found_at=now,
            attempt=attempt,
            refund=refund,
            ours_minor=moved.amount_minor,
        )
