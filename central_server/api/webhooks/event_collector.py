"""Put events from the store into the outbox of webhooks, each once for each webhook.

Sequence numbers are assigned before a transaction commits, so a lower one may become visible after a higher one.
Therefore the last minute is read again each time; the outbox accepts each event of a webhook only once.
"""

from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement

from central_server.api.webhooks.events import Event, FellSilent, PaidGift, RejectedParcel, Trial, WebhookBody
from central_server.store.alerts.quarantine import RecordKey, quarantine
from central_server.store.api import deliveries, event_feed, webhooks
from central_server.store.api.deliveries import Delivery
from central_server.store.api.event_feed import StoredEvent
from central_server.store.api.webhooks import Webhook
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.tables import alerts, arrivals, state_changes
from central_server.store.engine.timestamps import micros
from sync_contract.uuid7 import new_id

SETTLED_AFTER = timedelta(minutes=1)
"""Longer than any transaction."""
_AT_A_TIME = 500
_MAX_DELIVERIES = 100
"""In one transaction."""


@dataclass(frozen=True, slots=True)
class Source:
    """A table whose rows are events. `after`: reads those with a greater number; `parse`: returns the content."""

    name: str
    seq: ColumnElement[int]
    at: ColumnElement[datetime]
    after: Callable[[Connection, int, int], Awaitable[Sequence[StoredEvent]]]
    parse: Callable[[StoredEvent], tuple[Event, PaidGift | RejectedParcel | FellSilent]]


def _paid(stored: StoredEvent) -> tuple[Event, PaidGift]:
    return Event.donation_paid, PaidGift.model_validate(dict(stored.facts), strict=False)


def _rejected(stored: StoredEvent) -> tuple[Event, RejectedParcel]:
    facts: dict[str, Any] = dict(stored.facts)
    result = facts.pop("result")
    return Event(f"parcel.{result}"), RejectedParcel(**facts)


def _fell_silent(stored: StoredEvent) -> tuple[Event, FellSilent]:
    facts = dict(stored.facts)
    event = Event.gateway_late if facts["kind"] == "late" else Event.beacon_silent
    return event, FellSilent(gateway=facts["gateway"], beacon=facts["beacon"], since=facts["since"])


def _sources(environment: str) -> tuple[Source, ...]:
    paid_after = partial(event_feed.paid_after, environment=environment)
    return (
        Source("state_changes", state_changes.c.seq, state_changes.c.at, paid_after, _paid),
        Source("arrivals", arrivals.c.seq, arrivals.c.first_at, event_feed.rejected_after, _rejected),
        Source("alerts", alerts.c.id, alerts.c.opened_at, event_feed.fell_silent_after, _fell_silent),
    )


async def collect(database: Database, environment: str, now: datetime) -> int:
    """Return how many deliveries were built, including those that the outbox already had.

    An event that cannot be read is quarantined.
    """
    return sum([await _collect(database, source, now) for source in _sources(environment)])


async def _collect(database: Database, source: Source, now: datetime) -> int:
    """Read events, and write their deliveries in slices: on SQLite a write locks out every other process."""
    async with database.read() as connection:
        mark = await event_feed.mark(connection, source.name)
        settled = await event_feed.settled_at(connection, source.seq, source.at, mark, now - SETTLED_AFTER)
        hooks = await webhooks.active(connection)
        found = await source.after(connection, mark, _AT_A_TIME) if hooks else ()
        ancestors = await webhooks.ancestors(connection, {each.community for each in found})
    if len(found) == _AT_A_TIME:
        settled = min(settled, found[-1].seq)
    built = 0
    slice_ = max(1, _MAX_DELIVERIES // max(1, len(hooks)))
    for first in range(0, len(found), slice_):
        new: list[Delivery] = []
        for stored in found[first : first + slice_]:
            try:
                new += _deliveries(source, stored, hooks, ancestors, now)
            except (ValueError, LookupError, TypeError) as error:
                await quarantine(
                    database, RecordKey("webhooks", f"{source.name} {stored.seq}", stored.community), error, now
                )
        await database.written(partial(_put, new))
        built += len(new)
    if settled != mark:
        await database.written(partial(_set_mark, source.name, settled))
    return built


async def _put(new: Sequence[Delivery], connection: Connection) -> None:
    """Put those whose webhook was not removed meanwhile."""
    await connection.alone("webhooks")
    active = {webhook.id for webhook in await webhooks.active(connection, lock=True)}
    await deliveries.put(connection, [each for each in new if each.webhook in active])


async def _set_mark(source: str, seq: int, connection: Connection) -> None:
    """Set the mark, unless another process has set a later one."""
    await connection.alone("webhooks")
    if seq > await event_feed.mark(connection, source):
        await event_feed.set_mark(connection, source, seq)


def _deliveries(
    source: Source,
    stored: StoredEvent,
    hooks: Sequence[Webhook],
    ancestors: Mapping[str, Collection[str]],
    now: datetime,
) -> Iterator[Delivery]:
    event, data = source.parse(stored)
    for webhook in hooks:
        addressed = stored.at >= webhook.made_at and webhook.place in ancestors[stored.community]
        if addressed and event in webhook.events.split():
            body = WebhookBody(id=new_id(), event=event, at=stored.at, community=stored.community, data=data)
            yield _to(webhook, body, (source.name, stored.seq), now)


def build_trial(webhook: Webhook, now: datetime) -> Delivery:
    """Build a trial, delivered like any other event."""
    body = WebhookBody(id=new_id(), event=Event.trial, at=now, community=webhook.place, data=Trial())
    return _to(webhook, body, ("trial", micros(now)), now)


def _to(webhook: Webhook, body: WebhookBody, source: tuple[str, int], now: datetime) -> Delivery:
    return Delivery(
        id=body.id,
        webhook=webhook.id,
        event=body.event.value,
        source=source[0],
        seq=source[1],
        body=body.model_dump_json(),
        made_at=now,
        next_try_at=now,
    )
