"""Each periodic job of a running server gets a bad record between two good ones, and processes the good ones."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
from sqlalchemy import insert, text

from central_server.alerts.lifecycle import update_alerts
from central_server.donations import refund_approval
from central_server.enrolment.gateways import register
from central_server.receipts.sealed_data import open_seal
from central_server.server_options import ServerTimings
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Alert
from central_server.store.api import deliveries, webhooks
from central_server.store.api.deliveries import Delivery
from central_server.store.api.webhooks import Webhook
from central_server.store.donations import intents, receipts
from central_server.store.donations.intents import Intent
from central_server.store.donations.receipts import DONOR, Receipt, SealedDonor
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, open_database
from central_server.store.engine.tables import alert_channels, heads, households
from central_server.store.families import cases
from central_server.store.families.cases import StoredCase
from central_server.store.places.places import TOP, plant_community
from central_server.store.reconciliation import statements
from central_server.store.reconciliation.statements import NewRow
from tests.fakes.central_process import running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.stored_parcels import received
from tests.sqlite import put_database
from tests.unit.central_server.ledger_world import gave
from tests.unit.central_server.statistics_world import stretch

NUMBERS, BAD = ("1", "2", "3"), "2"
WITHOUT_RECORDS = {"changes", "salts", "visitors", "passes", "backups"}
"""Stages that read no content of a record: they wait for marks, delete by age in one statement, or copy the file."""


async def refuse(connection: Connection, event: str, table: str, where: str) -> None:
    """Let the database refuse to change these rows."""
    body = "BEGIN SELECT RAISE(ABORT, 'this record cannot be changed'); END"
    await connection.execute(text(f"CREATE TRIGGER bad_{event}_{table} BEFORE {event} ON {table} WHEN {where} {body}"))


def now() -> datetime:
    """Not once for the module: an alert that was last seen minutes ago is not sent."""
    return datetime.now(UTC).replace(microsecond=0)


def earlier() -> datetime:
    return now() - timedelta(hours=2)


async def plant_orders(connection: Connection) -> None:
    gifts = [await gave(connection, project="orders") for _ in NUMBERS]
    await connection.execute(text("DROP TRIGGER attempts_no_update"))
    due = "UPDATE attempts SET state = 'sent', opened_at = :at, next_query_at = :at WHERE id = :id"
    for gift in gifts:
        await connection.execute(text(due), {"at": round(earlier().timestamp() * 1e6), "id": gift.id})
    await refuse(connection, "UPDATE", "attempts", f"OLD.id = '{gifts[1].id}'")


async def plant_refunds(connection: Connection) -> None:
    for number in NUMBERS:
        gift = await gave(connection, project="refunds")
        asked = await refund_approval.request_refund(
            connection, gift.id, 100, f"bad {number}", bank="sandbox", by="li", now=earlier()
        )
        await refund_approval.decide_refund(connection, asked.id, approve=True, note="", by="chen", now=earlier())
    await refuse(connection, "UPDATE", "refunds", f"OLD.reason = 'bad {BAD}'")


async def plant_tasks(connection: Connection) -> None:
    """Three gifts that were paid twice; one of the second payments has a currency that is none."""
    for _ in NUMBERS:
        gift = await gave(connection, project="tasks")
        await gave(connection, project="tasks", again=gift)
    await connection.execute(text("DROP TRIGGER ledger_lines_no_update"))
    newest = "(SELECT max(seq) FROM ledger_lines WHERE kind = 'surplus')"
    await connection.execute(text(f"UPDATE ledger_lines SET currency = 'cny' WHERE seq = {newest}"))


async def plant_channels(connection: Connection) -> None:
    """No mail server is set up: a good channel has a failed message. One has an unknown language."""
    for number in NUMBERS:
        row = {
            **{
                "id": number,
                "place": TOP,
                "kind": "mail",
                "address": "a@example.org",
                "money": True,
                "families": False,
            },
            **{"language": "??" if number == BAD else "en", "added_at": now(), "added_by": "li", "morning_at": now()},
            **{"failures": 0, "last_error": "", "morning_alerts": "[]"},
        }
        await connection.execute(insert(alert_channels), row)
    about = ("refused", "x", TOP, "x", "/staff/log", 1, now(), None, None, "")
    await alerts.add(connection, [Alert(*about, now() - timedelta(hours=1), now())])


async def plant_deliveries(connection: Connection) -> None:
    """To an address in a private network, which is refused: a good delivery has one try."""
    await webhooks.add(connection, Webhook("w" * 32, TOP, "https://10.1.2.3/", "webhook.trial", "ab" * 32, earlier()))
    new = [Delivery(f"{n:>032}", "w" * 32, "webhook.trial", "trial", int(n), "{}", now(), now()) for n in NUMBERS]
    await deliveries.put(connection, new)
    await refuse(connection, "UPDATE", "webhook_deliveries", f"OLD.seq = {BAD}")


async def plant_donors(connection: Connection) -> None:
    for number in NUMBERS:
        gift = await gave(connection, project="donors")
        await receipts.save(connection, Receipt(gift.id, gift.community, "due", "", earlier(), DONOR))
        donor = SealedDonor(gift.id, gift.community, "", number.encode(), earlier(), earlier())
        await receipts.save_donor(connection, donor)
    await refuse(connection, "DELETE", "receipt_donors", f"CAST(OLD.sealed AS TEXT) = '{BAD}'")


async def plant_unpaid_gifts(connection: Connection) -> None:
    at, gateway = now() - timedelta(days=400), (await gave(connection, project="others")).gateway
    for number in NUMBERS:
        about = (gateway, number * 32, "huada", "drill", "unpaid", 100, "CNY", None, 1, "ticket", "qr")
        await intents.add(connection, [Intent(*about, at, "page", "registered")])
    await refuse(connection, "DELETE", "intents", f"OLD.id = '{BAD * 32}'")


async def plant_households(connection: Connection) -> None:
    for number in NUMBERS:
        case = StoredCase(
            number,
            "huada",
            "drill",
            "food",
            False,
            "closed",
            None,
            earlier(),
            "li",
            earlier(),
        )
        await cases.add(connection, case)
        row = {
            "case": number,
            "community": "huada",
            "key": "",
            "sealed": b"",
            "registered_at": earlier(),
        }
        await connection.execute(insert(households), row | {"delete_at": earlier()})
    await refuse(connection, "DELETE", "households", f"OLD.\"case\" = '{BAD}'")


async def plant_statement(connection: Connection) -> None:
    """The rows of a file whose import was interrupted."""
    rows = [NewRow(int(n), "payment", n * 32, 100, "CNY", 0, n, "") for n in NUMBERS]
    of_bank = ("sandbox", "drill", TOP, now().date(), "ZM")
    stored, _ = await statements.begin(connection, *of_bank, b"file", len(rows), at=now(), cause="test")
    await statements.add_rows(connection, stored.id, list(statements.identify(rows)))
    await statements.complete(connection, stored.id)
    await refuse(connection, "UPDATE", "statement_rows", f"OLD.line = {BAD}")


async def plant_purses(connection: Connection) -> None:
    """Three communities with enough gifts to publish; the last head of one of them cannot be read."""
    for number in NUMBERS:
        await plant_community(connection, f"c{number}", now())
        for _ in range(5):
            await gave(connection, community=f"c{number}")
    row = {
        **{"community": f"c{BAD}", "environment": "drill", "project": "lunch", "step": 1, "up_to": 0, "digest": ""},
        **{
            "content": "{",
            "signature": "",
            "key": "",
            "given_minor": 0,
            "helped": 0,
            "published_at": earlier(),
        },
    }
    await connection.execute(insert(heads), row)


async def plant_parcels(database: Database) -> None:
    gateway = DeliveringGateway()
    await register(database, gateway.id, gateway.public, "huada", "Hall", earlier())
    for number in NUMBERS:
        await received(database, gateway.id, "huada", [stretch(int(number), earlier())], now())
    garbage = gzip.compress(b'[{"body":{"kind":"poem"}}]').hex()
    async with database.write() as connection:
        await connection.execute(text(f"UPDATE batches SET content = x'{garbage}' WHERE lowest = {BAD}"))


@dataclass(frozen=True)
class Case:
    """`job`: as it is quarantined. `good`: a query that returns 2 when both good records are processed."""

    stage: str
    job: str
    plant: Callable[[Connection], Awaitable[None]]
    good: str


CASES = (
    Case("bank", "bank", plant_orders, "SELECT count(*) FROM attempts WHERE state = 'expired'"),
    Case("bank", "refunds", plant_refunds, "SELECT count(*) FROM refunds WHERE state = 'refused'"),
    Case("alerts", "alerts", plant_tasks, "SELECT count(*) FROM alerts WHERE kind = 'surplus'"),
    Case("alerts", "alerts", plant_channels, "SELECT count(*) FROM alert_channels WHERE failures > 0"),
    Case("webhooks", "webhooks", plant_deliveries, "SELECT count(*) FROM webhook_deliveries WHERE tries > 0"),
    Case("gifts", "gifts", plant_unpaid_gifts, "SELECT 3 - count(*) FROM intents WHERE project = 'unpaid'"),
    Case("people", "donors", plant_donors, "SELECT 3 - count(*) FROM receipt_donors"),
    Case("people", "households", plant_households, "SELECT 3 - count(*) FROM households"),
    Case(
        "reconciliation",
        "reconciliation",
        plant_statement,
        "SELECT count(*) FROM statement_rows WHERE result = 'theirs_only'",
    ),
    Case(
        "publication", "publication", plant_purses, "SELECT count(*) FROM heads WHERE community LIKE 'c_' AND key <> ''"
    ),
    Case(
        "figures",
        "figures",
        lambda _: asyncio.sleep(0),
        "SELECT sum(stretches) FROM gateway_figures WHERE span = 'hour'",
    ),
)


async def test_a_bad_record_stops_no_job_of_the_server_and_is_an_alert(tmp_path: Path) -> None:
    state = tmp_path / "central"
    state.mkdir(mode=0o700)
    async with open_database(await put_database(state / "central.db")) as database:
        await plant_everything(database, (await open_seal(database, state, None)).fingerprint)
    timings = ServerTimings(bank_every_s=0.1, reconcile_every_s=0.1, startup_delay_s=0)
    async with (
        running_bank(tmp_path / "bank") as bank,
        running_central(state, bank, timings=timings) as central,
        central.database() as database,
        aiohttp.ClientSession() as session,
    ):
        async with asyncio.timeout(60):
            while any([await number(database, case.good) != 2 for case in CASES]):
                await asyncio.sleep(0.05)
        async with database.read() as connection:
            found = await connection.execute(text("SELECT job, count(*) FROM quarantined GROUP BY job"))
            jobs = {row[0]: row[1] for row in found}
        await update_alerts(database, "drill", (), datetime.now(UTC))
        async with session.get(f"{central.url}/healthz") as answer:
            health = await answer.json()
        alerted = await number(database, "SELECT sum(count) FROM alerts WHERE kind = 'quarantined'")
    assert jobs == {job: [case.job for case in CASES].count(job) for job in {case.job for case in CASES}}
    assert (alerted, health["degraded"]) == (len(CASES), [])
    assert health["stages"].keys() == {case.stage for case in CASES} | WITHOUT_RECORDS, "a new stage needs a case"


async def plant_everything(database: Database, key: str) -> None:
    """`key`: the fingerprint of the key that seals people's data."""
    await plant_parcels(database)
    for case in CASES:
        async with database.write() as connection:
            await case.plant(connection)
    async with database.write() as connection:
        for table in ("receipt_donors", "households"):
            await connection.execute(text(f"UPDATE {table} SET key = :key"), {"key": key})


async def number(database: Database, query: str) -> int:
    async with database.read() as connection:
        return int((await connection.execute(text(query))).scalar() or 0)
