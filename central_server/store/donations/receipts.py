"""Store receipt requests: whether a donor wants one, whether it was issued, and the donor's sealed data."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ScalarSelect, Table, cast, delete, func, select, update

from central_server.store.alerts.pending_counts import PendingCount
from central_server.store.donations.attempts import PAID
from central_server.store.donations.refunds import WAITING, RefundState
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.tables import attempts, intents, ledger_lines, receipt_donors, receipts, refunds
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within

DONOR = "(donor)"
"""Stands for the account of a donor, who is known only by the gift's own page."""
SCHEDULE = "(schedule)"
"""Stands for the account of the scheduled deletion."""


class ReceiptState(StrEnum):
    anonymous = "anonymous"
    """The initial state: the donor made no request (爱心人士)."""
    waived = "waived"
    """The donor declined a receipt."""
    due = "due"
    issued = "issued"


@dataclass(frozen=True, slots=True)
class Receipt:
    """`number`: of the official receipt, once issued. `changed_by`: an account, or `DONOR`."""

    attempt: str
    community: str
    state: str
    number: str
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class SealedDonor:
    """`key`: the fingerprint of the key that opens `sealed`. At `delete_at` the row is deleted in any case."""

    attempt: str
    community: str
    key: str
    sealed: bytes
    given_at: datetime
    delete_at: datetime


@dataclass(frozen=True, slots=True)
class RequestedReceipt:
    """A gift with a due or issued receipt, for staff. `donor_until`: None when no donor data is stored any more.

    `terms`: the digest of the project's terms at the payment. `refunded_minor`, `refunding_minor`: fen that were
    refunded, and fen of refunds that are not completed.
    """

    attempt: str
    community: str
    project: str
    amount_minor: int
    currency: str
    paid_at: datetime | None
    slip: str
    state: str
    number: str
    changed_at: datetime
    changed_by: str
    donor_until: datetime | None
    terms: str | None
    refunded_minor: int
    refunding_minor: int

    @property
    def due_minor(self) -> int:
        """Return fen of the gift that were not refunded: the amount of the receipt."""
        return self.amount_minor - self.refunded_minor


_RECEIPT = columns_of(receipts, Receipt)
_DONOR = columns_of(receipt_donors, SealedDonor)


async def get(connection: Connection, attempt: str) -> Receipt | None:
    """Return None before the donor's first choice."""
    return await fetch_one(connection, Receipt, select(*_RECEIPT).where(receipts.c.attempt == attempt))


async def lock(connection: Connection, attempt: str) -> Receipt | None:
    """Lock the receipt until the write ends, and return it."""
    await connection.alone(f"receipt {attempt}")
    return await get(connection, attempt)


async def save(connection: Connection, receipt: Receipt) -> None:
    await _upsert(connection, receipts, receipt, ("state", "number", "changed_at", "changed_by"))


async def number_taken(connection: Connection, community: str, number: str, but: str) -> bool:
    statement = select(receipts.c.attempt).where(
        receipts.c.community == community, receipts.c.number == number, receipts.c.attempt != but
    )
    return (await connection.execute(statement.limit(1))).first() is not None


async def save_donor(connection: Connection, donor: SealedDonor) -> None:
    await _upsert(connection, receipt_donors, donor, ("key", "sealed", "given_at", "delete_at"))


async def _upsert(connection: Connection, table: Table, row: Receipt | SealedDonor, updated: tuple[str, ...]) -> None:
    """Insert the attempt's row, or update the columns `updated` of an existing one."""
    values = asdict(row)
    statement = insert(connection, table).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=[table.c.attempt], set_={name: values[name] for name in updated}
    )
    await connection.execute(statement)


async def delete_at(connection: Connection, attempt: str, at: datetime) -> None:
    await connection.execute(update(receipt_donors).where(receipt_donors.c.attempt == attempt).values(delete_at=at))


async def delete_donor(connection: Connection, attempt: str) -> bool:
    """Delete the donor's data; False if there was none."""
    gone = await connection.execute(delete(receipt_donors).where(receipt_donors.c.attempt == attempt))
    return bool(gone.rowcount)


async def donors_due(connection: Connection, now: datetime, skip: int, limit: int = 100) -> tuple[SealedDonor, ...]:
    """Return donor data whose deletion is due, at most `limit` after the first `skip`."""
    columns = receipt_donors.c
    statement = select(*_DONOR).where(columns.delete_at <= now).order_by(columns.delete_at, columns.attempt)
    return await fetch_all(connection, SealedDonor, statement.offset(skip).limit(limit))


async def donors(connection: Connection, attempts_: Collection[str]) -> dict[str, SealedDonor]:
    """Return sealed donor data by attempt."""
    statement = select(*_DONOR).where(receipt_donors.c.attempt.in_(attempts_))
    return {row.attempt: SealedDonor(*row) for row in await connection.execute(statement)}


async def page(
    connection: Connection,
    tops: Collection[str],
    environment: str,
    state: ReceiptState,
    limit: int = 500,
    *,
    after: tuple[datetime, str] | None = None,
) -> tuple[RequestedReceipt, ...]:
    """Return receipts of that state: due ones oldest first, others newest first.

    `after`: time and attempt of the row before, of the newest first.
    """
    table = receipts.c
    statement = (
        select(
            table.attempt, table.community, intents.c.project, attempts.c.amount_minor, attempts.c.currency,
            attempts.c.paid_at, func.coalesce(ledger_lines.c.slip, ""), table.state, table.number, table.changed_at,
            table.changed_by, receipt_donors.c.delete_at, ledger_lines.c.terms, _refunds_in(RefundState.refunded),
            _refunds_in(*WAITING),
        )
        .select_from(
            receipts.join(attempts, attempts.c.id == table.attempt)
            .join(intents, (intents.c.gateway == attempts.c.gateway) & (intents.c.id == attempts.c.intent))
            .outerjoin(ledger_lines, ledger_lines.c.identity == "received:" + table.attempt)
            .outerjoin(receipt_donors, receipt_donors.c.attempt == table.attempt)
        )
        .where(table.state == state.value, attempts.c.environment == environment, within(table.community, tops))
    )  # fmt: skip
    if after is not None:
        at, attempt = after
        statement = statement.where(
            (table.changed_at < at) | ((table.changed_at == at) & (table.attempt > attempt)),
        )
    order = table.changed_at if state is ReceiptState.due else table.changed_at.desc()
    return tuple(
        RequestedReceipt(*row)
        for row in await connection.execute(statement.order_by(order, table.attempt).limit(limit))
    )


def _refunds_in(*states: RefundState) -> ScalarSelect[int]:
    """Return the fen of the attempt's refunds in these states."""
    total = select(cast(func.coalesce(func.sum(refunds.c.amount_minor), 0), BigInteger))
    same = total.where(refunds.c.attempt == attempts.c.id, refunds.c.state.in_(states))
    return same.correlate(attempts).scalar_subquery()


async def waiting(connection: Connection, tops: Collection[str], environment: str) -> tuple[PendingCount, ...]:
    """Return by community how many receipts are due, and the time of the newest."""
    table = receipts.c
    statement = (
        select(table.community, func.count(), func.max(table.changed_at))
        .join(attempts, attempts.c.id == table.attempt)
        .where(table.state == ReceiptState.due.value, attempts.c.environment == environment)
        .where(within(table.community, tops))
        .group_by(table.community)
        .order_by(table.community)
    )
    return tuple(PendingCount(*row) for row in await connection.execute(statement))


async def counts(connection: Connection, tops: Collection[str], environment: str) -> dict[str, int]:
    """Return the number of paid gifts by receipt state; gifts without a choice count as anonymous."""
    state = func.coalesce(receipts.c.state, ReceiptState.anonymous.value)
    statement = (
        select(state, func.count())
        .select_from(attempts.outerjoin(receipts, receipts.c.attempt == attempts.c.id))
        .where(attempts.c.environment == environment, attempts.c.state.in_(PAID), within(attempts.c.community, tops))
        .group_by(state)
    )
    return {name: count for name, count in await connection.execute(statement)}
