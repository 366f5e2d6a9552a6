"""Bind a database to one environment: drill and real data never share a database."""

from sqlalchemy import select

from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, StoreRefused
from central_server.store.engine.tables import installation


async def claim_environment(database: Database, environment: str) -> None:
    """Bind a new database to the environment. Raises StoreRefused if it belongs to the other one."""
    async with database.write() as connection:
        await connection.alone("installation")
        found = (await connection.execute(select(installation.c.environment))).scalars().all()
        if not found:
            await connection.execute(installation.insert().values(environment=environment))
        elif found != [environment]:
            raise StoreRefused(
                f"{database.place} belongs to the environment {found[0]}, and site.environment is {environment}: "
                "use another state folder and another database"
            )


async def find_environment(connection: Connection) -> str:
    """Return the environment of the database, "" before the first start of the server."""
    return (await connection.execute(select(installation.c.environment))).scalar_one_or_none() or ""
