"""From what is kept to the outbox: each event once for each webhook that is to hear of it.

Numbers are given before a transaction commits, so a lower one may become visible later than a higher one. Therefore
the last minute is looked through again each time; the outbox takes each event of a webhook only once.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement

from central_server.api.webhooks.events import Event, FellSilent, PaidGift, Trial, TurnedAway, WebhookBody
from central_server.store.api import deliveries, event_feed, webhooks
from central_server.store.api.deliveries import Delivery
from central_server.store.api.event_feed import Happened
from central_server.store.api.webhooks import Webhook
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.engine.tables import alerts, arrivals, state_changes
from central_server.store.engine.timestamps import micros
from sync_contract.uuid7 import new_id

SETTLED_AFTER = timedelta(minutes=1)
"""Longer than any transaction of ours."""
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Source:
    """A table whose rows are events. `after`: those with a greater number; `told`: what one of them says."""

    name: str
    seq: ColumnElement[int]
    at: ColumnElement[datetime]
    after: Callable[[Connection, int, int], Awaitable[Sequence[Happened]]]
    told: Callable[[Happened], tuple[Event, PaidGift | TurnedAway | FellSilent]]


def _paid(happened: Happened) -> tuple[Event, PaidGift]:
    return Event.donation_paid, PaidGift.model_validate(dict(happened.facts), strict=False)


def _turned_away(happened: Happened) -> tuple[Event, TurnedAway]:
    facts: dict[str, Any] = dict(happened.facts)
    result = facts.pop("result")
    return Event(f"parcel.{result}"), TurnedAway(**facts)


def _fell_silent(happened: Happened) -> tuple[Event, FellSilent]:
    facts = dict(happened.facts)
    event = Event.gateway_late if facts["matter"] == "late" else Event.beacon_silent
    gateway = facts["subject"].partition(" ")[0]
    return event, FellSilent(gateway=gateway, beacon=facts["beacon"], since=facts["since"])


SOURCES = (
    Source("state_changes", state_changes.c.seq, state_changes.c.at, event_feed.paid_after, _paid),
    Source("arrivals", arrivals.c.seq, arrivals.c.first_at, event_feed.turned_away_after, _turned_away),
    Source("alerts", alerts.c.id, alerts.c.opened_at, event_feed.fell_silent_after, _fell_silent),
)


async def collect(database: Database, now: datetime) -> int:
    """How many deliveries were put into the outbox, of events that were there already or not."""

    async def work(connection: Connection) -> int:
        await connection.alone("webhooks")
        told = await webhooks.active(connection, lock=True)
        return sum([await _collect(connection, source, told, now) for source in SOURCES])

    return await database.written(work)


async def _collect(connection: Connection, source: Source, told: Sequence[Webhook], now: datetime) -> int:
    mark = await event_feed.mark(connection, source.name)
    settled = await event_feed.settled_at(connection, source.seq, source.at, mark, now - SETTLED_AFTER)
    found: Sequence[Happened] = ()
    if told:
        found = await source.after(connection, mark, _AT_A_TIME)
        if len(found) == _AT_A_TIME:
            settled = min(settled, found[-1].seq)
    lies_in = await webhooks.ancestors(connection, {each.community for each in found})
    new = [
        _delivery(webhook, source, happened, now)
        for happened in found
        for webhook in told
        if happened.at >= webhook.made_at
        and webhook.place in lies_in[happened.community]
        and source.told(happened)[0] in webhook.events.split()
    ]
    await deliveries.put(connection, new)
    if settled != mark:
        await event_feed.set_mark(connection, source.name, settled)
    return len(new)


def trial(webhook: Webhook, now: datetime) -> Delivery:
    """Signed, tried again and kept like any other."""
    body = WebhookBody(id=new_id(), event=Event.trial, at=now, community=webhook.place, data=Trial())
    return _to(webhook, body, ("trial", micros(now)), now)


def _delivery(webhook: Webhook, source: Source, happened: Happened, now: datetime) -> Delivery:
    event, data = source.told(happened)
    body = WebhookBody(id=new_id(), event=event, at=happened.at, community=happened.community, data=data)
    return _to(webhook, body, (source.name, happened.seq), now)


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
