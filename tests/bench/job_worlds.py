"""Tables as periodic jobs of the central server find them after a busy time, for `job_writes`."""

import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from sqlalchemy import Table, insert

from central_server.alerts.lifecycle import STORED_FOR as ALERTS_STORED_FOR
from central_server.alerts.lifecycle import update_alerts
from central_server.api.webhooks.event_collector import collect
from central_server.api.webhooks.events import Event
from central_server.banks.port import OrderState
from central_server.donations.refund_approval import decide_refund, request_refund
from central_server.donations.unpaid_gifts import STORED_FOR as GIFTS_STORED_FOR
from central_server.donations.unpaid_gifts import delete_unpaid
from central_server.enrolment.gateways import register
from central_server.families.cases import erase_due
from central_server.ledger.publication import Publisher
from central_server.receipts.receipt_requests import Receipts
from central_server.receipts.sealed_data import Seal
from central_server.statistics.rollup import count_new
from central_server.store.api import deliveries, presence_passes, webhooks
from central_server.store.api.webhooks import Webhook
from central_server.store.donations import intents
from central_server.store.donations.intents import Intent
from central_server.store.engine import tables
from central_server.store.engine.database import Database
from central_server.store.enrolment import gateway_reports
from central_server.store.families import cases
from central_server.store.families.cases import StoredCase
from central_server.store.parcels import arrivals
from central_server.store.parcels.arrivals import NewArrival
from central_server.store.places.places import TOP, plant_community
from central_server.store.statistics import visitors
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import PlaceBeaconStatistics, Receipt
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from tests.fakes.delivering_gateway import DeliveringGateway, clock
from tests.fakes.donation_services import MemoryBankServices, furnish
from tests.fakes.money_bank import MoneyBank
from tests.fakes.stored_parcels import received
from tests.unit.central_server.ledger_world import GATEWAY, gave
from tests.unit.central_server.reconciling_world import DAY, NOW, Books, books, file, row, strange

Work = Callable[[], Awaitable[object]]

BEACONS = 550
"""The most that a record may name."""
_MONTHS = timedelta(days=40)


@dataclass(frozen=True)
class World:
    """`fill` fills the tables to some percent of a busy time and returns the job's work."""

    fill: Callable[[Database, int], Awaitable[Work]]


def place(minor: int) -> PlaceBeaconStatistics:
    return PlaceBeaconStatistics(
        beacon=BeaconId(UUID("fda50693-a4e2-4fb1-afcf-c6eb07647825"), 10, minor), frames=2900, frames_without_rssi=0,
        frames_suspect=0, expected_frames=3000, heard_of_expected=2900, longest_gap_ms=900,
        gap_histogram=(2000, 800, 99, 0, 0, 0, 0, 0, 0), rssi_min=-70, rssi_max=-60, rssi_sum=-188_500,
        rssi_histogram=(0,) * 7 + (900, 1000, 1000) + (0,) * 6,
    )  # fmt: skip


async def put(database: Database, table: Table, rows: Sequence[dict[str, object]]) -> None:
    async with database.write() as connection:
        await connection.execute(insert(table), rows)


def of(scale: int, full: int) -> range:
    return range(max(1, full * scale // 100))


async def fill_figures(database: Database, scale: int) -> Work:
    """Ten hours of a gateway that hears the most beacons."""
    gateway, places = DeliveringGateway(), tuple(map(place, range(BEACONS)))
    await register(database, gateway.id, gateway.public, "huada", "Hall", NOW)
    for number in of(scale, 10):
        at, report = NOW + timedelta(hours=number), gateway.statistics()
        report = replace(report, clock=replace(clock(), wall=at), body=replace(report.body, places=places))
        await received(database, gateway.id, "huada", [report], at)

    async def count() -> None:
        while await count_new(database, NOW + timedelta(hours=12)):
            pass

    return count


async def fill_alerts(database: Database, scale: int) -> Work:
    """300 gateways that are awaited: each an alert; beside them 2,000 old alerts to delete."""
    for _ in of(scale, 300):
        gateway = DeliveringGateway()
        await register(database, gateway.id, gateway.public, "huada", "Hall", NOW)
    old = NOW - ALERTS_STORED_FOR
    empty = {"label": "", "gateway": "", "link": "", "count": 1, "beacon": "", "note": "", "community": TOP}
    times = {"opened_at": old, "seen_at": old, "ended_at": old, "kind": "late"}
    await put(database, tables.alerts, [empty | times | {"subject": f"{n}"} for n in of(scale, 2000)])

    async def update() -> None:
        for minute in (60, 61, 62):
            await update_alerts(database, "drill", (), NOW + timedelta(minutes=minute))

    return update


async def fill_webhooks(database: Database, scale: int) -> Work:
    """500 new events for each of five receivers, and 20,000 old deliveries to delete."""
    gateway = DeliveringGateway()
    await register(database, gateway.id, gateway.public, "huada", "Hall", NOW)
    hooks = [Webhook(new_id(), TOP, "https://example.org", Event.parcel_refused, "", NOW) for _ in range(5)]
    news = [
        NewArrival(gateway.id, new_id(), Receipt.refused, "0" * 64, "huada", "intent", "invalid: body", "{}")
        for _ in of(scale, 500)
    ]
    async with database.write() as connection:
        for hook in hooks:
            await webhooks.add(connection, hook)
        await arrivals.record(connection, news, NOW)
    old = {
        "webhook": hooks[0].id,
        "event": "x",
        "source": "old",
        "body": "{}" * 200,
        "made_at": NOW - timedelta(days=40),
    }
    await put(
        database,
        tables.webhook_deliveries,
        [old | {"id": new_id(), "seq": n, "tries": 1, "last_trouble": ""} for n in of(scale, 20_000)],
    )

    async def work() -> None:
        while await collect(database, "drill", NOW + timedelta(minutes=2)):
            pass
        while await deliveries.forget(database, NOW - timedelta(days=30)):
            pass

    return work


async def _services(database: Database) -> tuple[MemoryBankServices, DeliveringGateway]:
    gateway = DeliveringGateway()
    with tempfile.TemporaryDirectory() as folder:
        await furnish(database, Path(folder), gateway, NOW)
    return MemoryBankServices(database, MoneyBank()), gateway


async def fill_queries(database: Database, scale: int) -> Work:
    """50 orders, the most of a round, of which the bank reports for the first time that they are paid."""
    services, gateway = await _services(database)
    for _ in of(scale, 50):
        parcel = gateway.intent()
        await services.press(gateway.ticket(parcel, issued_at=NOW), NOW)
        (attempt,) = await services.tried(gateway.id, parcel.id)
        services.bank.pay(attempt.id)
    return partial(services.queries.query_due, NOW + timedelta(minutes=9))


async def fill_refunds(database: Database, scale: int) -> Work:
    """20 approved refunds, the most of a round: sent, then queried."""
    services, gateway = await _services(database)
    for _ in of(scale, 20):
        gift = await services.paid_gift(gateway, NOW)
        async with database.write() as connection:
            asked = await request_refund(connection, gift.id, 100, "again", bank=services.bank.name, by="li", now=NOW)
            await decide_refund(connection, asked.id, approve=True, note="", by="chen", now=NOW)

    async def work() -> None:
        await services.refund_sender.process_due(NOW)
        for sent in services.bank.refunds.values():
            sent.state = OrderState.paid
        await services.refund_sender.process_due(NOW + timedelta(days=1))

    return work


async def fill_reconciliation(database: Database, scale: int) -> Work:
    """A file of 2,000 rows, half of them ours; a second edition without the others; 300 payments in no file."""
    world: Books = await books(database)
    gifts = [await world.paid() for _ in of(scale, 1000)]
    for _ in of(scale, 300):
        await world.paid(at=NOW - timedelta(days=40))
    both = [*map(row, gifts), *(strange(f"{n:>032}") for n in of(scale, 1000))]
    world.bank.files[DAY] = file(both)
    later = file(both[: len(gifts)], edition="2")

    async def work() -> None:
        await world.nightly.run(NOW + timedelta(days=1), (DAY,))
        world.bank.files[DAY] = later
        await world.nightly.run(NOW + timedelta(days=1), (DAY,))

    return work


async def fill_large_file(database: Database, scale: int) -> Work:
    """A file of 10,000 rows, of which none is ours."""
    world: Books = await books(database)
    world.bank.files[DAY] = file([strange(f"{n:>032}") for n in of(scale, 10_000)])
    return partial(world.nightly.run, NOW + timedelta(days=1), (DAY,))


async def fill_publication(database: Database, scale: int) -> Work:
    """2,000 gifts of one purse that wait for publication."""
    async with database.write() as connection:
        for _ in of(scale, 2000):
            await gave(connection)
    publisher = Publisher(database, Ed25519PrivateKey.generate(), Environment.drill, lambda: NOW)
    return publisher.publish_waiting


async def fill_people(database: Database, scale: int) -> Work:
    """Data of 200 donors and 200 households, which end."""
    async with database.write() as connection:
        gifts = [await gave(connection) for _ in of(scale, 200)]
    whole = {"community": "huada", "changed_at": NOW, "changed_by": "", "state": "due", "number": ""}
    await put(database, tables.receipts, [whole | {"attempt": gift.id} for gift in gifts])
    sealed = {"community": "huada", "key": "", "sealed": bytes(500), "delete_at": NOW}
    donors = [sealed | {"attempt": gift.id, "given_at": NOW} for gift in gifts]
    await put(database, tables.receipt_donors, donors)
    async with database.write() as connection:
        for n in of(scale, 200):
            at = (NOW, "li", NOW)
            await cases.add(connection, StoredCase(f"{n:06}", "huada", "drill", "food", False, "closed", None, *at))
    homes = [sealed | {"case": f"{n:06}", "registered_at": NOW} for n in of(scale, 200)]
    await put(database, tables.households, homes)
    receipts = Receipts(database, Seal(bytes(32), Path("unused")), timedelta(days=1))

    async def work() -> None:
        await receipts.delete_due(NOW)
        await erase_due(database, NOW)

    return work


async def fill_gifts(database: Database, scale: int) -> Work:
    """300 gifts of phones that nobody paid, each with three changes."""
    at = NOW - GIFTS_STORED_FOR - timedelta(days=1)
    async with database.write() as connection:
        await gave(connection)
        new = [
            Intent(
                GATEWAY, new_id(), "huada", "drill", "lunch", 1, "CNY", None, 1, "ticket", "qr", at, "page", "closed"
            )
            for _ in of(scale, 300)
        ]
        await intents.add(connection, new)
    change = {
        "community": "huada",
        "gateway": GATEWAY,
        "before": "",
        "after": "x",
        "at": at,
        "cause": "",
        "evidence": "",
    }
    await put(database, tables.state_changes, [change | {"intent": intent.id} for intent in new for _ in range(3)])

    async def work() -> None:
        await delete_unpaid(database, NOW)

    return work


async def fill_visitors(database: Database, scale: int) -> Work:
    """The oldest day of 40 doors, with 12,000 registers, and 11,000 boots of a gateway."""
    async with database.write() as connection:
        await plant_community(connection, "huada", NOW)
    key = {"community": "huada", "project": "lunch", "door": "qr", "kind": "click", "rank": 3}
    rows = [key | {"hour": NOW, "beacon": f"{n // 300}", "register": n % 300} for n in of(scale, 12_000)]
    await put(database, tables.visitor_registers, rows)
    gateway = DeliveringGateway()
    await register(database, gateway.id, gateway.public, "huada", "Hall", NOW)
    boots = [
        {"gateway": gateway.id, "boot": f"{n:>032}", "first_at": NOW + timedelta(seconds=n)} for n in of(scale, 11_000)
    ]
    await put(database, tables.reported_boots, boots)

    async def work() -> None:
        before = NOW + timedelta(days=2)
        while await database.written(partial(visitors.forget_oldest, before=before)):
            pass
        while await database.written(gateway_reports.forget_boots):
            pass

    return work


async def fill_passes(database: Database, scale: int) -> Work:
    """5,000 passes and answers at their end, of 20,000."""
    async with database.write() as connection:
        await plant_community(connection, "huada", NOW)
    key = {"community": "huada", "uuid": "u", "major": 1, "minor": 1, "project": "lunch", "door": "qr", "given_at": NOW}
    ends = [NOW + timedelta(hours=1 if n % 4 else 0) for n in of(scale, 20_000)]
    await put(
        database, tables.presence_passes, [key | {"pass_hash": f"{n:>064}", "ends_at": at} for n, at in enumerate(ends)]
    )

    async def work() -> None:
        while await database.written(partial(presence_passes.forget, now=NOW + timedelta(minutes=1))):
            pass

    return work


WORLDS = {
    "figures": World(fill_figures),
    "alerts": World(fill_alerts),
    "webhooks": World(fill_webhooks),
    "bank": World(fill_queries),
    "refunds": World(fill_refunds),
    "reconciliation": World(fill_reconciliation),
    "large file": World(fill_large_file),
    "publication": World(fill_publication),
    "people": World(fill_people),
    "gifts": World(fill_gifts),
    "visitors": World(fill_visitors),
    "passes": World(fill_passes),
}
"""By stage of the server; `refunds` is of `bank`, `large file` of `reconciliation`.

`salts` writes one row; `changes` and `backups` none."""
