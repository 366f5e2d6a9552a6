"""Families in difficulty: households and their cases."""

from dataclasses import replace
from datetime import UTC, datetime

from central_server.accounts.access import Right
from central_server.families import cases, help_receipts
from central_server.families.case_rules import Step, StepKind
from central_server.families.cases import NewCase
from central_server.ledger import spending
from central_server.receipts.sealed_data import open_seal
from central_server.store.families import cases as case_store
from central_server.store.families import helps
from central_server.store.ledger import disbursements, vouchers
from central_server.store.ledger.vouchers import Voucher
from tests.unit.central_server.ledger_world import ANY_PAYEE, gave
from tests.unit.central_server.tenancy.entries import OURS, Checked, Entry, Staff, World
from tests.unit.central_server.tenancy.ledger import PDF, VOUCHER, disbursement
from tests.unit.central_server.tenancy.person import HOUSEHOLD, PHOTOGRAPH


async def plant(world: World) -> None:
    now = datetime.now(UTC)
    async with world.database.write() as connection:
        await gave(connection, 10_000, community=OURS, project="ended")
        await vouchers.add(connection, Voucher(VOUCHER, OURS, "application/pdf", 1, PDF, now, "our-clerk"))
    await _helped(world)
    await _registered(world)
    world.ids["code"] = "000000"
    world.marks |= {world.ids["case"]}


async def _registered(world: World, *, close: bool = False) -> None:
    now = datetime.now(UTC)
    seal = await open_seal(world.database, world.central.state, None)
    async with world.database.write() as connection:
        case = await cases.register(connection, seal, NewCase(OURS, "drill", "meals", False), HOUSEHOLD, "wu", now)
        if close:
            await cases.take_step(connection, case.number, Step(StepKind.closed, "wu", now, reason="met"))
    world.ids["case"] = case.number


async def _closed(world: World) -> None:
    await _registered(world, close=True)


async def _erasure_near(world: World) -> None:
    await _registered(world, close=True)
    async with world.database.write() as connection:
        await case_store.delete_at(connection, world.ids["case"], datetime.now(UTC))


async def _helped(world: World) -> None:
    """An approved disbursement of ours that names a case."""
    now = datetime.now(UTC)
    await _registered(world)
    number = world.ids["case"]
    async with world.database.write() as connection:
        for account in ("wu", "zhao"):
            await cases.take_step(connection, number, Step(StepKind.supported, account, now, seen=True))
        one = replace(disbursement(now), people=None)
        await spending.ask(connection, one, now, ANY_PAYEE)
        await help_receipts.name_cases(connection, one, number, "goods")
        await spending.approve(connection, one, by="somebody", note="", now=now, rules=ANY_PAYEE)
        await help_receipts.record_help(connection, one, "somebody", now)
    world.ids |= {"help": one.id, "helped": number}


async def _code_made(world: World) -> None:
    await _helped(world)
    seal = await open_seal(world.database, world.central.state, None)
    async with world.database.write() as connection:
        (help_,) = await helps.of_disbursement(connection, world.ids["help"])
        world.ids["code"] = await help_receipts.make_code(connection, seal, help_)


async def _photographed(world: World) -> None:
    await _helped(world)
    now, seal = datetime.now(UTC), await open_seal(world.database, world.central.state, None)
    async with world.database.write() as connection:
        one = await disbursements.get(connection, world.ids["help"])
        assert one is not None
        photograph = help_receipts.Photograph("image/png", PHOTOGRAPH)
        signed = [world.ids["helped"]]
        await help_receipts.confirm_by_sheet(connection, seal, one, signed, photograph, "zhao", now)


async def _a_sheet_needs_a_login(world: World) -> None:
    url = f"{world.central.url}/staff/help/{world.ids['help']}/sheet"
    async with world.session.post(url, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/staff/login")


_NEW = {
    "place": OURS,
    "grid": "1",
    "ages": "70",
    "hardship": "illness",
    "help": "meals",
    "goods": "rice",
    "consent": "y",
}
_HELP = "/staff/help/{help}"
ROUTES: dict[str, Entry] = {
    "GET /staff/help": Staff(Right.families),
    "GET /staff/help/{disbursement}": Staff(Right.families, path=_HELP, names=True),
    "GET /staff/help/{disbursement}/sheet": Staff(Right.families, path=f"{_HELP}/sheet", names=True),
    "POST /staff/help/{disbursement}/sheet": Checked(_a_sheet_needs_a_login),
    "POST /staff/help/{disbursement}/photo": Staff(
        Right.families, path=f"{_HELP}/photo", names=True, form={}, before=_photographed
    ),
    "POST /staff/help/{disbursement}/code": Staff(
        Right.families, path=f"{_HELP}/code", names=True, form={"case": "{helped}"}, before=_helped
    ),
    "POST /staff/help/{disbursement}/confirm": Staff(
        Right.families,
        path=f"{_HELP}/confirm",
        names=True,
        form={"case": "{helped}", "code": "{code}"},
        before=_code_made,
        answers=(303,),
    ),
    "GET /staff/families": Staff(Right.families),
    "GET /staff/families/new": Staff(Right.families),
    "POST /staff/families/new": Staff(Right.families, names=True, form=_NEW, answers=(303,)),
    "GET /staff/families/{case}": Staff(Right.families, names=True),
    "POST /staff/families/{case}/household": Staff(Right.families, names=True, form={}),
    "POST /staff/families/{case}/step": Staff(
        Right.families, names=True, form={"step": "support", "seen": "yes"}, before=_registered, answers=(303,)
    ),
    "POST /staff/families/{case}/erase": Staff(Right.families, names=True, form={}, before=_closed, answers=(303,)),
    "POST /staff/families/{case}/postpone": Staff(
        Right.families, names=True, form={}, before=_erasure_near, answers=(303,)
    ),
}
