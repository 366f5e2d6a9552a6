"""Donors at the emulated UnionPay."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from central_server.bank_emulator.unionpay.clock import Clock
from central_server.banks.port import Bank, Form, Order, OrderId
from central_server.banks.registry import BANKS
from sync_contract.money import Money
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import running_bank
from tests.fakes.donor import Donor
from tests.fakes.unionpay import account_at, authority_in


@dataclass
class Drill:
    """The adapter, the emulated bank at `url`, and the clock of both."""

    bank: Bank
    url: str
    clock: Clock


@asynccontextmanager
async def drill(state: Path, *faults: str) -> AsyncIterator[Drill]:
    """A bank that notifies nobody."""
    authority_in(state)
    clock = Clock()
    async with (
        running_bank(state, kind="unionpay", gaps_min=(), clock=clock, faults=faults) as running,
        BANKS["unionpay"](account_at(running.url, running.credentials, clock)) as bank,
    ):
        yield Drill(bank, running.url, clock)


async def press(bank: Bank, donor: Donor, url: str, decision: str, at: datetime, minor: int = 1000) -> OrderId:
    """Press a button at the bank as the donor."""
    order = Order(new_id(), at, Money(minor), "午餐", Language.zh_hans, f"{url}/g/x", f"{url}/n", project="lunch")
    form = await bank.open(order)
    assert isinstance(form, Form)
    page = await donor.send(form.action, dict(form.fields))
    assert page.status == 200, page.text()
    await donor.press(page, decision=decision)
    return OrderId(order.id, order.at)


async def paid_at(bank: Bank, donor: Donor, url: str, minor: int = 1000) -> OrderId:
    return await press(bank, donor, url, "confirm", datetime.now(UTC), minor)
