"""Gifts and refunds, for accounts with the right to money."""

from datetime import UTC, datetime

from central_server.accounts.access import Right
from central_server.ledger.journal import post_received
from central_server.store.donations import attempts, intents, refunds
from central_server.store.donations.attempts import Attempt
from central_server.store.donations.intents import Intent
from central_server.store.donations.refunds import StoredRefund
from central_server.store.ledger.ledger_lines import LineKind
from sync_contract.uuid7 import new_id
from tests.unit.central_server.tenancy.entries import OURS, Entry, Staff, World


async def plant(world: World) -> None:
    await _paid(world)
    await _asked(world)


async def _paid(world: World) -> None:
    """A gift of ours that the bank confirmed."""
    now = datetime.now(UTC)
    gift, attempt = new_id(), new_id()
    answer = ("drill", "lunch", 1234, "CNY", None, 1, "ticket", "touch")
    # Inserted in its final state: a change of state would trigger webhooks.
    intent = Intent(world.ours.id, gift, OURS, *answer, now, "ticket", "paid")
    tried = Attempt(
        id=attempt,
        gateway=world.ours.id,
        intent=gift,
        number=1,
        community=OURS,
        environment="drill",
        bank="sandbox",
        amount_minor=1234,
        currency="CNY",
        return_nonce=new_id(),
        state="paid",
        opened_at=now,
        queries=0,
        next_query_at=None,
        evidence=f"P-{attempt}",
        paid_at=now,
    )
    async with world.database.write() as connection:
        await intents.add(connection, [intent])
        await attempts.add(connection, tried)
        marks = {"late": False, "outside_permit": False, "flawed": False}
        await post_received(connection, intent, tried, kind=LineKind.paid, **marks, evidence="x", terms=None, at=now)
    world.ids |= {"gift": gift, "attempt": attempt}
    world.marks |= {gift, attempt, f"P-{attempt}"}


async def _asked(world: World) -> None:
    """A refund that our staff requested."""
    refund = StoredRefund(
        new_id(), world.ids["attempt"], OURS, "drill", "lunch", 1, "CNY", f"reason of {OURS}", "requested", "our-clerk",
        datetime.now(UTC),
    )  # fmt: skip
    async with world.database.write() as connection:
        await refunds.add(connection, refund)
    world.ids["refund"] = refund.id
    world.marks |= {refund.id, refund.reason}


_ONE = "/staff/gifts/{gateway}/{intent}"
_PATH = "/staff/gifts/{gateway}/{gift}"
ROUTES: dict[str, Entry] = {
    "GET /staff/gifts": Staff(Right.money),
    "GET /staff/gifts.csv": Staff(Right.money),
    "GET /staff/gifts.xlsx": Staff(Right.money),
    f"GET {_ONE}": Staff(Right.money, path=_PATH, names=True),
    f"GET {_ONE}/letter": Staff(Right.money, path=f"{_PATH}/letter", names=True),
    f"POST {_ONE}/refund": Staff(
        Right.money,
        path=f"{_PATH}/refund",
        names=True,
        form={"attempt": "{attempt}", "yuan": "0.01", "reason": "a mistake"},
    ),
    "GET /staff/refunds": Staff(Right.money),
    **{
        f"POST /staff/refunds/{{refund}}/{action}": Staff(Right.money, names=True, form={"note": "seen"}, before=_asked)
        for action in ("approve", "decline")
    },
}
