"""The banks that this server can hand donors to. A new one is a file or folder here and a line in BANKS.

UnionPay's is imported when it is opened: it is large, and most servers have another.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from central_server.banks.link import open_link
from central_server.banks.port import Bank
from central_server.banks.sandbox import open_sandbox
from central_server.settings_bank import BankSettings
from sync_contract.strict_model import Environment


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Account:
    """Where a bank keeps money for us: what the settings say of it, and the folder with its credentials."""

    settings: BankSettings
    environment: Environment
    credentials: Path
    clock: Callable[[], datetime] = _now


def _sandbox(account: Account) -> AbstractAsyncContextManager[Bank]:
    return open_sandbox(account.settings.url, account.credentials)


def _link(account: Account) -> AbstractAsyncContextManager[Bank]:
    return open_link(account.settings.link_url, account.environment)


def _unionpay(account: Account) -> AbstractAsyncContextManager[Bank]:
    from central_server.banks.unionpay.gateway import Addresses, open_unionpay
    from central_server.banks.unionpay.requests import Merchant

    told, environment = account.settings, account.environment
    addresses = Addresses(told.gateway(environment), told.files(environment))
    merchant = Merchant(told.merchant, told.iss_ins_code)
    return open_unionpay(addresses, merchant, account.credentials, environment, account.clock)


BANKS: dict[str, Callable[[Account], AbstractAsyncContextManager[Bank]]] = {
    "sandbox": _sandbox,
    "link": _link,
    "unionpay": _unionpay,
}
"""By the settings' `kind`: opens the bank. Raises CredentialsRefused."""
