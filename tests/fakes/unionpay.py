"""The emulated UnionPay: its authority, created once per process, and its notifications."""

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
    """Create seven RSA keys, which takes a second; the folder is deleted at exit."""
    made: TemporaryDirectory[str] = TemporaryDirectory(prefix="unionpay-")
    open_authority(Path(made.name))
    return made


def authority_in(state: Path) -> Authority:
    """Copy the shared authority into the state folder."""
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
    """Return our account at the bank at `url`; `clock`: the bank's."""
    settings = BankSettings(kind="unionpay", url=url, merchant=MERCHANT_ID, own_site=True, iss_ins_code=issuer)
    shared = clock or Clock()
    return BankAccount(settings, environment, folder, lambda: datetime.fromtimestamp(shared.now(), UTC))


def notification_fields(state: Path, order: str) -> dict[str, str]:
    """Return the unsigned notification of a transaction of the bank with that state folder."""
    known = Book(state / "transactions.jsonl").order(order)
    assert known is not None
    return notification_of(known)
