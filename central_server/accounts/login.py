"""Log staff in with a password and, where set up, a code of the second factor; count failures."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from argon2 import PasswordHasher

from central_server.accounts import passwords, second_factor
from central_server.accounts import sessions as running
from central_server.accounts.access import Role
from central_server.accounts.account_names import NameRefused, new_name, spelled
from central_server.accounts.second_factor import Seal
from central_server.accounts.sessions import LoginStatus
from central_server.errors import CentralError
from central_server.store.accounts import accounts, audit_actions, audit_trail, sessions
from central_server.store.accounts.accounts import Account
from central_server.store.accounts.audit_actions import AccountAction, Rejection
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditEntry
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places import places

FAILURES = 5
LOCKED_FOR = timedelta(minutes=15)
PEER_FAILURES = 30
"""From one address within `LOCKED_FOR`: many people may share an address."""

MAX_LISTED, _LISTED_PER = 20, timedelta(hours=1)
"""Entries of one account, or of all unknown names, about failures: many addresses cannot fill the trail by guessing."""


class LoginRefused(CentralError):
    """Unknown name, wrong password, locked or disabled: the page shows the same text for all.

    `account`: "" for an unknown name, because the typed name may be a password.
    """

    def __init__(self, reason: str, account: str = "") -> None:
        super().__init__(reason)
        self.account = account


class TooManyFailures(CentralError):
    """Too many failed logins from this address; further ones are rejected `until` then."""

    def __init__(self, until: datetime) -> None:
        super().__init__("too many failed logins from this address")
        self.until = until


class CodeRefused(CentralError):
    """A wrong code, or one that was used before."""


class PlaceUnknown(CentralError):
    """There is no such place."""


@dataclass(frozen=True, slots=True)
class StartedSession:
    """`token` goes only into the cookie. `has_role`: the account may open pages beside its own."""

    account: str
    token: str
    has_role: bool


@dataclass(frozen=True, slots=True)
class Client:
    """`peer`: network address for counting failures, "" for the command line. `agent`: User-Agent header."""

    peer: str = ""
    agent: str = ""


_NOBODY = Client()


async def set_password(
    database: Database,
    name: str,
    password: str,
    now: datetime,
    *,
    place: str = places.TOP,
    role: Role,
    hasher: PasswordHasher = passwords.HASHER,
) -> bool:
    """Add an account with a role at a place, or set the password of an existing one; return whether it was added.

    For the command line. Raises PasswordRefused, NameRefused, PlaceUnknown.
    """
    known = spelled(name)
    passwords.check(known, password)
    hashed = await passwords.hashed(password, hasher)
    async with database.write() as connection:
        account = await accounts.get(connection, known)
        if account is not None:
            await accounts.set_password(connection, known, hashed)
            await accounts.record_reset(connection, known, "")
            reset = audit_actions.PasswordReset(known)
            await audit_trail.record(connection, AuditEntry(COMMAND_LINE, account.home, reset, now))
            return False
        if await places.get(connection, place) is None:
            raise PlaceUnknown(f"there is no place {place!r}")
        if not await accounts.add(connection, new_name(name), hashed, now, home=place):
            raise NameRefused(f"{known!r} looks like the name of another account: choose one that differs more")
        await accounts.grant(connection, known, place, role.value, now)
        added = audit_actions.AccountAdded(known, role.value)
        await audit_trail.record(connection, AuditEntry(COMMAND_LINE, place, added, now))
        return True


async def log_in(
    database: Database, name: str, password: str, now: datetime, client: Client = _NOBODY, *, instead_of: str = ""
) -> StartedSession:
    """Start a session. `instead_of`: the browser's earlier token, whose session ends.

    Raises LoginRefused, TooManyFailures. Five failures in a row lock the account for a quarter of an hour.
    """
    name = spelled(name)
    async with database.read() as connection:
        await _check_peer(connection, client, now)
        seen = await accounts.get(connection, name)
    # An unknown name takes the same time as a wrong password.
    right = await passwords.fits(seen.password if seen else None, password)

    async def decide(connection: Connection) -> StartedSession | LoginRefused:
        await _check_peer(connection, client, now)  # others of this address may have failed since
        # Read again with a lock, so that concurrent guesses are counted one after the other.
        account = await accounts.get(connection, name, lock=True)
        refused = _refused(
            account, now, right=right and seen is not None and account is not None and account.password == seen.password
        )
        if refused is not None or account is None:
            reason: Rejection = refused or "unknown_name"
            action = audit_actions.LoginRejected(account.name if account else "", reason)
            await _failed(connection, account, client, now, action, counts=reason == "wrong_password")
            return LoginRefused(reason, action.subject)
        if not account.has_factor:  # otherwise only the right code clears the failures
            await accounts.forget_failures(connection, name)
        if instead_of:
            await sessions.end(connection, running.hash_of(instead_of))
        token = await running.begin(connection, name, now, agent=client.agent)
        logged_in = audit_actions.LoggedIn(name, "awaited" if account.has_factor else "none")
        await audit_trail.record(connection, AuditEntry(name, account.home, logged_in, now))
        return StartedSession(name, token, has_role=bool(await accounts.roles(connection, name)))

    decided = await database.written(decide)
    if isinstance(decided, LoginRefused):
        raise decided
    return decided


async def give_code(
    database: Database, seal: Seal, visitor: LoginStatus, code: str, now: datetime, client: Client = _NOBODY
) -> StartedSession:
    """Complete a login with a code of the second factor.

    Raises CodeRefused, LoginRefused (the session has ended), TooManyFailures, SecretUnreadable.
    """

    async def decide(connection: Connection) -> StartedSession | CodeRefused | LoginRefused:
        await _check_peer(connection, client, now)
        account = await accounts.get(connection, visitor.account.name, lock=True)
        if account is None or account.factor_secret is None or _is_locked(account, now):
            await sessions.end(connection, visitor.session.token_hash)
            return LoginRefused("locked")
        if not await take_code(connection, seal, account, code, now):
            rejected = audit_actions.CodeRejected(account.name)
            locked = await _failed(connection, account, client, now, rejected, counts=True)
            return LoginRefused("locked") if locked else CodeRefused("wrong code")
        await accounts.forget_failures(connection, account.name)
        token = await running.renew(connection, visitor.session, now, factor_given=True)
        logged_in = audit_actions.LoggedIn(account.name, "given")
        await audit_trail.record(connection, AuditEntry(account.name, account.home, logged_in, now))
        return StartedSession(account.name, token, has_role=bool(await accounts.roles(connection, account.name)))

    decided = await database.written(decide)
    if not isinstance(decided, StartedSession):
        raise decided
    return decided


async def take_code(connection: Connection, seal: Seal, account: Account, code: str, now: datetime) -> bool:
    """Whether the code is right and unused; mark it as used. Raises SecretUnreadable."""
    if account.factor_secret is None:
        return False
    step = second_factor.step_of(seal.open(account.name, account.factor_secret), code, now)
    return step is not None and await accounts.take_step(connection, account.name, step)


async def wrong_secret(
    database: Database, visitor: LoginStatus, client: Client, action: type[AccountAction], now: datetime
) -> bool:
    """Count a wrong password or code of a logged-in account like a failed login.

    Return True when this locks the account and ends its sessions: the person may not be the owner.
    """

    async def count(connection: Connection) -> bool:
        account = await accounts.get(connection, visitor.account.name, lock=True)
        return account is None or await _failed(connection, account, client, now, action(account.name), counts=True)

    return await database.written(count)


async def log_out(database: Database, token: str, now: datetime) -> None:
    async with database.write() as connection:
        session = await sessions.get(connection, running.hash_of(token))
        if session is not None and await sessions.end(connection, session.token_hash):
            account = await accounts.get(connection, session.account)
            home = account.home if account else places.TOP
            ended = audit_actions.LoggedOut(session.account)
            await audit_trail.record(connection, AuditEntry(session.account, home, ended, now))


async def _check_peer(connection: Connection, client: Client, now: datetime) -> None:
    counted = await sessions.failures(connection, client.peer, now - LOCKED_FOR) if client.peer else None
    if counted is not None and counted[0] >= PEER_FAILURES:
        raise TooManyFailures(counted[1] + LOCKED_FOR)


def _refused(account: Account | None, now: datetime, *, right: bool) -> Rejection | None:
    """Return the reason for the log and the audit trail; pages never show it."""
    if account is None:
        return "unknown_name"
    if _is_locked(account, now):
        return "locked"
    if not right:
        return "wrong_password"
    if account.disabled_at is not None:
        return "disabled"
    if account.one_time_until is not None and account.one_time_until <= now:
        return "one_time_expired"
    return None


def _is_locked(account: Account, now: datetime) -> bool:
    return account.locked_until is not None and now < account.locked_until


async def _failed(
    connection: Connection,
    account: Account | None,
    client: Client,
    now: datetime,
    action: AccountAction,
    *,
    counts: bool,
) -> bool:
    """Record a failure; return whether it locked the account. Unknown names are not stored: they may be passwords."""
    name, home = (account.name, account.home) if account else ("", places.TOP)
    await _record_failure(connection, AuditEntry(name, home, action, now))
    if client.peer and await sessions.count_failure(connection, client.peer, now, now - LOCKED_FOR) == PEER_FAILURES:
        address_locked = audit_actions.AddressLocked(client.peer, PEER_FAILURES)
        await _record_failure(connection, AuditEntry(name, places.TOP, address_locked, now))
    if account is None or not counts:
        return False
    locked = await accounts.count_failure(connection, account.name, FAILURES, now + LOCKED_FOR)
    if locked:
        if not isinstance(action, audit_actions.LoginRejected):
            await sessions.end_all(connection, account.name)
        account_locked = audit_actions.AccountLocked(name, FAILURES)
        await audit_trail.record(connection, AuditEntry(name, home, account_locked, now))
    return locked


async def _record_failure(connection: Connection, entry: AuditEntry) -> None:
    """The log has every failure; the audit trail `MAX_LISTED` per hour, and then one entry that names the omission."""
    name, since = entry.action.name, entry.at - _LISTED_PER
    listed = await audit_trail.count_since(connection, entry.account, name, since, MAX_LISTED)
    if listed < MAX_LISTED:
        await audit_trail.record(connection, entry)
    if listed == MAX_LISTED - 1:
        unlisted = audit_actions.FailuresUnlisted(entry.account)
        await audit_trail.record(connection, AuditEntry(entry.account, entry.place, unlisted, entry.at))
