"""Create and upgrade the tables of an optional part, which has an Alembic version table of its own."""

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table, inspect, select

from central_server.store.engine.database import BeforeMigration, Database
from central_server.store.engine.schema import StoreRefused
from central_server.store.engine.schema_creation import copy_index_conditions, forbid_changes, forbid_updates


@dataclass(frozen=True, slots=True)
class PartSchema:
    """`prefix`: begins the name of each table. `revisions`: oldest first. `migrations`: Alembic's folder.

    `append_only`: tables of which no row is changed or deleted; `unchanged`: of which none is changed, but old ones are
    deleted. No foreign key leads to another part's table.
    """

    prefix: str
    metadata: MetaData
    revisions: tuple[str, ...]
    migrations: Path
    append_only: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    version_table: Table = field(init=False)

    def __post_init__(self) -> None:
        name = f"{self.prefix}alembic_version"
        version = Column("version_num", String(32), nullable=False)
        table = Table(name, MetaData(), version, PrimaryKeyConstraint("version_num", name=f"{name}_pkc"))
        object.__setattr__(self, "version_table", table)


async def migrate_part(database: Database, schema: PartSchema, before: BeforeMigration | None = None) -> None:
    """Bring the part's tables to their newest revision. `before` is called before tables with rows are changed.

    Raises StoreRefused, StoreUnavailable.
    """
    newest = schema.revisions[-1]
    async with database.read() as connection:
        if await connection.run_sync(partial(_find_revision, schema=schema)) == newest:
            return
    async with database.write() as connection:
        await connection.alone("migration")  # of processes that start together, the first migrates
        found = await connection.run_sync(partial(_find_revision, schema=schema))
        if found == newest:
            return
        if found is not None and before is not None:
            await before(found)
        await connection.run_sync(partial(_upgrade, schema=schema, found=found))


def _find_revision(connection: Connection, schema: PartSchema) -> str | None:
    """Return the revision of the part's tables, None without them. Raises StoreRefused."""
    if not inspect(connection).has_table(schema.version_table.name):
        return None
    found: str | None = connection.execute(select(schema.version_table.c.version_num)).scalar()
    if found not in schema.revisions:
        raise StoreRefused(
            f"the tables {schema.prefix}… have schema {found}, this program knows up to {schema.revisions[-1]}: "
            "start a newer program"
        )
    return found


def _upgrade(connection: Connection, schema: PartSchema, found: str | None) -> None:
    if found is None:
        if connection.dialect.name == "postgresql":
            copy_index_conditions(schema.metadata)
        schema.metadata.create_all(connection, checkfirst=False)
        forbid_changes(connection, dict.fromkeys(schema.append_only, "UPDATE"))
        forbid_updates(connection, schema.unchanged)
        schema.version_table.create(connection)
        connection.execute(schema.version_table.insert().values(version_num=schema.revisions[-1]))
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(schema.migrations))
    config.attributes |= {"connection": connection, "schema": schema}
    command.upgrade(config, "head")
