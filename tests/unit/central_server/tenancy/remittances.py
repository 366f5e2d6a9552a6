"""Gifts by bank transfer and cheque, for accounts with the right to money."""

from datetime import UTC, datetime
from pathlib import Path

from central_server.accounts.access import Right
from central_server.ledger.voucher_files import read_voucher
from central_server.receipts.sealed_data import open_seal
from central_server.reconciliation import remittances
from central_server.reconciliation.remittances import NewRemittance
from central_server.store.donations.attempts import Attempt
from daemonkit.web import Upload
from sync_contract.money import Money
from sync_contract.uuid7 import new_id
from tests.unit.central_server.tenancy import person
from tests.unit.central_server.tenancy.entries import OURS, Entry, Open, Staff, World

PDF = b"%PDF-1.7\nadvice\n%%EOF\n"


async def plant(world: World) -> None:
    attempt = await _entered(world)
    world.marks |= {attempt.id, attempt.evidence}


async def _entered(world: World) -> Attempt:
    """A transfer that waits for a second person."""
    now = datetime.now(UTC)
    voucher = read_voucher(Upload(f"{person.FILE_NAME}.pdf", PDF), OURS, "our-clerk", now)
    assert voucher is not None
    seal = await open_seal(world.database, Path(world.central.state), None)
    gift = NewRemittance(
        OURS, "lunch", "transfer", Money(100), now.date(), new_id().upper(), person.DONOR, receipt=False
    )
    async with world.database.write() as connection:
        attempt = await remittances.enter(connection, gift, voucher, seal, environment="drill", by="our-clerk", now=now)
    world.ids["remittance"] = attempt.id
    return attempt


async def _again(world: World) -> None:
    await _entered(world)


_ONE, _PATH = "/staff/remittances/{attempt}", "/staff/remittances/{remittance}"
ROUTES: dict[str, Entry] = {
    "GET /staff/remittances": Staff(Right.money),
    "GET /staff/remittances/new": Staff(Right.money),
    "POST /staff/remittances/new": Open("brings a file; test_remittances.py tries it as a neighbour"),
    f"GET {_ONE}": Staff(Right.money, path=_PATH, names=True),
    f"GET {_ONE}/voucher": Staff(Right.money, path=f"{_PATH}/voucher", names=True),
    **{
        f"POST {_ONE}/{action}": Staff(
            Right.money, path=f"{_PATH}/{action}", names=True, form={"note": ""}, before=_again
        )
        for action in ("confirm", "decline")
    },
}
