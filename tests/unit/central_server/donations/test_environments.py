"""Drill and real data never mix: not at start, and not by a row of the other environment in the database."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from central_server.banks.port import BankRefused, Notification
from central_server.donations.settlement import PaymentRefused
from central_server.donations.typed_codes import CodedIntent
from central_server.state_files import StateRefused
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import Attempt
from central_server.store.engine.database import Database, StoreRefused
from sync_contract.strict_model import Environment, Language
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import CONFIG, RunningBank, RunningCentral, running_central
from tests.fakes.donation_services import LUNCH, MemoryBankServices
from tests.fakes.donor import Donor
from tests.fakes.money_bank import MoneyBank
from tests.sqlite import put_database
from tests.unit.central_server.ledger_world import gave
from tests.unit.central_server.refund_world import NOW, RefundWorld, world

__all__ = ["world"]
LINK = 'kind = "link"\nlink_url = "https://give.charity.org/{project}"\nlink_hosts = ["give.charity.org"]'
REAL = CONFIG.replace('"drill"', '"real"').replace('kind = "sandbox"', LINK)


async def test_a_folder_and_a_database_of_the_other_environment_prevent_the_start(
    tmp_path: Path, bank: RunningBank
) -> None:
    state = tmp_path / "central"
    async with running_central(state, bank):
        pass
    with pytest.raises(StoreRefused, match="belongs to the environment drill"):
        async with running_central(state, bank, config=REAL):
            pass
    (state / "central.db").unlink()
    await put_database(state / "central.db")
    with pytest.raises(StateRefused, match="this folder belongs to the environment 'drill'"):
        async with running_central(state, bank, config=REAL):
            pass
    async with running_central(tmp_path / "other", bank, config=REAL):
        pass


async def _foreign(database: Database) -> Attempt:
    """Add a paid gift of the other environment, as an old mixture would hold it."""
    async with database.write() as connection:
        return await gave(connection, environment="real", at=datetime.now(UTC))


async def test_codes_and_slips_of_the_other_environment_are_unknown(
    central: RunningCentral, session: aiohttp.ClientSession
) -> None:
    now = datetime.now(UTC)
    async with central.database() as database:
        paid = await _foreign(database)
        async with database.write() as connection:
            intent = await intents.get(connection, paid.gateway, paid.intent)
            assert intent is not None
            for environment, code in (("drill", "AAAA-AAAA"), ("real", "BBBB-BBBB")):
                one = replace(intent, id=new_id(), environment=environment, state="registered", code=code)
                await intents.add(connection, [replace(one, first_seen_at=now)])
    donor = Donor(session)
    found = [(await donor.open(f"{central.url}{path}")).status for path in (
        "/t?code=AAAA-AAAA", "/t?code=BBBB-BBBB", f"/g/{paid.return_nonce}", f"/g/{paid.return_nonce}/receipt"
    )]  # fmt: skip
    assert found == [200, 404, 404, 404]


async def test_money_of_the_other_environment_is_neither_asked_for_nor_posted_nor_returned(world: RefundWorld) -> None:
    gift = await world.gift()
    refund = await world.ask(gift, 100)
    await world.decide(refund)
    opened = await _opened(world)
    real = MoneyBank(environment=Environment.real)
    real.orders, real.refunds = world.bank.orders, world.bank.refunds
    other = MemoryBankServices(world.database, real)
    assert await other.refund_sender.process_due(NOW) == 0
    assert await other.queries.query_due(NOW.replace(year=2027)) == 0
    notification: Notification = world.bank.pay(opened.id)
    with pytest.raises(PaymentRefused, match="is not ours"):
        await other.settlement.record_notification(notification, NOW)
    async with world.database.read() as connection:
        intent = await intents.get(connection, opened.gateway, opened.intent)
    assert intent is not None
    with pytest.raises(BankRefused, match="is drill, this server real"):
        await other.opening.open(CodedIntent(intent, ""), LUNCH, Language.en, NOW)
    assert await world.house.refund_sender.process_due(NOW) == 1
    assert await world.house.settlement.record_notification(notification, NOW)


async def _opened(world: RefundWorld) -> Attempt:
    parcel = world.gateway.intent()
    await world.house.press(world.gateway.ticket(parcel, issued_at=NOW), NOW)
    async with world.database.read() as connection:
        (attempt,) = await attempts.of_intent(connection, world.gateway.id, parcel.id)
    return attempt
