"""Staff log in with a password and, where they have one, with a code of their second factor."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.accounts import passwords, second_factor
from central_server.accounts import sessions as running
from central_server.accounts.access import Role
from central_server.accounts.account_names import new_name, spelled
from central_server.accounts.second_factor import Seal
from central_server.accounts.sessions import Standing
from central_server.errors import CentralError
from central_server.store.accounts import accounts, audit_trail, sessions
from central_server.store.accounts.accounts import Account
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditLine
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places

FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
PEER_FAILURES = 30
"""From one address within the same time: many people may share one."""


class LoginRefused(CentralError):
    """Unknown name, wrong password, locked or disabled: the page says the same for all of them.

    `account`: whose; empty for nobody's, for what was typed in the place of a name may be a password.
    """

    def __init__(self, reason: str, account: str = "") -> None:
        super().__init__(reason)
        self.account = account


class TooManyFailures(CentralError):
    """Logins from this address failed too often; `until` then no further one is looked at."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too many failed logins from this address")
        self.until = until


class CodeRefused(CentralError):
    """A wrong code, or one that was taken before."""


class PlaceUnknown(CentralError):
    """There is no such place."""


@dataclass(frozen=True, slots=True)
class Begun:
    """`token` goes into the cookie and nowhere else. `has_role`: there is a page to be seen."""

    account: str
    token: str
    has_role: bool


@dataclass(frozen=True, slots=True)
class Client:
    """`peer`: the address that counts as one; empty for nobody in particular. `agent`: how the browser is called."""

    peer: str = ""
    agent: str = ""


_NOBODY = Client()


async def set_password(
    database: Database, name: str, password: str, now: datetime, *, place: str = places.TOP, role: Role = Role.admin
) -> bool:
    """Add an account with a role at a place, or give a known one a new password; False when it was known.

    For the command line. Raises PasswordRefused, NameRefused, PlaceUnknown.
    """
    known = spelled(name)
    passwords.check(known, password)
    hashed = await passwords.hashed(password)
    async with database.write() as connection:
        account = await accounts.get(connection, known)
        if account is not None:
            await accounts.set_password(connection, known, hashed)
            await audit_trail.record(
                connection, AuditLine(COMMAND_LINE, account.home, "password.reset", known, "", now)
            )
            return False
        if await places.get(connection, place) is None:
            raise PlaceUnknown(f"there is no place {place!r}")
        await accounts.add(connection, new_name(name), hashed, now, home=place)
        await accounts.grant(connection, known, place, role.value, now)
        await audit_trail.record(connection, AuditLine(COMMAND_LINE, place, "account.add", known, f"role: {role}", now))
        return True


async def log_in(
    database: Database, name: str, password: str, now: datetime, client: Client = _NOBODY, *, instead_of: str = ""
) -> Begun:
    """`instead_of`: the token that the browser still had; its session ends, whoever's it was.

    Raises LoginRefused, TooManyFailures. Five failures in a row lock the account for a quarter of an hour.
    """
    name = spelled(name)
    async with database.read() as connection:
        await _check_peer(connection, client, now)
        seen = await accounts.get(connection, name)
    # An unknown name takes the same time as a wrong password, and counts just as much.
    right = await passwords.fits(seen.password if seen else None, password)

    async def decide(connection: Connection) -> Begun | LoginRefused:
        # Anew, and locked: many guesses at the same time are counted one after the other.
        account = await accounts.get(connection, name, lock=True)
        refused = _refused(
            account, now, right=right and seen is not None and account is not None and account.password == seen.password
        )
        if refused is not None or account is None:
            await _failed(connection, account, client, now, "session.refuse", refused or "", counts=refused == _WRONG)
            return LoginRefused(refused or "", account.name if account else "")
        if not account.has_factor:  # else only the right code ends the row of failures
            await accounts.forget_failures(connection, name)
        if instead_of:
            await sessions.end(connection, running.hash_of(instead_of))
        token = await running.begin(connection, name, now, agent=client.agent)
        detail = "password" if account.has_factor else ""
        await audit_trail.record(connection, AuditLine(name, account.home, "session.begin", name, detail, now))
        return Begun(name, token, has_role=bool(await accounts.roles(connection, name)))

    decided = await database.written(decide)
    if isinstance(decided, LoginRefused):
        raise decided
    return decided


async def give_code(
    database: Database, seal: Seal, visitor: Standing, code: str, now: datetime, client: Client = _NOBODY
) -> Begun:
    """A code of the second factor for a session that owes it. Raises CodeRefused, LoginRefused (the session is over),
    TooManyFailures, SecretUnreadable."""

    async def decide(connection: Connection) -> Begun | CodeRefused | LoginRefused:
        await _check_peer(connection, client, now)
        account = await accounts.get(connection, visitor.account.name, lock=True)
        if account is None or account.factor_secret is None or _is_locked(account, now):
            await sessions.end(connection, visitor.session.token_hash)
            return LoginRefused("locked")
        if not await take_code(connection, seal, account, code, now):
            locked = await _failed(connection, account, client, now, "factor.refuse", "", counts=True)
            return LoginRefused("locked") if locked else CodeRefused("wrong code")
        await accounts.forget_failures(connection, account.name)
        token = await running.renew(connection, visitor.session, now, factor_given=True)
        line = AuditLine(account.name, account.home, "session.begin", account.name, "password, code", now)
        await audit_trail.record(connection, line)
        return Begun(account.name, token, has_role=bool(await accounts.roles(connection, account.name)))

    decided = await database.written(decide)
    if not isinstance(decided, Begun):
        raise decided
    return decided


async def take_code(connection: Connection, seal: Seal, account: Account, code: str, now: datetime) -> bool:
    """Whether the code is right and was not taken before; now it is taken. Raises SecretUnreadable."""
    if account.factor_secret is None:
        return False
    step = second_factor.step_of(seal.open(account.name, account.factor_secret), code, now)
    return step is not None and await accounts.take_step(connection, account.name, step)


async def wrong_secret(database: Database, visitor: Standing, client: Client, action: str, now: datetime) -> bool:
    """Somebody who is logged in gave a wrong password or code: counts like a failed login. True when the account is
    locked by it, and all its sessions are over: the one at the screen is not the owner."""

    async def count(connection: Connection) -> bool:
        account = await accounts.get(connection, visitor.account.name, lock=True)
        return account is None or await _failed(connection, account, client, now, action, "", counts=True)

    return await database.written(count)


async def log_out(database: Database, token: str, now: datetime) -> None:
    async with database.write() as connection:
        session = await sessions.get(connection, running.hash_of(token))
        if session is not None and await sessions.end(connection, session.token_hash):
            account = await accounts.get(connection, session.account)
            home = account.home if account else places.TOP
            await audit_trail.record(
                connection, AuditLine(session.account, home, "session.end", session.account, "", now)
            )


async def _check_peer(connection: Connection, client: Client, now: datetime) -> None:
    counted = await sessions.failures(connection, client.peer, now - LOCKED_FOR) if client.peer else None
    if counted is not None and counted[0] >= PEER_FAILURES:
        raise TooManyFailures(counted[1] + LOCKED_FOR)


_WRONG = "wrong password"


def _refused(account: Account | None, now: datetime, *, right: bool) -> str | None:
    """Why not; for the log and the audit trail, never for the page."""
    if account is None:
        return "unknown name"
    if _is_locked(account, now):
        return "locked"
    if not right:
        return _WRONG
    if account.disabled_at is not None:
        return "disabled"
    if account.one_time_until is not None and account.one_time_until <= now:
        return "the one-time password is too old"
    return None


def _is_locked(account: Account, now: datetime) -> bool:
    return account.locked_until is not None and now < account.locked_until


async def _failed(
    connection: Connection,
    account: Account | None,
    client: Client,
    now: datetime,
    action: str,
    why: str,
    *,
    counts: bool,
) -> bool:
    """Whether this failure locked the account. The name of nobody is not kept: it may be a password."""
    name, home = (account.name, account.home) if account else ("", places.TOP)
    await audit_trail.record(connection, AuditLine(name, home, action, name, why, now))
    if client.peer and await sessions.count_failure(connection, client.peer, now, now - LOCKED_FOR) == PEER_FAILURES:
        line = AuditLine(name, places.TOP, "address.lock", client.peer, f"failures: {PEER_FAILURES}", now)
        await audit_trail.record(connection, line)
    if account is None or not counts:
        return False
    locked = await accounts.count_failure(connection, account.name, FAILURES, now + LOCKED_FOR)
    if locked:
        if action != "session.refuse":
            await sessions.end_all(connection, account.name)
        await audit_trail.record(connection, AuditLine(name, home, "account.lock", name, f"failures: {FAILURES}", now))
    return locked
