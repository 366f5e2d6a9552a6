"""Store webhooks: receiver, events and place."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import place_ancestors, webhook_deliveries, webhooks
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class Webhook:
    """`events`: words separated by spaces; `stopped_by`: staff, failing, or empty while it is active."""

    id: str
    place: str
    url: str
    events: str
    salt: str
    made_at: datetime
    failing_since: datetime | None = None
    stopped_at: datetime | None = None
    stopped_by: str = ""


async def add(connection: Connection, webhook: Webhook) -> None:
    await connection.execute(webhooks.insert().values(asdict(webhook)))


async def get(connection: Connection, webhook: str, *, lock: bool = False) -> Webhook | None:
    """`lock`: until this transaction ends, no other one changes it or adds deliveries."""
    wanted = select(webhooks).where(webhooks.c.id == webhook)
    found = (await connection.execute(wanted.with_for_update() if lock else wanted)).one_or_none()
    return None if found is None else Webhook(**found._mapping)


async def every(connection: Connection, tops: Collection[str]) -> tuple[Webhook, ...]:
    """Return those of the places at and below `tops`, newest first."""
    statement = select(webhooks).where(within(webhooks.c.place, tops))
    rows = await connection.execute(statement.order_by(webhooks.c.made_at.desc(), webhooks.c.id))
    return tuple(Webhook(**row._mapping) for row in rows)


async def active(connection: Connection, *, lock: bool = False) -> tuple[Webhook, ...]:
    """`lock`: until this transaction ends, no other one removes any."""
    wanted = select(webhooks).where(webhooks.c.stopped_at.is_(None)).order_by(webhooks.c.id)
    rows = await connection.execute(wanted.with_for_update(read=True) if lock else wanted)
    return tuple(Webhook(**row._mapping) for row in rows)


async def stop(connection: Connection, webhook: str, at: datetime, by: str) -> bool:
    """Stop it and finish its waiting deliveries. Return False if it was already stopped."""
    columns = webhooks.c
    done = await connection.execute(
        update(webhooks)
        .where(columns.id == webhook, columns.stopped_at.is_(None))
        .values(stopped_at=at, stopped_by=by, failing_since=None)
    )
    if done.rowcount:
        waiting = webhook_deliveries.c
        await connection.execute(
            update(webhook_deliveries)
            .where(waiting.webhook == webhook, waiting.next_try_at.is_not(None))
            .values(next_try_at=None, last_trouble="stopped")
        )
    return bool(done.rowcount)


async def start(connection: Connection, webhook: str, at: datetime) -> bool:
    """Start it again; it gets no events of the time when it was stopped."""
    columns = webhooks.c
    done = await connection.execute(
        update(webhooks)
        .where(columns.id == webhook, columns.stopped_at.is_not(None))
        .values(stopped_at=None, stopped_by="", failing_since=None, made_at=at)
    )
    return bool(done.rowcount)


async def give_salt(connection: Connection, webhook: str, salt: str) -> None:
    await connection.execute(update(webhooks).where(webhooks.c.id == webhook).values(salt=salt))


async def remove(connection: Connection, webhook: str) -> None:
    await connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.webhook == webhook))
    await connection.execute(delete(webhooks).where(webhooks.c.id == webhook))


async def ancestors(connection: Connection, communities: Collection[str]) -> dict[str, set[str]]:
    """Return each community's ancestors, itself included."""
    columns = place_ancestors.c
    found: dict[str, set[str]] = {}
    for row in await connection.execute(select(place_ancestors).where(columns.place.in_(communities))):
        found.setdefault(row.place, set()).add(row.ancestor)
    return found
