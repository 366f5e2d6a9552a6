"""Whether a reader sees to money wherever it looks: else single gifts stay hidden (docs/privacy.md)."""

from collections.abc import Collection

from central_server.accounts.access import Access, Right
from central_server.store.engine.connection import Connection
from central_server.store.places import places


async def sees_money(connection: Connection, access: Access, tops: Collection[str]) -> bool:
    """At each of `tops`, and so below them."""
    return all([access.may(Right.money, await places.ancestors(connection, top)) for top in tops])


async def blind_at(connection: Connection, access: Access, communities: Collection[str]) -> frozenset[str]:
    """Of these, the communities whose money is not the reader's."""
    return frozenset([each for each in communities if not await sees_money(connection, access, [each])])
