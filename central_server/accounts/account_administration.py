"""Administer accounts: an administrator acts only at and below their own places, and the top keeps one."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.accounts.access import RIGHTS, Right, Role
from central_server.accounts.account_names import new_name
from central_server.errors import CentralError
from central_server.store.accounts import accounts, sessions
from central_server.store.accounts.accounts import Account
from central_server.store.accounts.independence import DECIDING_ROLES, are_independent
from central_server.store.engine.connection import Connection
from central_server.store.places import places

_GOVERNORS = tuple(role for role in Role if Right.govern in RIGHTS[role])
ONE_TIME = timedelta(hours=72)
"""Validity of a password that another person has set."""


class NotGoverned(CentralError):
    """The account does not exist for this administrator, or the action is not allowed."""


class NameTaken(CentralError):
    """An account with that name exists."""


class LastGovernor(CentralError):
    """The action would leave the top without an administrator."""


@dataclass(frozen=True, slots=True)
class Governed:
    """An account as an administrator sees it. `roles`: only those at and below the administrator's places.

    `wholly`: its home is there and it has no role elsewhere; only then may the administrator change password, second
    factor, sessions and status. Otherwise an administrator of a community could gain rights of the city.
    """

    account: Account
    roles: dict[str, Role]
    wholly: bool

    def demand_wholly(self) -> None:
        """Raises NotGoverned."""
        if not self.wholly:
            raise NotGoverned(self.account.name)


async def page(
    connection: Connection, tops: Collection[str], words: str, after: str, limit: int
) -> tuple[tuple[Account, dict[str, Role]], ...]:
    """Return accounts of `accounts.page`, each with its roles at and below `tops`."""
    found = await accounts.page(connection, tops, words, after, limit)
    theirs = await accounts.roles_within(connection, tops, [account.name for account in found])
    return tuple(
        (account, {place: Role(role) for place, role in theirs.get(account.name, {}).items()}) for account in found
    )


async def one(connection: Connection, name: str, tops: Collection[str], *, lock: bool = False) -> Governed:
    """Raises NotGoverned. `lock`: no other transaction changes the account before this one ends."""
    account = await accounts.get(connection, name, lock=lock)
    if account is None:
        raise NotGoverned(name)
    everywhere = await accounts.roles(connection, name)
    theirs = {place: Role(role) for place, role in everywhere.items() if await _governs(connection, tops, place)}
    at_home = await _governs(connection, tops, account.home)
    if not theirs and not at_home:
        raise NotGoverned(name)
    return Governed(account, theirs, wholly=at_home and theirs.keys() == everywhere.keys())


async def add(connection: Connection, name: str, hashed: str, place: str, role: Role, now: datetime, *, by: str) -> str:
    """Add an account with a one-time password; return its normalised name. Raises NameRefused, NameTaken."""
    known = new_name(name)
    if not await accounts.add(connection, known, hashed, now, home=place, until=now + ONE_TIME, by=by):
        raise NameTaken(known)
    await accounts.grant(connection, known, place, role.value, now, by=by)
    return known


async def grant(connection: Connection, governed: Governed, place: str, role: Role, now: datetime, *, by: str) -> None:
    """Replace the account's role at a place. Raises LastGovernor; NotGoverned: nobody grants the own account a
    role that decides by two.
    """
    name = governed.account.name
    if role not in _GOVERNORS:
        await _keep_a_governor(connection, governed, place)
    if role in DECIDING_ROLES:
        if name == by:
            raise NotGoverned(name)
        await accounts.confirm(connection, name, None)
    await accounts.grant(connection, name, place, role.value, now, by=by)


async def confirm(connection: Connection, governed: Governed, by: str) -> None:
    """Confirm that another person uses the account. Raises NotGoverned: `by` could use it."""
    governed.demand_wholly()
    if not await are_independent(connection, governed.account.name, by):
        raise NotGoverned(governed.account.name)
    await accounts.confirm(connection, governed.account.name, by)


async def revoke(connection: Connection, governed: Governed, place: str) -> Role:
    """Return the revoked role. Raises NotGoverned, LastGovernor."""
    if place not in governed.roles:
        raise NotGoverned(place)
    await _keep_a_governor(connection, governed, place)
    await accounts.revoke(connection, governed.account.name, place)
    return governed.roles[place]


async def disable(connection: Connection, governed: Governed, now: datetime) -> None:
    """Raises NotGoverned, LastGovernor."""
    governed.demand_wholly()
    await _keep_a_governor(connection, governed, places.TOP)
    await accounts.disable(connection, governed.account.name, now)


async def give_password(connection: Connection, governed: Governed, hashed: str, now: datetime, *, by: str) -> None:
    """Set a one-time password; all sessions end. Raises NotGoverned."""
    governed.demand_wholly()
    await accounts.set_password(connection, governed.account.name, hashed, now + ONE_TIME)
    await accounts.record_reset(connection, governed.account.name, by)


async def reset_factor(connection: Connection, account: str, *, by: str) -> None:
    """Remove the second factor and any lock; all sessions end."""
    await accounts.set_factor(connection, account, None)
    await accounts.record_reset(connection, account, by)
    await accounts.forget_failures(connection, account)
    await sessions.end_all(connection, account)


async def _keep_a_governor(connection: Connection, governed: Governed, place: str) -> None:
    if place != places.TOP or governed.roles.get(place) not in _GOVERNORS:
        return
    await connection.alone("governors of the top")  # two administrators could revoke each other's role at the same time
    if not await accounts.others_at_top(connection, _GOVERNORS, governed.account.name):
        raise LastGovernor(governed.account.name)


async def _governs(connection: Connection, tops: Collection[str], place: str) -> bool:
    return not (await places.ancestors(connection, place)).isdisjoint(tops)
