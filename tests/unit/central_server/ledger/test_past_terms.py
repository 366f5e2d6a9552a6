"""An edited project changes no slip, receipt, filing or ledger line of the past."""

import io
import re
from datetime import datetime, timedelta

import aiohttp
import openpyxl  # type: ignore[import-untyped]  # it has no types

from central_server.books.charity_totals import Period, load_charity_totals
from central_server.donations import refund_outcome
from central_server.store.donations import attempts
from central_server.store.places.places import TOP
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Language
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.unit.central_server.catalogue_world import edit, texts
from tests.unit.central_server.donations.test_receipts import a_gift
from tests.unit.central_server.ledger.test_ledger_pages import log_in_as


async def test_an_edited_project_changes_nothing_of_the_past(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: aiohttp.ClientSession
) -> None:
    before = await a_gift(central, gateway, donor)
    nonce = before.url.rpartition("/g/")[2]
    form = await donor.open(f"{before.url}/receipt")
    given = {"name": "A donor", "email": "donor@charity.org", "consent": "yes", "choice": "due"}
    await donor.press(form, **given)
    async with central.database() as database:
        await edit(database, "all", title=texts("Other title"), payee=texts("A burglar"), filing="NEW-F-1")
        async with database.write() as connection:
            attempt = await attempts.by_return_nonce(connection, "drill", nonce)
            assert attempt is not None
            now = datetime.now(OFFICIAL_TIME)
            await refund_outcome.post_bank_return(connection, attempt.id, 100, evidence="R", now=now)
        today = now.date()
        async with database.read() as connection:
            for first, last in ((today, today), (today + timedelta(days=1), today + timedelta(days=1))):
                totals = await load_charity_totals(connection, [TOP], "drill", Period(first, last), Language.en, now)
                assert [row[:4] for row in totals.rows] == [("Warm lunches", "DRILL-F-1", "演练慈善会", "DRILL-1")]
    page = await donor.open(before.url)
    assert "DRILL-F-1" in page.text()
    assert not re.search("NEW-F-1|A burglar|Other title", page.html)
    proof = re.search(r'href="(/v/[0-9a-f]{32})"', page.html)
    assert proof is not None
    assert "Warm lunches" in (await donor.open(central.url + proof[1])).text()
    lin = await log_in_as(central, session, "lin")
    assert "Warm lunches" in (await lin.open("/staff/receipts")).text()
    async with session.get(f"{central.url}/staff/ledger/export?place=huada&format=xlsx") as answer:
        rows = list(openpyxl.load_workbook(io.BytesIO(await answer.read())).active.iter_rows(values_only=True))
    assert len(rows) == 3, rows
    assert {row[-4:] for row in rows[1:]} == {("演练慈善会", "演练慈善会", "DRILL-1", "DRILL-F-1")}
