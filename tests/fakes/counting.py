"""Count all new parcels at once, as the server does bit by bit."""

from datetime import UTC, datetime

from central_server.statistics.rollup import count_new
from central_server.store.engine.database import Database


async def count_all(database: Database) -> None:
    while await count_new(database, datetime.now(UTC)):
        pass
