"""Test reconciliation, evidence, receipts and permits in a browser: layout at each width and language."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from central_server.accounts.access import Role
from central_server.enrolment.gateways import register
from central_server.receipts.receipt_requests import Receipts
from central_server.receipts.sealed_data import Donor, open_seal
from central_server.reconciliation.statement_import import Reconciler
from sync_contract.records import HandoffKind
from tests.browser.conftest import OpenPage
from tests.browser.test_staff import _SMALL, PASSWORD, Hall, languages, log_in, size_faults
from tests.fakes.central_process import running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.staff_account import set_password
from tests.unit.central_server.reconciling_world import DAY, NOW, Books, back, file, row, strange

pytestmark = pytest.mark.asyncio(loop_scope="session")
PAGES = (
    "/staff/",
    "/staff/reconciliation",
    "/staff/reconciliation/1",
    "/staff/evidence",
    "/staff/receipts",
    "/staff/permits",
    "/staff/gifts",
    "/staff/ledger?month=2026-11",
    "/staff/disbursements",
    "/staff/refunds",
)


@pytest_asyncio.fixture(loop_scope="session")
async def books(tmp_path: Path) -> AsyncIterator[Hall]:
    """A community whose bank's file does not quite agree, with donors who wait for receipts."""
    async with AsyncExitStack() as edges:
        bank = await edges.enter_async_context(running_bank(tmp_path / "bank"))
        central = await edges.enter_async_context(running_central(tmp_path / "central", bank))
        session = await edges.enter_async_context(aiohttp.ClientSession())
        gateway = DeliveringGateway(session, central.url)
        async with central.database() as database:
            await set_password(database, "chen", PASSWORD, datetime.now(UTC), role=Role.chief)
            await register(database, gateway.id, gateway.public, "huada", "华大社区活动中心大厅", datetime.now(UTC))
            world = Books(database, gateway.id)
            gifts = [await world.paid(1_234_567 + each) for each in range(4)]
            work = Reconciler(database, gifts[0].bank, "drill", lambda: None)
            rows = (row(gifts[0], fee=-7), row(gifts[1]), row(gifts[1]), strange("e" * 32), back("f" * 32, 50))
            await work.import_statement(file(rows, DAY), NOW, cause="test")
            seal = await open_seal(database, central.state, None)
            wanted = Receipts(database, seal, timedelta(days=90))
            for gift in gifts[:2]:
                await wanted.request(gift.id, Donor("王小明", email="a@b.cn"), NOW)
            async with database.write() as connection:
                await wanted.issue(connection, gifts[1].id, "R-2026-0001", "chen", NOW)
        await gateway.deliver([gateway.intent(handoff=HandoffKind.link)])
        yield Hall(central, gateway)


PRINTED = """() => {
  const controls = [...document.querySelectorAll(".menu, .masthead, form, .actions, .pager")];
  const shown = controls.filter((each) => each.checkVisibility());
  const wide = document.scrollingElement.scrollWidth - innerWidth;
  return [...shown.map((each) => each.className || each.localName), ...(wide > 0 ? [`${wide} px too wide`] : []),
    ...(document.querySelector(".paper-head").checkVisibility() ? [] : ["no head"])];
}"""
"""What a sheet of A4 shows that is only for a screen, or cuts off."""


async def test_every_page_of_the_books_fits_and_prints_in_english_and_chinese(open_page: OpenPage, books: Hall) -> None:
    page = await open_page(1280, 800)
    await log_in(page, books, "/staff/")
    wrong: dict[tuple[str, str], object] = {}
    for number, path in enumerate(PAGES):
        for language in languages(number):
            answer = await page.goto(f"{books.central.url}{path}{'&' if '?' in path else '?'}lang={language}")
            assert answer is not None
            assert answer.status == 200, path
            wrong[path, language] = await size_faults(page, _SMALL)
        await page.set_viewport_size({"width": 688, "height": 1000})
        await page.emulate_media(media="print")
        wrong[path, "paper"] = await page.evaluate(PRINTED)
        await page.emulate_media(media="screen")
        await page.set_viewport_size({"width": 1280, "height": 800})
        if path == "/staff/receipts":
            assert "R-2026-0001" in await page.content(), "an issued receipt remains visible"
    assert not any(wrong.values()), wrong
