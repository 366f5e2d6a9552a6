"""What a governor may do with accounts: only where the governor governs, and never so that nobody governs the top."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from central_server.accounts.access import Role
from central_server.accounts.account_names import new_name
from central_server.errors import CentralError
from central_server.store.accounts import accounts, sessions
from central_server.store.accounts.accounts import Account
from central_server.store.engine.connection import Connection
from central_server.store.places import places

ONE_TIME = timedelta(hours=72)
"""How long a password that another person knows may wait for its one use."""


class NotGoverned(CentralError):
    """To this governor there is no such account, or no such deed upon it."""


class NameTaken(CentralError):
    """There is an account of that name, here or elsewhere."""


class LastGovernor(CentralError):
    """Nobody could govern the top any more."""


@dataclass(frozen=True, slots=True)
class Governed:
    """An account as a governor sees it. `roles`: those at and below the governor's places; what it may do elsewhere is
    not told. `wholly`: it is at home there and has no role elsewhere, so that its password, its second factor, its
    sessions and its being there are the governor's too. Else an admin of one community could become one of the city.
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
    """Those who are at home, or have a role, at or below `tops`, by name, each with its roles there."""
    found = await accounts.page(connection, tops, words, after, limit)
    theirs = await accounts.roles_within(connection, tops, [account.name for account in found])
    return tuple(
        (account, {place: Role(role) for place, role in theirs.get(account.name, {}).items()}) for account in found
    )


async def one(connection: Connection, name: str, tops: Collection[str], *, lock: bool = False) -> Governed:
    """Raises NotGoverned. `lock`: nobody else changes the account before this transaction ends."""
    account = await accounts.get(connection, name, lock=lock)
    if account is None:
        raise NotGoverned(name)
    everywhere = await accounts.roles(connection, name)
    theirs = {place: Role(role) for place, role in everywhere.items() if await _governs(connection, tops, place)}
    at_home = await _governs(connection, tops, account.home)
    if not theirs and not at_home:
        raise NotGoverned(name)
    return Governed(account, theirs, wholly=at_home and theirs.keys() == everywhere.keys())


async def add(connection: Connection, name: str, hashed: str, place: str, role: Role, now: datetime) -> str:
    """The name as it is spelled. Its password is a one-time one. Raises NameRefused, NameTaken."""
    known = new_name(name)
    if not await accounts.add(connection, known, hashed, now, home=place, until=now + ONE_TIME):
        raise NameTaken(known)
    await accounts.grant(connection, known, place, role.value, now)
    return known


async def grant(connection: Connection, governed: Governed, place: str, role: Role, now: datetime) -> None:
    """In the place of the role that the account has there. Raises LastGovernor."""
    if role is not Role.admin:
        await _keep_a_governor(connection, governed, place)
    await accounts.grant(connection, governed.account.name, place, role.value, now)


async def revoke(connection: Connection, governed: Governed, place: str) -> Role:
    """The role that it was. Raises NotGoverned, LastGovernor."""
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


async def give_password(connection: Connection, governed: Governed, hashed: str, now: datetime) -> None:
    """A one-time one; all sessions end. Raises NotGoverned."""
    governed.demand_wholly()
    await accounts.set_password(connection, governed.account.name, hashed, now + ONE_TIME)


async def reset_factor(connection: Connection, account: str) -> None:
    """For somebody who lost the phone; all sessions end."""
    await accounts.set_factor(connection, account, None)
    await accounts.forget_failures(connection, account)
    await sessions.end_all(connection, account)


async def _keep_a_governor(connection: Connection, governed: Governed, place: str) -> None:
    if place != places.TOP or governed.roles.get(place) is not Role.admin:
        return
    await connection.alone("governors of the top")  # two of them may take away each other's role at the same time
    if not await accounts.others_at_top(connection, Role.admin.value, governed.account.name):
        raise LastGovernor(governed.account.name)


async def _governs(connection: Connection, tops: Collection[str], place: str) -> bool:
    return not (await places.ancestors(connection, place)).isdisjoint(tops)
