"""Store who wants to be thanked once when the money of a gift was spent: a sealed address, until then only."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, or_, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.tables import attempts, ledger_lines, spending_queue, thanks
from central_server.store.engine.upsert import insert
from central_server.store.ledger.ledger_lines import GIFTS


class ThanksState(StrEnum):
    waiting = "waiting"
    sending = "sending"
    """A process sends it now; after a crash nobody knows whether it went out, and it is not sent again."""
    sent = "sent"
    ended = "ended"
    """Without a message: the giver withdrew, the gift was refunded, or its time was over."""


@dataclass(frozen=True, slots=True)
class Thanks:
    """`key`, `sealed`: the address, None after the end. `next_at`: not before that time. `delete_at`: at the latest."""

    attempt: str
    community: str
    state: str
    key: str | None
    sealed: bytes | None
    changed_at: datetime
    failures: int = 0
    next_at: datetime | None = None
    delete_at: datetime | None = None


_COLUMNS = columns_of(thanks, Thanks)


async def lock(connection: Connection, attempt: str) -> Thanks | None:
    """Lock the row until the write ends, and return it."""
    await connection.alone(f"thanks {attempt}")
    return await get(connection, attempt)


async def get(connection: Connection, attempt: str) -> Thanks | None:
    return await fetch_one(connection, Thanks, select(*_COLUMNS).where(thanks.c.attempt == attempt))


async def save(connection: Connection, row: Thanks) -> None:
    values = asdict(row)
    statement = insert(connection, thanks).values(values)
    changed = {name: value for name, value in values.items() if name not in ("attempt", "community")}
    await connection.execute(statement.on_conflict_do_update(index_elements=[thanks.c.attempt], set_=changed))


async def end(connection: Connection, row: Thanks, state: ThanksState, now: datetime) -> None:
    """Erase the address."""
    gone = replace(row, state=state.value, key=None, sealed=None, changed_at=now, next_at=None, delete_at=None)
    await save(connection, gone)


async def postpone(connection: Connection, attempt: str, until: datetime) -> None:
    waits = (thanks.c.attempt == attempt, thanks.c.state == ThanksState.waiting.value)
    await connection.execute(update(thanks).where(*waits).values(next_at=until))


async def claim(connection: Connection, attempt: str, now: datetime) -> bool:
    """Take a waiting one to send it; False if another process has."""
    waits = (thanks.c.attempt == attempt, thanks.c.state == ThanksState.waiting.value)
    statement = update(thanks).where(*waits).values(state=ThanksState.sending.value, changed_at=now)
    return bool((await connection.execute(statement)).rowcount)


async def due(
    connection: Connection, environment: str, now: datetime, skip: int = 0, limit: int = 100
) -> tuple[Thanks, ...]:
    """Return waiting ones, after the first `skip`, whose gift has no money left, or was refunded in part or whole."""
    line, given_back = ledger_lines.c, ledger_lines.alias()
    refunded = exists().where(given_back.c.attempt == thanks.c.attempt, given_back.c.kind == "refund")
    statement = (
        select(*_COLUMNS)
        .select_from(
            thanks.join(attempts, attempts.c.id == thanks.c.attempt)
            .join(ledger_lines, (line.attempt == thanks.c.attempt) & line.kind.in_(GIFTS))
            .outerjoin(spending_queue, spending_queue.c.line == line.seq)
        )
        .where(thanks.c.state == ThanksState.waiting.value, attempts.c.environment == environment)
        .where(thanks.c.next_at <= now, or_(spending_queue.c.left_minor == 0, refunded))
        .order_by(thanks.c.next_at, thanks.c.attempt)
    )
    return await fetch_all(connection, Thanks, statement.offset(skip).limit(limit))


async def over(
    connection: Connection, now: datetime, stuck: timedelta, skip: int = 0, limit: int = 100
) -> tuple[Thanks, ...]:
    """Return those whose time is over, and those that a process began to send so long ago that it must have died.

    At most `limit` after the first `skip`.
    """
    died = (thanks.c.state == ThanksState.sending.value) & (thanks.c.changed_at <= now - stuck)
    statement = select(*_COLUMNS).where(or_(thanks.c.delete_at <= now, died)).order_by(thanks.c.attempt)
    return await fetch_all(connection, Thanks, statement.offset(skip).limit(limit))
