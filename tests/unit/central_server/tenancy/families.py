"""Families in difficulty: households and their cases."""

from datetime import UTC, datetime

from central_server.accounts.access import Right
from central_server.families import cases
from central_server.families.case_rules import Step, StepKind
from central_server.families.cases import NewCase
from central_server.families.household import Household
from central_server.receipts.sealed_data import open_seal
from central_server.store.families import cases as case_store
from tests.unit.central_server.tenancy.entries import OURS, Entry, Staff, World

GRID = "Grid of ours"
_HOUSEHOLD = Household((70,), "illness", None, "rice", None, GRID, "yes")


async def plant(world: World) -> None:
    await _registered(world)
    world.marks |= {GRID, world.ids["case"]}


async def _registered(world: World, *, close: bool = False) -> None:
    now = datetime.now(UTC)
    seal = await open_seal(world.database, world.central.state, None)
    async with world.database.write() as connection:
        case = await cases.register(connection, seal, NewCase(OURS, "drill", "meals", False), _HOUSEHOLD, "wu", now)
        if close:
            await cases.take_step(connection, case.number, Step(StepKind.closed, "wu", now, reason="met"))
    world.ids["case"] = case.number


async def _closed(world: World) -> None:
    await _registered(world, close=True)


async def _erasure_near(world: World) -> None:
    await _registered(world, close=True)
    async with world.database.write() as connection:
        await case_store.delete_at(connection, world.ids["case"], datetime.now(UTC))


_NEW = {
    "place": OURS,
    "grid": "1",
    "ages": "70",
    "hardship": "illness",
    "help": "meals",
    "goods": "rice",
    "consent": "y",
}
ROUTES: dict[str, Entry] = {
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
