"""beacon-central user: add accounts and reset second factors."""

import asyncio
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path

from central_server.accounts import account_administration
from central_server.accounts.access import Role
from central_server.accounts.account_names import NameRefused, spelled
from central_server.accounts.login import PlaceUnknown, set_password
from central_server.accounts.passwords import PasswordRefused
from central_server.commands.exit_codes import FAILURE, prints_errors
from central_server.commands.store_selection import SERVICE, open_configured
from central_server.store.accounts import accounts, audit_trail
from central_server.store.accounts.audit_actions import AccountConfirmed, FactorReset
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditEntry
from central_server.store.engine.database import ValueRefused
from daemonkit.state_owner import make_state_folder


@prints_errors(PasswordRefused, NameRefused, PlaceUnknown, ValueRefused)
def add(config: Path, state: Path, name: str, password_file: Path | None, place: str, role: str) -> int:
    password = _password(password_file)
    make_state_folder(state, SERVICE)
    new = asyncio.run(_add(config, state, name, password, place, Role(role)))
    print(f"{name}: {'added' if new else 'has a new password; running sessions have ended'}")
    return 0


@prints_errors(ValueRefused)
def reset_factor(config: Path, state: Path, name: str) -> int:
    """Reset the second factor of a person who lost the phone."""
    if not asyncio.run(_reset_factor(config, state, spelled(name))):
        print(f"there is no account {name!r}", file=sys.stderr)
        return FAILURE
    print(f"{name}: no second factor any more; running sessions have ended")
    return 0


@prints_errors(ValueRefused)
def confirm(config: Path, state: Path, name: str) -> int:
    """Confirm on the machine's console that a person of its own uses the account."""
    if not asyncio.run(_confirm(config, state, spelled(name))):
        print(f"there is no account {name!r}", file=sys.stderr)
        return FAILURE
    print(f"{name}: confirmed; it may now decide about the requests of those who made it")
    return 0


async def _confirm(config: Path, state: Path, name: str) -> bool:
    async with open_configured(config, state) as database, database.write() as connection:
        account = await accounts.get(connection, name, lock=True)
        if account is None:
            return False
        await accounts.confirm(connection, name, COMMAND_LINE)
        line = AuditEntry(COMMAND_LINE, account.home, AccountConfirmed(name), datetime.now(UTC))
        await audit_trail.record(connection, line)
    return True


async def _reset_factor(config: Path, state: Path, name: str) -> bool:
    async with open_configured(config, state) as database, database.write() as connection:
        account = await accounts.get(connection, name, lock=True)
        if account is None:
            return False
        await account_administration.reset_factor(connection, name, by="")
        line = AuditEntry(COMMAND_LINE, account.home, FactorReset(name), datetime.now(UTC))
        await audit_trail.record(connection, line)
    return True


async def _add(config: Path, state: Path, name: str, password: str, place: str, role: Role) -> bool:
    async with open_configured(config, state) as database:
        return await set_password(database, name, password, datetime.now(UTC), place=place, role=role)


def _password(file: Path | None) -> str:
    if file is None:
        return getpass.getpass("Password: ")
    return file.read_text(encoding="utf-8").split("\n", 1)[0].strip("\r")
