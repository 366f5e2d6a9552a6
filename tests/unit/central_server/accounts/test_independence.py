"""One person never decides as two: accounts that one person made, reset or gave the money right are dependent."""

from dataclasses import dataclass

import pytest

from central_server.accounts import account_administration
from central_server.accounts.access import RIGHTS, Right, Role
from central_server.accounts.account_administration import Governed, NotGoverned
from central_server.donations.refund_approval import RefundNotPossible, RefundProblem
from central_server.ledger.spending import SpendingProblem
from central_server.store.accounts import accounts, independence
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from tests.unit.central_server.catalogue_world import huada
from tests.unit.central_server.ledger.test_shortfalls import approved, asked
from tests.unit.central_server.ledger.test_spending import ask, decide, hall, refused, wanted
from tests.unit.central_server.ledger_world import NOW, given
from tests.unit.central_server.staff_desk import NOW as DESK_NOW
from tests.unit.central_server.staff_desk import Browser, account, running_desk

__all__ = ["hall", "huada"]


@dataclass
class Office:
    """`first`, `second`: administrators from the machine's console."""

    database: Database

    async def governed(self, name: str) -> Governed:
        async with self.database.read() as connection:
            return await account_administration.one(connection, name, [TOP])

    async def make(self, name: str, by: str, role: Role = Role.finance) -> None:
        async with self.database.write() as connection:
            await account_administration.add(connection, name, "x", "huada", role, NOW, by=by)

    async def confirm(self, name: str, by: str) -> None:
        governed = await self.governed(name)
        async with self.database.write() as connection:
            await account_administration.confirm(connection, governed, by)

    async def independent(self, one: str, other: str) -> bool:
        async with self.database.read() as connection:
            return await independence.are_independent(connection, one, other)


@pytest.fixture
async def office(hall: Database) -> Office:
    for name in ("first", "second"):
        await account(hall, name)
    return Office(hall)


def test_only_these_roles_decide_by_two() -> None:
    deciding = {Right.money, Right.families}
    assert {role.value for role in Role if deciding & RIGHTS[role]} == set(independence.DECIDING_ROLES)
    assert not deciding & RIGHTS[Role.admin]
    assert [role for role in Role if Right.families in RIGHTS[role]] == [Role.family]


async def test_an_administrator_cannot_decide_through_an_account_of_the_own_making(office: Office) -> None:
    await office.make("lin", "first")
    await office.make("chen", "first")
    await office.make("puppet", "first", Role.admin)
    one = await ask(office.database, wanted())
    assert await refused(decide(office.database, one, "chen")) is SpendingProblem.dependent
    assert await refused(decide(office.database, one, "first")) is SpendingProblem.dependent
    (gift,) = await given(office.database, 500)
    request = await asked(office.database, gift.id, 100)
    with pytest.raises(RefundNotPossible) as error:
        await approved(office.database, request)
    assert error.value.problem is RefundProblem.dependent
    for by in ("first", "puppet", "lin"):
        with pytest.raises(NotGoverned):
            await office.confirm("chen", by)
    await office.confirm("chen", "second")
    await decide(office.database, one, "chen")


async def test_a_later_reset_or_grant_ends_a_confirmation(office: Office) -> None:
    for name in ("lin", "chen"):
        await office.make(name, "first")
    await office.confirm("chen", "second")
    assert await office.independent("lin", "chen")
    governed = await office.governed("chen")
    async with office.database.write() as connection:
        await account_administration.give_password(connection, governed, "y", NOW, by="first")
    assert not await office.independent("lin", "chen")
    await office.confirm("chen", "second")
    async with office.database.write() as connection:
        await account_administration.grant(connection, governed, "huada", Role.chief, NOW, by="first")
    assert not await office.independent("lin", "chen")
    governed = await office.governed("first")
    async with office.database.write() as connection:
        with pytest.raises(NotGoverned):
            await account_administration.grant(connection, governed, "huada", Role.finance, NOW, by="first")


async def test_only_another_administrator_is_offered_the_confirmation(office: Office) -> None:
    for name in ("lin", "chen"):
        await office.make(name, "first")
    async with running_desk(office.database) as desk:
        desk.now = DESK_NOW
        maker, other = Browser(desk), Browser(desk)
        await maker.log_in("first")
        assert "Confirm that another person uses it" not in (await maker.open("/staff/accounts/chen")).text()
        assert (await maker.forge("/staff/accounts/chen/confirm")).status == 404
        await other.log_in("second")
        await other.open("/staff/accounts/chen")
        page = await other.send("/staff/accounts/chen/confirm")
        assert "second" in page.text()
    assert await office.independent("lin", "chen")
    async with office.database.read() as connection:
        confirmed = await accounts.get(connection, "chen")
    assert confirmed is not None
    assert confirmed.confirmed_by == "second"
