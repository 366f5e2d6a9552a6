"""Whether a gift's donor wants the official receipt, whether it was issued, and what for it is kept under seal."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Table, delete, func, select, update

from central_server.store.alerts.pending_counts import Waiting
from central_server.store.donations.attempts import PAID
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import attempts, intents, ledger_lines, receipt_donors, receipts
from central_server.store.engine.upsert import insert
from central_server.store.places.places import within

DONOR = "(donor)"
"""In the place of an account: whoever holds the gift's own page."""
ITSELF = "(schedule)"
"""In the place of an account: what was kept until its day came."""


class ReceiptState(StrEnum):
    anonymous = "anonymous"
    """Nobody asked for one: 爱心人士. So is every gift until its donor says otherwise."""
    waived = "waived"
    """The donor said that none is wanted."""
    due = "due"
    issued = "issued"


@dataclass(frozen=True, slots=True)
class Receipt:
    """`number`: of the official receipt, once it was issued; `changed_by`: an account, or `DONOR`."""

    attempt: str
    community: str
    state: str
    number: str
    changed_at: datetime
    changed_by: str


@dataclass(frozen=True, slots=True)
class SealedDonor:
    """`key`: the fingerprint of the key that opens `sealed`; at `delete_at` it is deleted, whatever became of it."""

    attempt: str
    community: str
    key: str
    sealed: bytes
    given_at: datetime
    delete_at: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """A gift whose receipt is due or issued, as staff see it. `donor_until`: None when nothing is kept any more."""

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
    attempt_state: str
    donor_until: datetime | None


_RECEIPT = [receipts.c[name] for name in Receipt.__dataclass_fields__]
_DONOR = [receipt_donors.c[name] for name in SealedDonor.__dataclass_fields__]


async def get(connection: Connection, attempt: str) -> Receipt | None:
    """None while nobody said anything."""
    found = (await connection.execute(select(*_RECEIPT).where(receipts.c.attempt == attempt))).one_or_none()
    return None if found is None else Receipt(*found)


async def hold(connection: Connection, attempt: str) -> Receipt | None:
    """Nobody else changes it until this write ends."""
    await connection.alone(f"receipt {attempt}")
    return await get(connection, attempt)


async def put(connection: Connection, receipt: Receipt) -> None:
    await _put(connection, receipts, receipt, ("state", "number", "changed_at", "changed_by"))


async def number_taken(connection: Connection, community: str, number: str, but: str) -> bool:
    statement = select(receipts.c.attempt).where(
        receipts.c.community == community, receipts.c.number == number, receipts.c.attempt != but
    )
    return (await connection.execute(statement.limit(1))).first() is not None


async def put_donor(connection: Connection, donor: SealedDonor) -> None:
    await _put(connection, receipt_donors, donor, ("key", "sealed", "given_at", "delete_at"))


async def _put(connection: Connection, table: Table, row: Receipt | SealedDonor, anew: tuple[str, ...]) -> None:
    """One for each attempt; where it is there, `anew` says which columns are written over."""
    values = asdict(row)
    statement = insert(connection, table).values(values)
    statement = statement.on_conflict_do_update(
        index_elements=[table.c.attempt], set_={name: values[name] for name in anew}
    )
    await connection.execute(statement)


async def delete_at(connection: Connection, attempt: str, at: datetime) -> None:
    await connection.execute(update(receipt_donors).where(receipt_donors.c.attempt == attempt).values(delete_at=at))


async def forget_donor(connection: Connection, attempt: str) -> bool:
    """False when nothing was kept."""
    gone = await connection.execute(delete(receipt_donors).where(receipt_donors.c.attempt == attempt))
    return bool(gone.rowcount)


async def donors_due(connection: Connection, now: datetime, limit: int = 100) -> tuple[SealedDonor, ...]:
    """Those whose day has come."""
    statement = select(*_DONOR).where(receipt_donors.c.delete_at <= now).order_by(receipt_donors.c.delete_at)
    return tuple(SealedDonor(*row) for row in await connection.execute(statement.limit(limit)))


async def donors(connection: Connection, wanted: Collection[str]) -> dict[str, SealedDonor]:
    """By attempt."""
    statement = select(*_DONOR).where(receipt_donors.c.attempt.in_(wanted))
    return {row.attempt: SealedDonor(*row) for row in await connection.execute(statement)}


async def keys(connection: Connection) -> dict[str, int]:
    """By the fingerprint of the key: how many donors' data only that key opens."""
    statement = select(receipt_donors.c.key, func.count()).group_by(receipt_donors.c.key)
    return {key: count for key, count in await connection.execute(statement)}


async def page(
    connection: Connection, tops: Collection[str], environment: str, state: ReceiptState, limit: int = 500
) -> tuple[Wanted, ...]:
    """Due: the oldest first; else the newest first."""
    table = receipts.c
    statement = (
        select(
            table.attempt, table.community, intents.c.project, attempts.c.amount_minor, attempts.c.currency,
            attempts.c.paid_at, func.coalesce(ledger_lines.c.slip, ""), table.state, table.number, table.changed_at,
            table.changed_by, attempts.c.state, receipt_donors.c.delete_at,
        )
        .select_from(
            receipts.join(attempts, attempts.c.id == table.attempt)
            .join(intents, (intents.c.gateway == attempts.c.gateway) & (intents.c.id == attempts.c.intent))
            .outerjoin(ledger_lines, ledger_lines.c.identity == "received:" + table.attempt)
            .outerjoin(receipt_donors, receipt_donors.c.attempt == table.attempt)
        )
        .where(table.state == state.value, attempts.c.environment == environment, within(table.community, tops))
    )  # fmt: skip
    order = table.changed_at if state is ReceiptState.due else table.changed_at.desc()
    return tuple(
        Wanted(*row) for row in await connection.execute(statement.order_by(order, table.attempt).limit(limit))
    )


async def waiting(connection: Connection, tops: Collection[str], environment: str) -> tuple[Waiting, ...]:
    """By community: how many are due, and since when the newest."""
    table = receipts.c
    statement = (
        select(table.community, func.count(), func.max(table.changed_at))
        .join(attempts, attempts.c.id == table.attempt)
        .where(table.state == ReceiptState.due.value, attempts.c.environment == environment)
        .where(within(table.community, tops))
        .group_by(table.community)
        .order_by(table.community)
    )
    return tuple(Waiting(*row) for row in await connection.execute(statement))


async def counts(connection: Connection, tops: Collection[str], environment: str) -> dict[str, int]:
    """Of all paid gifts, by state; those of which nobody said anything are anonymous."""
    state = func.coalesce(receipts.c.state, ReceiptState.anonymous.value)
    statement = (
        select(state, func.count())
        .select_from(attempts.outerjoin(receipts, receipts.c.attempt == attempts.c.id))
        .where(attempts.c.environment == environment, attempts.c.state.in_(PAID), within(attempts.c.community, tops))
        .group_by(state)
    )
    return {name: count for name, count in await connection.execute(statement)}
