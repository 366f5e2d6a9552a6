"""The banks of this server. To add one: write a module or package in banks/ and add a line to BANKS.

UnionPay's code is imported only when it is opened: it is large, and most servers use another bank.
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
class BankAccount:
    """The settings of a bank and the folder of its credentials."""

    settings: BankSettings
    environment: Environment
    credentials: Path
    clock: Callable[[], datetime] = _now


def _sandbox(account: BankAccount) -> AbstractAsyncContextManager[Bank]:
    return open_sandbox(account.settings.url, account.credentials)


def _link(account: BankAccount) -> AbstractAsyncContextManager[Bank]:
    return open_link(account.settings.link_url, account.environment)


def _unionpay(account: BankAccount) -> AbstractAsyncContextManager[Bank]:
    from central_server.banks.unionpay.gateway import Addresses, open_unionpay
    from central_server.banks.unionpay.requests import Merchant

    settings, environment = account.settings, account.environment
    addresses = Addresses(settings.gateway(environment), settings.files(environment))
    merchant = Merchant(settings.merchant, settings.iss_ins_code)
    return open_unionpay(addresses, merchant, account.credentials, environment, account.clock)


BANKS: dict[str, Callable[[BankAccount], AbstractAsyncContextManager[Bank]]] = {
    "sandbox": _sandbox,
    "link": _link,
    "unionpay": _unionpay,
}
"""Opens the bank, by the settings' `kind`. Raises CredentialsRefused."""
