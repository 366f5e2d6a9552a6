"""A giver who left an address is thanked once, when the money was spent; then nothing of the address remains."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
from aiohttp import web
from sqlalchemy import ColumnElement, select, update

from central_server.accounts.access import Role
from central_server.alerts.notifier import Message, SendFailed
from central_server.alerts.thanks import STORAGE_TIME, Address, ThankYou
from central_server.ledger.publication import Publisher
from central_server.receipts.sealed_data import open_seal
from central_server.server_options import ServerTimings
from central_server.staff.donations.letter_page import LetterPage
from central_server.staff.frame.page_frame import PageFrame
from central_server.state_files import catalogue_key
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.thanks import ThanksState
from central_server.store.engine.database import Database, open_database
from central_server.store.engine.tables import thanks
from central_server.store.ledger import ledger_lines, money_uses, purses
from sync_contract.strict_model import Environment
from tests.fakes.central_process import CONFIG, RunningBank, running_central
from tests.fakes.donor import Donor
from tests.fakes.mail_server import running_post_office
from tests.sqlite import put_database
from tests.unit.central_server.ledger.test_spending_order import spent
from tests.unit.central_server.ledger_world import HUADA, gave_back, given
from tests.unit.central_server.staff_desk import Browser, account, running_desk
from tests.unit.central_server.test_bad_records import refuse

NOW = datetime.now(UTC)


async def ask(session: aiohttp.ClientSession, url: str, gift: Attempt, **fields: str) -> str:
    donor = Donor(session)
    page = await donor.open(f"{url}/g/{gift.return_nonce}/thanks")
    return (await donor.press(page, **fields)).text()


async def count(database: Database, which: ColumnElement[bool]) -> int:
    async with database.read() as connection:
        return len((await connection.execute(select(thanks.c.attempt).where(which))).all())


async def test_one_message_when_the_money_is_spent_over_restarts_and_failures(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession
) -> None:
    state = tmp_path / "central"
    state.mkdir(mode=0o700)
    store = await put_database(state / "central.db")
    async with AsyncExitStack() as stack:
        office = stack.enter_context(running_post_office(tmp_path))
        database = await stack.enter_async_context(open_database(store))
        mail = f'[mail]\nhost = "127.0.0.1"\nport = {office.port}\nsecurity = "none"\nsender = "give@x.example"\n'
        config = f"{CONFIG}\n{mail}"
        publisher = Publisher(database, catalogue_key(state), Environment.drill, lambda: NOW)
        gifts = await given(database, *[2000] * 6)
        await publisher.publish_waiting()
        async with database.read() as connection:
            places = {each.line: each.place for each in await money_uses.front(connection, HUADA, 12_000)}
        gifts.sort(key=lambda gift: places[f"received:{gift.id}"])
        async with running_central(state, bank, store=store, config=config) as central:
            assert "Please check it" in await ask(session, central.url, gifts[0], email="no address", consent="yes")
            assert "nothing was stored" in await ask(session, central.url, gifts[0], email="a@b.example")
            for number, gift in enumerate(gifts):
                page = await ask(session, central.url, gift, email=f"giver{number}@mail.example", consent="yes")
                assert "We will write once." in page
            assert "Write to me once" in await ask(session, central.url, gifts[4]), "withdrawn"
        await gave_back(database, gifts[5], 2000)
        async with database.write() as connection:
            n = (await purses.get(connection, HUADA)).lines + 1
            await ledger_lines.add(connection, replace(spent(n, 10_000), secret=f"{n:032x}", at=NOW))
        await publisher.publish_waiting()
        assert office.came == []
        office.refused = {"giver3@mail.example"}
        for messages in (3, 4):
            async with running_central(
                state, bank, store=store, config=config, timings=ServerTimings(startup_delay_s=0)
            ):
                async with asyncio.timeout(120):
                    while await count(database, thanks.c.state == ThanksState.sent) < messages:
                        await asyncio.sleep(0.05)
                    while messages == 3 and not await count(database, thanks.c.failures == 1):
                        await asyncio.sleep(0.05)
                    while messages == 4 and await count(database, thanks.c.state == ThanksState.waiting):
                        await asyncio.sleep(0.05)
            office.refused = set()
            async with database.write() as connection:
                await connection.execute(update(thanks).values(next_at=NOW))
        assert sorted(str(mail["To"]) for mail in office.came) == [f"giver{number}@mail.example" for number in range(4)]
        assert len({mail["Message-ID"] for mail in office.came}) == 4
        content = office.came[0].get_content()
        assert str(office.came[0]["Subject"]) == "[Drill] Your gift has been spent: Warm lunches"
        assert "¥20" in content
        assert "/v/" in content
        async with database.read() as connection:
            rows = {row.attempt: row for row in await connection.execute(select(thanks))}
        assert [rows[gift.id].state for gift in gifts] == [ThanksState.sent] * 4 + [ThanksState.ended] * 2
        assert all(row.sealed is None for row in rows.values())
        await check_letters(database, gifts)


async def test_an_address_that_is_erased_while_the_message_is_sent_stays_erased(tmp_path: Path) -> None:
    state = tmp_path / "central"
    state.mkdir(mode=0o700)
    withdrawn: list[ThankYou] = []

    class Mail:
        async def send(self, address: str, message: Message) -> None:
            await withdrawn[0].withdraw(gift.id, NOW)
            raise SendFailed("no answer")

    async with open_database(await put_database(state / "central.db")) as database:
        gift, *_ = await given(database, *[2000] * 5)
        await Publisher(database, catalogue_key(state), Environment.drill, lambda: NOW).publish_waiting()
        async with database.write() as connection:
            n = (await purses.get(connection, HUADA)).lines + 1
            await ledger_lines.add(connection, replace(spent(n, 10_000), secret=f"{n:032x}", at=NOW))
        await Publisher(database, catalogue_key(state), Environment.drill, lambda: NOW).publish_waiting()
        withdrawn += [ThankYou(database, await open_seal(database, state, None), Mail(), Environment.drill, str)]
        await withdrawn[0].ask(gift, Address("giver@mail.example", "en"), NOW)
        assert await withdrawn[0].send_due(NOW) == 0
        async with database.read() as connection:
            row = (await connection.execute(select(thanks))).one()
    assert (row.state, row.sealed) == (ThanksState.ended, None)


async def test_a_gift_that_cannot_be_thanked_yet_waits_behind_the_others(tmp_path: Path) -> None:
    state = tmp_path / "central"
    state.mkdir(mode=0o700)
    async with open_database(await put_database(state / "central.db")) as database:
        gift, *_ = await given(database, *[2000] * 5)
        await Publisher(database, catalogue_key(state), Environment.drill, lambda: NOW).publish_waiting()
        letters = ThankYou(database, await open_seal(database, state, None), None, Environment.drill, str)
        await letters.ask(gift, Address("giver@mail.example", "en"), NOW)
        await gave_back(database, gift, 500)  # not published
        assert await letters.send_due(NOW) == 0
        async with database.read() as connection:
            row = (await connection.execute(select(thanks))).one()
    assert row.state == ThanksState.waiting
    assert row.next_at > NOW


async def test_a_damaged_address_stops_the_erasure_of_no_other(tmp_path: Path) -> None:
    state = tmp_path / "central"
    state.mkdir(mode=0o700)
    async with open_database(await put_database(state / "central.db")) as database:
        gifts = await given(database, 2000, 2000)
        letters = ThankYou(database, await open_seal(database, state, None), None, Environment.drill, str)
        for gift in gifts:
            await letters.ask(gift, Address("giver@mail.example", "en"), NOW)
        first = min(gift.id for gift in gifts)
        async with database.write() as connection:
            await refuse(connection, "UPDATE", "thanks", f"OLD.attempt = '{first}'")
        assert await letters.send_due(NOW + STORAGE_TIME) == 0
        assert await count(database, thanks.c.sealed.is_(None)) == 1


async def check_letters(database: Database, gifts: list[Attempt]) -> None:
    def pages(frame: PageFrame) -> Sequence[web.RouteDef]:
        return LetterPage(frame, Environment.drill, lambda: "https://give.example.org").routes()

    async with running_desk(database, more=pages) as desk:
        await account(database, "fei", role=Role.finance)
        browser = Browser(desk)
        await browser.log_in("fei")
        for gift, words in ((gifts[0], "Your gift has been spent"), (gifts[5], "or it was refunded")):
            page = await browser.open(f"/staff/gifts/{gift.gateway}/{gift.intent}/letter")
            assert words in page.text()
            assert "deleted" not in page.text(), "no address was stored"
