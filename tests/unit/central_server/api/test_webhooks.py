"""Deliver events: each once in the outbox, signed, sent until it arrives, never into a private network."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from central_server.api.webhooks.event_collector import SETTLED_AFTER, collect
from central_server.api.webhooks.events import Event
from central_server.api.webhooks.receiver_addresses import AddressRules
from central_server.api.webhooks.sender import RETRY_PERIOD, STOPPED_AFTER, Sender, next_wait, open_sender
from central_server.api.webhooks.signature import headers, secret_of
from central_server.enrolment.gateways import register
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert
from central_server.store.api import deliveries, webhooks
from central_server.store.api.webhooks import Webhook
from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.engine.database import Database
from central_server.store.engine.tables import arrivals as arrivals_table
from central_server.store.engine.tables import audit_lines, webhook_deliveries, webhook_marks
from central_server.store.engine.tables import webhooks as webhooks_table
from central_server.store.enrolment import gateways
from central_server.store.parcels import arrivals
from central_server.store.parcels.arrivals import NewArrival
from central_server.store.places.places import TOP
from sync_contract.records import IntentState, Receipt
from sync_contract.uuid7 import new_id
from tests.databases import sqlite_only
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.webhook_receiver import Receiver, receiving
from tests.unit.central_server.test_bad_records import refuse

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
SECRET = b"only for tests"
SALT = "ab" * 32


def test_a_delivery_is_signed_according_to_the_standard() -> None:
    """Use the test vector of the Standard Webhooks libraries."""
    at = datetime.fromtimestamp(1614265330, UTC)
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    bodies = headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body)
    assert bodies["webhook-timestamp"] == "1614265330"
    assert bodies["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        receiver.secret = secret_of(SECRET, SALT)
        yield receiver


@pytest.fixture
async def sender(database: Database) -> AsyncIterator[Sender]:
    async with open_sender(database, AddressRules(private_network=True), SECRET) as sender:
        yield sender


async def hook(database: Database, url: str, *events: Event, place: str = "huada", at: datetime = NOW) -> Webhook:
    made = Webhook(new_id(), place, url, " ".join(events), SALT, at)
    gateway = DeliveringGateway()
    await register(database, gateway.id, gateway.public, "huada", "Hall", NOW)
    async with database.write() as connection:
        await webhooks.add(connection, made)
    return made


async def refused(database: Database, at: datetime = NOW, result: Receipt = Receipt.refused) -> str:
    """Store a refused parcel."""
    async with database.write() as connection:
        known = (await gateways.every(connection, [TOP]))[0].id
        parcel = new_id()
        entry = NewArrival(known, parcel, result, "0" * 64, "huada", "intent", "invalid: body missing", "{}")
        await arrivals.record(connection, [entry], at)
    return parcel


async def outbox(database: Database) -> list[Any]:
    async with database.read() as connection:
        return list(await connection.execute(select(webhook_deliveries).order_by(webhook_deliveries.c.seq)))


async def test_an_event_is_in_the_outbox_once_for_each_webhook(
    database: Database,
) -> None:
    both = await hook(database, "https://example.org/1", Event.parcel_refused, Event.parcel_conflict)
    one = await hook(database, "https://example.org/2", Event.parcel_refused, place=TOP)
    await refused(database)
    await refused(database, result=Receipt.conflict)
    await refused(database, result=Receipt.accepted)
    await asyncio.gather(*(collect(database, "drill", NOW + timedelta(seconds=1)) for _ in range(5)))
    await collect(database, "drill", NOW + SETTLED_AFTER * 2)
    await collect(database, "drill", NOW + SETTLED_AFTER * 3)
    found = await outbox(database)
    assert sorted((row.webhook, row.event) for row in found) == sorted(
        [(both.id, "parcel.refused"), (both.id, "parcel.conflict"), (one.id, "parcel.refused")]
    )
    body = json.loads(found[0].body)
    assert body["data"]["reason"] == "invalid: body missing"
    assert (body["community"], body["id"]) == ("huada", found[0].id)
    async with database.read() as connection:
        marks = {row.source: row.seq for row in await connection.execute(select(webhook_marks))}
        highest = (
            await connection.execute(select(arrivals_table.c.seq).order_by(arrivals_table.c.seq.desc()))
        ).scalar()
    assert marks == {"arrivals": highest}


async def test_alerts_of_late_gateways_and_silent_beacons_are_events(database: Database) -> None:
    await hook(database, "https://example.org/", Event.gateway_late, Event.beacon_silent)
    silent = Alert(
        "silent_beacon", "a" * 16 + " b", "huada", "Hall", "/", 1, None, None, None, "u/1/2", NOW, NOW, "a" * 16
    )
    late = replace(silent, kind="late", subject="a" * 16, beacon="", since=NOW - timedelta(hours=1))
    async with database.write() as connection:
        await alerts.add(connection, [silent, late, replace(silent, kind="conflict")])
    for second in (1, 2):
        await collect(database, "drill", NOW + timedelta(seconds=second))
    bodies = [json.loads(row.body) for row in await outbox(database)]
    assert [(each["event"], each["data"]["gateway"], each["data"]["beacon"]) for each in bodies] == [
        ("beacon.silent", "a" * 16, "u/1/2"),
        ("gateway.late", "a" * 16, ""),
    ]
    assert (bodies[0]["data"]["since"], bodies[1]["data"]["since"]) == (None, "2026-11-24T07:00:00Z")


async def test_a_paid_gift_of_the_other_environment_is_no_event(database: Database) -> None:
    await hook(database, "https://example.org/", Event.donation_paid)
    async with database.write() as connection:
        known = (await gateways.every(connection, [TOP]))[0].id
        for environment in ("real", "drill"):
            fields = (known, new_id(), "huada", environment, "lunch", 500, "CNY", None, 1, "ticket", None, NOW, "page")
            gift = Intent(*fields, state="opened", slip="1")
            await intents.add(connection, [gift])
            await intents.move(connection, gift, IntentState.paid, at=NOW, cause="notified", evidence="1")
    await collect(database, "drill", NOW + timedelta(seconds=1))
    (event,) = await outbox(database)
    assert json.loads(event.body)["data"]["environment"] == "drill"


async def test_an_event_that_becomes_visible_late_with_a_lower_number_is_not_lost(database: Database) -> None:
    await hook(database, "https://example.org/", Event.parcel_refused)
    late, early = await refused(database), await refused(database)
    async with database.write() as connection:  # as if the first one's transaction were not committed yet
        row = (await connection.execute(select(arrivals_table).where(arrivals_table.c.parcel == late))).one()
        await connection.execute(delete(arrivals_table).where(arrivals_table.c.parcel == late))
    await collect(database, "drill", NOW + timedelta(seconds=1))
    async with database.write() as connection:
        await connection.execute(arrivals_table.insert().values(dict(row._mapping)))
    await collect(database, "drill", NOW + timedelta(seconds=2))
    assert [json.loads(row.body)["data"]["parcel"] for row in await outbox(database)] == [late, early]


async def test_a_webhook_gets_no_earlier_events_and_none_of_other_places(database: Database) -> None:
    await hook(database, "https://example.org/", Event.parcel_refused, at=NOW)
    await refused(database, NOW - timedelta(seconds=1))
    other = DeliveringGateway()
    await register(database, other.id, other.public, "neighbours", "Other hall", NOW)
    async with database.write() as connection:
        entry = NewArrival(other.id, new_id(), Receipt.refused, "0" * 64, "neighbours", "intent", "invalid", "{}")
        await arrivals.record(connection, [entry], NOW)
    await collect(database, "drill", NOW + timedelta(seconds=1))
    assert await outbox(database) == []


async def test_a_delivery_is_tried_again_under_the_same_id_until_it_arrives(
    database: Database, sender: Sender, receiver: Receiver
) -> None:
    made = await hook(database, receiver.url, Event.parcel_refused)
    parcel = await refused(database)
    receiver.statuses = [500, 302, 429, 200]
    at = NOW
    await collect(database, "drill", at)
    for _ in range(6):
        await sender.send_due(at)
        at += timedelta(hours=2)
    assert [body["data"]["parcel"] for _, body in receiver.came] == [parcel] * 4
    assert len({id_ for id_, _ in receiver.came}) == 1
    assert receiver.forged == 0
    async with database.read() as connection:
        (row,) = await deliveries.log(connection, made.id, 10)
        again = await webhooks.get(connection, made.id)
    assert (row.tries, row.last_status, row.next_try_at, row.last_trouble) == (4, 200, None, "")
    assert row.delivered_at == NOW + timedelta(hours=6)
    assert row.last_ms is not None
    assert again is not None
    assert again.failing_since is None


async def test_two_processes_at_once_make_one_try(database: Database, sender: Sender, receiver: Receiver) -> None:
    await hook(database, receiver.url, Event.parcel_refused)
    await refused(database)
    await collect(database, "drill", NOW)
    await asyncio.gather(*(sender.send_due(NOW) for _ in range(4)))
    assert len(receiver.came) == 1


async def test_an_unreachable_webhook_delays_no_other(database: Database, sender: Sender, receiver: Receiver) -> None:
    dead = await hook(database, "http://127.0.0.1:9/hook", Event.parcel_refused)
    for _ in range(12):
        await refused(database)
    await collect(database, "drill", NOW)
    await hook(database, receiver.url, Event.parcel_refused, at=NOW + timedelta(minutes=1))
    await refused(database, NOW + timedelta(minutes=1))
    await collect(database, "drill", NOW + timedelta(minutes=1))
    await sender.send_due(NOW + timedelta(minutes=1))
    assert len(receiver.came) == 1
    tried = [row.tries for row in await outbox(database) if row.webhook == dead.id]
    assert sum(tried) == 4


async def test_a_delivery_is_given_up_after_a_day_and_a_webhook_stopped_after_five(
    database: Database, sender: Sender
) -> None:
    made = await hook(database, "http://127.0.0.1:9/hook", Event.parcel_refused)
    await refused(database)
    await collect(database, "drill", NOW)
    await sender.send_due(NOW)
    await sender.send_due(NOW + RETRY_PERIOD)
    async with database.read() as connection:
        (row,) = await deliveries.log(connection, made.id, 10)
    assert (row.next_try_at, row.delivered_at, row.last_status) == (None, None, None)
    assert row.last_trouble == "ClientConnectorError"
    later = NOW + STOPPED_AFTER
    await refused(database, later)
    await collect(database, "drill", later)
    await sender.send_due(later)
    async with database.read() as connection:
        stopped = await webhooks.get(connection, made.id)
        lines = list(await connection.execute(select(audit_lines)))
    assert stopped is not None
    assert (stopped.stopped_by, stopped.stopped_at) == ("failing", later)
    assert [(line.action, line.place, line.subject) for line in lines] == [("webhook.stop", "huada", made.id)]
    assert [row.next_try_at for row in await outbox(database)] == [None, None]
    assert await sender.send_due(later + RETRY_PERIOD) == 0


async def test_nothing_is_sent_to_a_stored_private_address(database: Database, receiver: Receiver) -> None:
    made = await hook(database, receiver.url.replace("http:", "https:"), Event.parcel_refused)
    await refused(database)
    await collect(database, "drill", NOW)
    async with open_sender(database, AddressRules(), SECRET) as guarded:
        await guarded.send_due(NOW)
        assert [row.last_trouble.partition(":")[0] for row in await outbox(database)] == ["private"]
        async with database.write() as connection:
            await connection.execute(update(webhook_deliveries).values(next_try_at=NOW))
            moved = receiver.url.replace("http://127.0.0.1", "https://localhost")
            await connection.execute(update(webhooks_table).values(url=moved))
        await guarded.send_due(NOW)
    async with database.read() as connection:
        (row,) = await deliveries.log(connection, made.id, 10)
    assert (row.tries, row.last_status) == (2, None)
    assert row.last_trouble.startswith("private")
    assert receiver.came == []


def test_waits_grow_to_an_hour_with_jitter() -> None:
    first, late = [[next_wait(tries) for _ in range(200)] for tries in (0, 50)]
    assert max(first) <= timedelta(seconds=31)
    assert timedelta(minutes=30) < max(late) <= timedelta(hours=1, seconds=1)
    assert min(late) < timedelta(minutes=30)
    assert min(first + late) >= timedelta(seconds=1)


@sqlite_only
async def test_damaged_deliveries_do_not_block_the_others(
    database: Database, sender: Sender, receiver: Receiver
) -> None:
    await hook(database, receiver.url, Event.parcel_refused)
    for _ in range(6):
        await refused(database)
    await collect(database, "drill", NOW)
    last = max(row.id for row in await outbox(database))
    async with database.write() as connection:
        await refuse(connection, "UPDATE", "webhook_deliveries", f"OLD.id <> '{last}'")
    await sender.send_due(NOW)
    assert [row.id for row in await outbox(database) if row.tries] == [last]
