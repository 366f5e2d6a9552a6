"""The emulated UnionPay: its authority, made once for all tests of a process, and what it would send."""

import shutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from central_server.bank_emulator.unionpay.authority import Authority, open_authority
from central_server.bank_emulator.unionpay.clock import Clock
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID
from central_server.bank_emulator.unionpay.reports import notification_of
from central_server.bank_emulator.unionpay.transactions import Book
from central_server.banks.registry import BankAccount
from central_server.settings_bank import BankSettings
from sync_contract.strict_model import Environment

FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}


@cache
def _made() -> TemporaryDirectory[str]:
    """Seven RSA keys take a second; the folder goes when the process ends."""
    made: TemporaryDirectory[str] = TemporaryDirectory(prefix="unionpay-")
    open_authority(Path(made.name))
    return made


def authority_in(state: Path) -> Authority:
    """An authority in this state folder, the same for all tests."""
    shutil.copytree(_made().name, state, dirs_exist_ok=True)
    return open_authority(state)


def account_at(
    url: str,
    folder: Path,
    clock: Clock | None = None,
    *,
    issuer: str = "",
    environment: Environment = Environment.drill,
) -> BankAccount:
    """Ours with the bank at `url`; `clock`: the bank's, for both to go alike."""
    told = BankSettings(kind="unionpay", url=url, merchant=MERCHANT_ID, own_site=True, iss_ins_code=issuer)
    shared = clock or Clock()
    return BankAccount(told, environment, folder, lambda: datetime.fromtimestamp(shared.now(), UTC))


def notification_fields(state: Path, order: str) -> dict[str, str]:
    """What the running bank of that state folder says of one of its transactions; unsigned."""
    known = Book(state / "transactions.jsonl").order(order)
    assert known is not None
    return notification_of(known)
