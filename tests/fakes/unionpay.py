"""The emulated UnionPay: its authority, created once per process, and its notifications."""

import shutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from central_server.bank_emulator.unionpay.authority import Authority, open_authority
from central_server.bank_emulator.unionpay.clock import Clock
from central_server.bank_emulator.unionpay.messages import MERCHANT_ID, build_notification
from central_server.bank_emulator.unionpay.transactions import PAYMENT, Transaction, TransactionBook
from central_server.banks.registry import BankAccount
from central_server.banks.unionpay import credentials
from central_server.settings_bank import BankSettings
from sync_contract.strict_model import Environment
from tests.fakes.unionpay_forging import add_forged_signers

vars(credentials)["load_pem_private_key"] = cache(load_pem_private_key)
"""The check of an RSA key takes 50 ms, and hundreds of tests read the same key: each key is checked once."""

FORM = {"Content-Type": "application/x-www-form-urlencoded;charset=UTF-8"}


@cache
def _made() -> TemporaryDirectory[str]:
    """Create seven RSA keys, which takes a second; the folder is deleted at exit."""
    made: TemporaryDirectory[str] = TemporaryDirectory(prefix="unionpay-")
    add_forged_signers(open_authority(Path(made.name)))
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
    known = TransactionBook(state / "transactions.jsonl").order(order)
    assert known is not None
    return build_notification(known)


def build_paid_notification(order_id: str, query_id: str, **changes: str | None) -> dict[str, str]:
    """Return what the bank reports of an order of 10 yuan, unsigned and without card data.

    `changes`: fields to set, or to leave out with None.
    """
    paid = Transaction(
        order_id=order_id,
        kind=PAYMENT,
        txn_time="20261127143000",
        amount=1000,
        query_id=query_id,
        trace_no="123456",
        accepted_at=datetime(2026, 11, 27, 6, 30, tzinfo=UTC).timestamp(),
        state="done",
        code="00",
        settled_at=datetime(2026, 11, 27, 6, 30, 12, tzinfo=UTC).timestamp(),
    )
    card: dict[str, str | None] = {"accNo": None, "payType": None, "payCardType": None}
    fields = {**build_notification(paid), **card, **changes}
    return {name: value for name, value in fields.items() if value is not None}
