"""A donation from the ticket to the bank and back."""

import asyncio
import json
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from msgspec.structs import replace
from sqlalchemy import Table, select

from central_server.store.donations import attempts, intents
from central_server.store.engine.database import PRAGMAS
from central_server.store.engine.tables import figures, metadata
from central_server.store.ledger import ledger_lines
from sync_contract.records import Receipt
from sync_contract.strict_model import Environment
from tests.fakes.central_process import RunningBank, RunningCentral, running_central
from tests.fakes.delivering_gateway import DeliveringGateway, as_json
from tests.fakes.donor import Donor, Page
from tests.unit.central_server.conftest import enrolled


async def everything(central: RunningCentral) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table except those written by periodic work."""
    own = {
        "leases",
        "webhook_marks",
        "beacon_activity",
        *(each.name for each in vars(figures).values() if isinstance(each, Table)),
    }
    async with central.database() as database, database.read() as connection:
        return {
            table.name: [tuple(row) for row in await connection.execute(select(table))]
            for table in metadata.sorted_tables
            if table.name not in own
        }


async def until_paid(donor: Donor, page: Page) -> Page:
    async with asyncio.timeout(60):
        while "Thank you" not in page.text():
            await asyncio.sleep(0.05)
            page = await donor.open(page.url)
    return page


async def test_a_gift_is_paid_by_the_banks_notification(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    await gateway.deliver([parcel])
    page = await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}")
    assert "Warm lunches" in page.text()
    assert "¥50" in page.text()
    assert "Drill Charity" in page.text()
    at_bank = await donor.press(page)
    assert "/pay/" in at_bank.url
    assert "¥50" in at_bank.text()
    back = await donor.press(at_bank, decision="confirm")
    paid = await until_paid(donor, back)
    async with central.database() as database, database.read() as connection:
        intent = await intents.get(connection, gateway.id, parcel.id)
        lines = await ledger_lines.of_intent(connection, gateway.id, parcel.id)
        history = await intents.history(connection, gateway.id, parcel.id)
    assert intent is not None
    assert intent.state == "paid"
    assert intent.slip in paid.text()
    assert [(line.kind, line.amount_minor, line.environment, line.slip) for line in lines] == [
        ("paid", 5000, "drill", intent.slip)
    ]
    assert [(bool(step.attempt), step.before, step.after, step.cause) for step in history] == [
        (False, "", "registered", "parcel"),
        (True, "", "opened", "donor"),
        (True, "opened", "sent", "bank"),
        (False, "registered", "handed_off", "attempt"),
        (True, "sent", "paid", "notification"),
        (False, "handed_off", "paid", "notification"),
    ]


async def test_opening_a_ticket_changes_nothing(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    before = await everything(central)
    for door in ("t", "T"):
        assert (await donor.open(f"{central.url}/{door}/{gateway.ticket(parcel)}")).status == 200
    assert (await donor.open(f"{central.url}/t/{gateway.ticket(parcel).lower()}")).status == 200
    assert await everything(central) == before


async def test_a_ticket_before_its_parcel_is_one_gift(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    await until_paid(donor, await donor.give(f"{central.url}/T/{gateway.ticket(parcel)}"))
    assert [receipt.receipt for receipt in await gateway.deliver([parcel])] == [Receipt.accepted]
    rows = await everything(central)
    assert len(rows["intents"]) == len(rows["attempts"]) == len(rows["ledger_lines"]) == len(rows["parcels"]) == 1
    async with central.database() as database, database.read() as connection:
        intent = await intents.get(connection, gateway.id, parcel.id)
    assert intent is not None
    assert (intent.state, intent.door, intent.first_seen_in) == ("paid", "touch", "ticket")


async def test_a_parcel_that_contradicts_its_ticket_is_a_conflict(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    await donor.press(await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}"))
    dearer = replace(parcel, body=replace(parcel.body, amount_minor=9900))
    other = gateway.statistics()
    receipts = await gateway.deliver([dearer, other])
    assert [(receipt.receipt, receipt.reason) for receipt in receipts] == [
        (Receipt.conflict, "differs_from_ticket: amount_minor"),
        (Receipt.accepted, ""),
    ]
    rows = await everything(central)
    assert len(rows["parcels"]) == 1
    async with central.database() as database, database.read() as connection:
        intent = await intents.get(connection, gateway.id, parcel.id)
    assert intent is not None
    assert intent.amount_minor == 5000
    assert intent.door is None


async def test_a_ticket_that_contradicts_its_parcel_is_refused_and_logged_for_staff(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    page = await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}")
    await gateway.deliver([replace(parcel, body=replace(parcel.body, amount_minor=100))])
    refused = await donor.press(page)
    assert refused.status == 400
    assert "not valid" in refused.text()
    rows = await everything(central)
    assert rows["attempts"] == []
    assert any("differs_from_intent: amount_minor" in row for row in rows["arrivals"])


async def test_concurrent_confirmations_lead_to_one_order(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    page = await donor.open(f"{central.url}/t/{gateway.ticket(gateway.intent())}")
    at_bank = await asyncio.gather(*(donor.press(page) for _ in range(6)))
    assert len({entry.url for entry in at_bank}) == 1
    assert len((await everything(central))["attempts"]) == 1


async def test_after_a_cancelled_order_a_new_one_is_opened(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    parcel = gateway.intent()
    url = f"{central.url}/t/{gateway.ticket(parcel)}"
    back = await donor.press(await donor.press(await donor.open(url)), decision="cancel")
    async with asyncio.timeout(60):
        while "Not completed" not in back.text():
            await asyncio.sleep(0.05)
            back = await donor.open(back.url)
    await until_paid(donor, await donor.give(url))
    async with central.database() as database, database.read() as connection:
        tried = await attempts.of_intent(connection, gateway.id, parcel.id)
    assert [attempt.state for attempt in tried] == ["failed", "paid"]


async def test_a_paid_gift_cannot_be_paid_again(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    url = f"{central.url}/t/{gateway.ticket(gateway.intent())}"
    form = await donor.open(url)
    await until_paid(donor, await donor.give(url))
    assert "Thank you" in (await donor.open(url)).text()
    assert "Thank you" in (await donor.press(form)).text()
    assert len((await everything(central))["attempts"]) == 1


async def test_an_old_ticket_asks_the_donor_to_confirm_again(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    fresh = await donor.open(f"{central.url}/t/{gateway.ticket(gateway.intent(), age=timedelta(minutes=9))}")
    assert "Please confirm again" not in fresh.text()
    ticket = gateway.ticket(gateway.intent(), age=timedelta(minutes=11))
    page = await donor.open(f"{central.url}/t/{ticket}")
    assert "Please confirm again" in page.text()
    unasked = Page(200, page.url, page.html.replace("?confirmed=1", ""))
    assert "Please confirm again" in (await donor.press(unasked)).text()
    assert "/pay/" in (await donor.press(page)).url


async def test_a_ticket_from_the_future_of_a_trusted_clock_is_confirmed_again_or_refused(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    for ahead, status, words in (
        (timedelta(minutes=9), 200, "Pay at the bank"),
        (timedelta(minutes=11), 200, "Please confirm again"),
        (timedelta(days=400), 400, "not valid"),
    ):
        page = await donor.open(f"{central.url}/t/{gateway.ticket(gateway.intent(), age=-ahead)}")
        assert page.status == status, (ahead, page.text())
        assert words in page.text(), (ahead, page.text())


async def test_an_untrusted_clock_does_not_age_a_ticket(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    ticket = gateway.ticket(gateway.intent(), age=timedelta(days=20000), trusted=False)
    page = await donor.open(f"{central.url}/t/{ticket}")
    assert "Please confirm again" not in page.text()
    assert "/pay/" in (await donor.press(page)).url


async def test_an_impossible_gift_is_a_page_with_the_reason(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    cases: list[tuple[dict[str, Any], int, str]] = [
        ({"project": "nobody"}, 404, "This project is not available here"),
        ({"project": "ended"}, 403, "This project takes no gifts at the moment"),
        ({"amount_minor": 100_001}, 400, "Please choose another amount"),
        ({"environment": Environment.real}, 400, "are separate"),
    ]
    for changes, status, words in cases:
        page = await donor.open(f"{central.url}/t/{gateway.ticket(gateway.intent(**changes))}")
        assert page.status == status, changes
        assert words in page.text(), changes
    assert (await everything(central))["intents"] == []


async def test_a_forged_ticket_is_refused_and_counted(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: aiohttp.ClientSession
) -> None:
    before = await everything(central)
    good = gateway.ticket(gateway.intent())
    stranger = DeliveringGateway(session, central.url)
    impostor = DeliveringGateway(session, central.url)
    impostor.id = gateway.id
    altered = good[:60] + ("A" if good[60] != "A" else "B") + good[61:]
    tickets = [stranger.ticket(stranger.intent()), impostor.ticket(impostor.intent()), altered, good[:-1], "A", "%00"]
    for ticket in tickets:
        page = await donor.open(f"{central.url}/t/{ticket}")
        assert page.status == 400, ticket
        assert "This code is not valid" in page.text()
    async with session.post(f"{central.url}/t/{altered}", data={"csrf": "0"}) as answer:
        assert answer.status == 400
    assert await everything(central) == before
    async with session.get(f"{central.url}/healthz") as answer:
        refused = (await answer.json())["refused"]
    assert refused["ticket.unknown_key"] == 2
    assert refused["ticket.forged"] >= 4


async def test_a_form_without_its_token_opens_nothing(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    async with session.post(f"{central.url}/t/{gateway.ticket(gateway.intent())}", data={"csrf": "0" * 64}) as answer:
        assert answer.status == 403
    assert (await everything(central))["intents"] == []


async def test_an_unknown_return_address_is_not_found(central: RunningCentral, donor: Donor) -> None:
    assert (await donor.open(f"{central.url}/g/{'x' * 43}")).status == 404


async def test_a_locked_store_is_503_and_recovers(
    tmp_path: Path, bank: RunningBank, donor: Donor, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PRAGMAS, "busy_timeout", 100)
    async with running_central(tmp_path / "central", bank) as central:
        gateway = await enrolled(central, DeliveringGateway(session, central.url))
        parcel = gateway.intent()
        page = await donor.open(f"{central.url}/t/{gateway.ticket(parcel)}")
        batch = {"contract": 1, "parcels": [as_json(parcel)]}
        path = central.state / "central.db"
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
            await asyncio.to_thread(
                other.execute, "BEGIN IMMEDIATE"
            )  # the server, in this loop, may have to finish first
            (status, body), refused = await asyncio.gather(gateway.post_batch(batch), donor.press(page))
            assert status == refused.status == 503
            assert json.loads(body)["status"] == 503
            assert "Nothing was registered" in refused.text()
            other.execute("ROLLBACK")
        assert [receipt.receipt for receipt in await gateway.deliver([parcel])] == [Receipt.accepted]
        assert "/pay/" in (await donor.press(page)).url
