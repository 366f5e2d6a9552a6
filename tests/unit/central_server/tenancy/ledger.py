"""The ledger, disbursements and publication."""

import json
from datetime import UTC, date, datetime, timedelta

from central_server.accounts.access import Right
from central_server.ledger import spending
from central_server.store.engine.tables import purses
from central_server.store.engine.upsert import insert
from central_server.store.ledger import cosignatures, ledger_lines
from central_server.store.ledger.disbursements import Disbursement
from central_server.store.ledger.vouchers import Voucher, add
from sync_contract.uuid7 import new_id
from tests.unit.central_server.ledger_world import ANY_PAYEE, gave
from tests.unit.central_server.tenancy.entries import OURS, Entry, Open, Signed, Staff, World

PAYEE = "The kitchen of ours"
PDF = b"%PDF-1.7\nnothing\n%%EOF\n"
VOUCHER = "5a" * 32


async def plant(world: World) -> None:
    now = datetime.now(UTC)
    async with world.database.write() as connection:
        for _ in range(3):
            await gave(connection, 10_000, community=OURS, project="ended")
        await add(connection, Voucher(VOUCHER, OURS, "application/pdf", len(PDF), PDF, now, "our-clerk"))
    world.ids |= {"month": f"{now:%Y-%m}", "secret": "0" * 32, "head": "0" * 64}
    world.marks |= {PAYEE}
    await _asked(world)


async def _asked(world: World) -> None:
    """A request of another account that waits for a decision."""
    now = datetime.now(UTC)
    one = disbursement(now)
    async with world.database.write() as connection:
        await spending.ask(connection, one, now, ANY_PAYEE)
    world.ids["disbursement"] = one.id


async def _approved(world: World) -> None:
    """A disbursement that can be corrected."""
    now = datetime.now(UTC)
    one = disbursement(now)
    async with world.database.write() as connection:
        await spending.ask(connection, one, now, ANY_PAYEE)
        await spending.approve(connection, one, by="somebody", note="", now=now, rules=ANY_PAYEE)
    world.ids["disbursement"] = one.id


async def _owing(world: World) -> None:
    """A project whose organisation owes it money."""
    row = {"community": OURS, "environment": "drill", "project": "lunch", "lines": 0}
    values = row | {"balance_minor": 0, "owed_minor": 100}
    async with world.database.write() as connection:
        new = insert(connection, purses).values(values)
        await connection.execute(new.on_conflict_do_update(index_elements=list(row)[:3], set_={"owed_minor": 100}))


def disbursement(now: datetime) -> Disbursement:
    day: date = (now - timedelta(days=1)).date()
    return Disbursement(
        new_id(), OURS, "drill", "ended", 100, "CNY", "rice", PAYEE, VOUCHER, day, 3, "", None, "our-clerk", now
    )


async def _heads_are_the_senders_own(world: World) -> None:
    """The answer always names the sender's own community."""
    status, answer = await world.theirs.get("/api/v1/heads", "known=lunch:0")
    assert status == 200
    assert answer["community"] != OURS
    assert answer["heads"] == []


async def _cosignatures_are_the_senders_own(world: World) -> None:
    refusal = {
        "project": "lunch",
        "step": 1,
        "digest": "0" * 64,
        "contradiction": "forged",
        "at": "2026-11-27T00:00:00Z",
    }
    body = json.dumps({"contract": 1, "community": OURS, "cosignatures": [], "refusals": [refusal]}).encode()
    status, _ = await world.theirs.post("/api/v1/cosignatures", body, {"Content-Type": "application/json"})
    assert status == 409
    async with world.database.read() as connection:
        assert await cosignatures.refusals(connection, [OURS]) == []
        assert await ledger_lines.newest(connection) >= 3


_PUBLIC = "published sums of five gifts or more, for everybody"
_ONE = "/staff/disbursements/{disbursement}"
_ASKED = {
    "purse": f"{OURS}/ended",
    "amount_yuan": "1",
    "purpose": "rice",
    "payee": "k",
    "spent_on": "2026-01-01",
}
ROUTES: dict[str, Entry] = {
    "GET /api/v1/heads": Signed(_heads_are_the_senders_own),
    "POST /api/v1/cosignatures": Signed(_cosignatures_are_the_senders_own),
    "GET /api/v1/transparency/{place}/{project}": Open(_PUBLIC),
    "GET /api/v1/proofs/{secret}": Open("the secret has 128 random bits and opens one gift"),
    "GET /board": Open(_PUBLIC),
    "GET /board/{place}": Open(_PUBLIC),
    **{f"GET /{door}": Open("says of a typed number only whether it is published; limited") for door in ("v", "V")},
    **{f"GET /{door}/{{secret}}": Open("the secret has 128 random bits and opens one gift") for door in ("v", "V")},
    "GET /staff/ledger": Staff(Right.money),
    "GET /staff/ledger/export": Staff(Right.money, names=True, query=f"?place={OURS}&month={{month}}"),
    "POST /staff/ledger/lock": Staff(Right.money, names=True, form={"place": OURS, "month": "2020-01"}),
    "GET /staff/disbursements": Staff(Right.money),
    "GET /staff/disbursements/new": Staff(Right.money),
    "POST /staff/disbursements/new": Open("brings a file; test_disbursements.py tries it as a neighbour"),
    "POST /staff/disbursements/cover": Staff(
        Right.money,
        names=True,
        form=_ASKED | {"purse": f"{OURS}/lunch", "source": "ended"},
        before=_owing,
        answers=(303,),
    ),
    "POST /staff/disbursements/move": Staff(
        Right.money, names=True, form=_ASKED | {"to_project": "lunch"}, answers=(303,)
    ),
    f"GET {_ONE}": Staff(Right.money, names=True),
    f"GET {_ONE}/voucher": Staff(Right.money, names=True),
    f"POST {_ONE}/approve": Staff(Right.money, names=True, form={"note": ""}, before=_asked),
    f"POST {_ONE}/decline": Staff(Right.money, names=True, form={"note": ""}, before=_asked),
    f"POST {_ONE}/correct": Staff(
        Right.money, names=True, form={"amount_yuan": "0.01", "purpose": "typed wrongly"}, before=_approved
    ),
}
