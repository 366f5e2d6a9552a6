"""Decide whether a reader may see single gifts (docs/privacy.md)."""

from collections.abc import Collection

from central_server.accounts.access import Access, Right
from central_server.store.engine.connection import Connection
from central_server.store.places import places


async def sees_money(connection: Connection, access: Access, tops: Collection[str]) -> bool:
    """Whether the reader has the money right at each of `tops`."""
    return all([access.may(Right.money, await places.ancestors(connection, top)) for top in tops])


async def blind_at(connection: Connection, access: Access, communities: Collection[str]) -> frozenset[str]:
    """Return the communities where the reader has no money right."""
    return frozenset([each for each in communities if not await sees_money(connection, access, [each])])
