"""Build server states for backups, and read a complete database."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from central_server.backups.backup import Source
from central_server.enrolment.gateways import register
from central_server.state_files import OWN_FILES, catalogue_key, factor_key, form_secret, program_secret
from central_server.store.engine.database import Database, open_database
from tests.fakes.central_process import CONFIG
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.stored_parcels import received
from tests.unit.central_server.ledger_world import charged, gave_back, given

AT = datetime(2026, 11, 27, 20, 15, tzinfo=UTC)
Rows = dict[str, list[str]]


def state_in(folder: Path, url: str = "") -> Source:
    """A server's state folder with keys and settings; the database is at `url`, otherwise a file in it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    for make in (catalogue_key, form_secret, factor_key, program_secret):
        make(folder)
    row_texts = f'[store]\nurl = "{url}"\n' if url.startswith("postgresql") else ""
    settings = folder.parent / f"{folder.name}.toml"
    settings.write_text(row_texts + CONFIG, encoding="utf-8")
    return Source(url or f"sqlite+aiosqlite:///{folder / 'central.db'}", folder, settings)


def keys(state: Path) -> dict[str, bytes]:
    return {name: (state / name).read_bytes() for name in OWN_FILES}


async def fill(database: Database, seed: int) -> None:
    """Add parcels, gifts and a ledger with refunds and fees; size and order depend on the seed."""
    drawn = random.Random(seed)
    for number in range(drawn.randint(1, 3)):
        device = DeliveringGateway()
        await register(database, device.id, device.public, f"street-{number}", f"大厅 {seed}", AT)
        made = [drawn.choice((device.intent, device.statistics))() for _ in range(drawn.randint(1, 60))]
        await received(database, device.id, f"street-{number}", made, AT)
        await received(database, device.id, f"street-{number}", made[: drawn.randint(0, 5)], AT)
    gifts = await given(database, *[drawn.randint(1, 10_000) for _ in range(drawn.randint(2, 12))])
    for gift in drawn.sample(gifts, k=drawn.randint(1, len(gifts))):
        await charged(database, gift, 1)
    await gave_back(database, gifts[0], drawn.randint(1, gifts[0].amount_minor))


async def everything(url: str) -> Rows:
    """Return each row of each table, and each index, trigger and counter."""
    async with open_database(url) as database, database.read() as connection:
        return await connection.run_sync(_everything)


def _everything(connection: Connection) -> Rows:
    found: Rows = {}
    for name in inspect(connection).get_table_names():
        found[name] = _rows_of(connection, f'SELECT * FROM "{name}"')
    if connection.dialect.name == "sqlite":
        found["schema"] = _rows_of(connection, "SELECT type, name, sql FROM sqlite_master")
        return found
    found["indexes"] = _rows_of(connection, "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")
    found["triggers"] = _rows_of(connection, "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal")
    found["keys"] = _rows_of(connection, "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint")
    found["counters"] = _rows_of(connection, "SELECT sequencename, last_value FROM pg_sequences")
    return found


def _rows_of(connection: Connection, question: str) -> list[str]:
    return sorted(repr([_as_bytes(value) for value in row]) for row in connection.execute(text(question)))


def _as_bytes(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
