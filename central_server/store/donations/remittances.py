"""Store remittances: gifts by bank transfer or cheque, entered by one person and decided by another."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update

from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.refunds import RefundState
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_one
from central_server.store.engine.tables import attempts, intents, refunds, remittances
from central_server.store.places.places import within

PAGE = 50


@dataclass(frozen=True, slots=True)
class Remittance:
    """`attempt`: the payment, whose bank is the kind and whose evidence is the bank's number. `voucher`: its SHA-256.

    `received_on`: the bank's day. `receipt`: the unit wants one. `sealed`: what the unit states about itself, and
    `key` the fingerprint of the key that opens it; None after the decision.
    """

    attempt: str
    community: str
    received_on: date
    voucher: str
    receipt: bool
    key: str | None
    sealed: bytes | None
    entered_by: str
    entered_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class EnteredGift:
    """A remittance with its payment and its gift's project."""

    remittance: Remittance
    attempt: Attempt
    project: str

    @property
    def waiting(self) -> bool:
        return self.remittance.decided_by is None


_REMITTANCE, _ATTEMPT = columns_of(remittances, Remittance), columns_of(attempts, Attempt)
_JOINED = (
    select(*_REMITTANCE, *_ATTEMPT, intents.c.project)
    .join_from(remittances, attempts, attempts.c.id == remittances.c.attempt)
    .join(intents, (intents.c.gateway == attempts.c.gateway) & (intents.c.id == attempts.c.intent))
)


async def add(connection: Connection, remittance: Remittance) -> None:
    await connection.execute(remittances.insert().values(asdict(remittance)))


async def get(connection: Connection, attempt: str) -> Remittance | None:
    return await fetch_one(connection, Remittance, select(*_REMITTANCE).where(remittances.c.attempt == attempt))


async def entered(connection: Connection, attempt: str) -> EnteredGift | None:
    row = (await connection.execute(_JOINED.where(remittances.c.attempt == attempt))).first()
    return None if row is None else _read(row)


async def page(
    connection: Connection,
    tops: Collection[str],
    environment: str,
    *,
    waiting: bool,
    before: str = "",
    limit: int = PAGE,
) -> tuple[EnteredGift, ...]:
    """Return one page, newest first; ids rise with time. `waiting`: only undecided ones, else only decided ones."""
    decided = remittances.c.decided_by
    statement = _JOINED.where(attempts.c.environment == environment, within(remittances.c.community, tops))
    statement = statement.where(decided.is_(None) if waiting else decided.is_not(None))
    if before:
        statement = statement.where(remittances.c.attempt < before)
    rows = await connection.execute(statement.order_by(remittances.c.attempt.desc()).limit(limit))
    return tuple(_read(row) for row in rows)


async def decide(connection: Connection, remittance: Remittance, *, by: str, note: str, at: datetime) -> bool:
    """Record the decision and erase what the unit stated; False if it was decided before."""
    columns = remittances.c
    decided = await connection.execute(
        update(remittances)
        .where(columns.attempt == remittance.attempt, columns.decided_by.is_(None))
        .values(decided_by=by, decided_at=at, note=note, key=None, sealed=None)
    )
    return bool(decided.rowcount)


async def same_number(connection: Connection, environment: str, number: str, but: str = "") -> str | None:
    """Return the gift (an attempt) that already has this number of the bank; not one that was declined or returned."""
    columns = attempts.c
    returned = select(func.coalesce(func.sum(refunds.c.amount_minor), 0)).where(
        refunds.c.attempt == columns.id, refunds.c.state == RefundState.refunded.value
    )
    statement = select(columns.id).where(
        columns.environment == environment,
        columns.evidence == number,
        columns.id != but,
        columns.state.not_in((AttemptState.failed, AttemptState.expired)),
        columns.amount_minor > returned.scalar_subquery(),
    )
    return (await connection.execute(statement.limit(1))).scalar()


def _read(row: Any) -> EnteredGift:  # noqa: ANN401  (a row)
    values = tuple(row)
    split = len(_REMITTANCE)
    return EnteredGift(Remittance(*values[:split]), Attempt(*values[split:-1]), values[-1])
