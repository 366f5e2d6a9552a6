"""Decide whether two accounts are independent: one person must not act as two.

Whoever made an account, last reset it, or granted it a role that decides by two could use it. Another administrator,
or the machine's console, confirms that another person uses it; after that it stands for that person alone.
"""

from central_server.store.accounts import accounts
from central_server.store.engine.connection import Connection

DECIDING_ROLES = ("finance", "chief", "family")
"""Roles with a right to decide by two: money or families."""


async def controllers(connection: Connection, name: str) -> frozenset[str]:
    """Return the account and all accounts that could use it, directly or through others."""
    found: set[str] = set()
    waiting = {name}
    while waiting:
        current = waiting.pop()
        found.add(current)
        account = await accounts.get(connection, current)
        if account is None or account.confirmed_by is not None:
            continue
        granted = await accounts.granted_by(connection, current, DECIDING_ROLES)
        waiting |= ({account.made_by, account.reset_by} | granted) - found - {""}
    return frozenset(found)


async def are_independent(connection: Connection, one: str, other: str) -> bool:
    return (await controllers(connection, one)).isdisjoint(await controllers(connection, other))
