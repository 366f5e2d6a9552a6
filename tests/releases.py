"""Data of each release: a gateway's store and a central database on SQLite and PostgreSQL, as its programs left them.

`python -m tests.releases` writes those of this version to tests/captures/releases/. Every table has at least a row.
"""

import asyncio
import gzip
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has no types
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Boolean, Date, Integer, LargeBinary, Table, select

from beacon_gateway.store.bulletins import Bulletins
from beacon_gateway.store.database import open_database as open_gateway
from beacon_gateway.store.ledger_heads import LedgerHeads
from central_server.catalogue.settings_seed import seed_catalogue
from central_server.demo_families import DemoFamilies
from central_server.demo_history import DemoHistory
from central_server.enrolment.gateways import register
from central_server.receipts.sealed_data import open_seal
from central_server.settings import Settings
from central_server.state_files import catalogue_key
from central_server.store.engine import tables
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database, open_database, sqlite_url
from central_server.store.engine.timestamps import Instant
from daemonkit.toml import load
from sync_contract.bulletin import Bulletin
from sync_contract.bulletin import sign as sign_bulletin
from sync_contract.ledger_heads import Contradiction, Head, HeadRefusal, Heads, SignedHead
from sync_contract.strict_model import Environment
from tests.fakes.counting import count_all
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.paths import ROOT
from tests.postgres import running_postgres
from tests.unit.beacon_gateway.store.damage import STORE, lay_out

RELEASES = ROOT / "tests" / "captures" / "releases"
GATEWAY, SQLITE, POSTGRESQL = "gateway.db.gz", "central.db.gz", "central.sql.gz"
NOW = datetime(2026, 12, 1, 4, 30, tzinfo=UTC)
_SEED = 1
_COLUMNS = """
    SELECT table_name, array_agg(column_name::text ORDER BY ordinal_position) AS names
    FROM information_schema.columns WHERE table_schema = 'public' GROUP BY table_name
"""


@dataclass(frozen=True, slots=True)
class Content:
    """The columns of a table, and its rows in no order."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def of(self, columns: tuple[str, ...]) -> list[str]:
        """Return the rows with these columns only, as sorted texts."""
        at = [self.columns.index(name) for name in columns]
        return sorted(repr([row[each] for each in at]) for row in self.rows)


Contents = Mapping[str, Content]
"""By table."""


def read_sqlite(file: Path) -> Contents:
    with closing(sqlite3.connect(file)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {
            name: Content(
                tuple(row[1] for row in connection.execute(f"PRAGMA table_info({name})")),
                tuple(connection.execute(f"SELECT * FROM {name}")),
            )
            for name in names
            if not name.startswith("sqlite_")
        }


async def read_postgresql(url: str) -> Contents:
    connection = await asyncpg.connect(url)
    try:
        return {
            found["table_name"]: Content(
                tuple(found["names"]),
                tuple(tuple(row) for row in await connection.fetch(f"SELECT * FROM {found['table_name']}")),
            )
            for found in await connection.fetch(_COLUMNS)
        }
    finally:
        await connection.close()


def unpack(release: Path, name: str) -> bytes:
    return gzip.decompress((release / name).read_bytes())


async def make(folder: Path) -> None:
    """Write the data of this program's version."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made:
        central = Path(made) / "central.db"
        heads = await _fill_central(sqlite_url(central))
        _pack(folder / GATEWAY, (await _fill_gateway(Path(made) / "gateway", heads)).read_bytes())
        with closing(sqlite3.connect(central, isolation_level=None)) as connection:
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _pack(folder / SQLITE, central.read_bytes())
    with running_postgres() as postgres:
        async with postgres.database() as url:
            await _fill_central(url)
            _pack(folder / POSTGRESQL, _dump(url).encode())


def _pack(file: Path, content: bytes) -> None:
    file.write_bytes(gzip.compress(content, mtime=0))


def _dump(url: str) -> str:
    """Return SQL statements only, without commands to psql and settings of one version of PostgreSQL."""
    program = shutil.which("pg_dump")
    assert program is not None, "pg_dump is not installed; on Debian: apt install postgresql-client"
    words = ("--no-owner", "--no-privileges", "--rows-per-insert=200", f"--dbname={url}")
    text = subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout
    return "".join(
        f"{line}\n"
        for line in text.splitlines()
        if line and not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog.set_config"))
    )


async def _fill_gateway(folder: Path, heads: Sequence[SignedHead]) -> Path:
    """Return a stopped gateway's store: gifts in every state, waiting and refused parcels, a catalogue, a log."""
    await lay_out(folder, gifts=30)
    refusal = HeadRefusal(project="lunch", step=1, digest="0" * 64, contradiction=Contradiction.other_content, at=NOW)
    async with open_gateway(folder / STORE) as database:
        bulletin = Bulletin(environment=Environment.drill, issued_at=NOW, home="/community/huada")
        await Bulletins(database).store(sign_bulletin(bulletin, Ed25519PrivateKey.from_private_bytes(bytes(32))))
        ledger = LedgerHeads(database)
        for signed in heads:
            await ledger.store_head(Head.model_validate_json(signed.payload), signed)
        await ledger.store_refusal("huada", refusal, heads[0])
        await ledger.store_status(Heads(community="huada", heads=()))
        await database.write(lambda tables: tables.put("repairs", NOW.isoformat(), 3, 1))
    return folder / STORE


async def _fill_central(url: str) -> Sequence[SignedHead]:
    """Record a few days of use, then a row in each table that they leave empty; return the published heads."""
    settings = load(ROOT / "config" / "demo" / "central.toml", Settings)
    bound = {entry.beacon: entry.project for entry in settings.bindings}
    with tempfile.TemporaryDirectory() as state:
        async with open_database(url) as database:
            device = DeliveringGateway()
            gateway = await register(database, device.id, device.public, "huada", "hall", NOW)
            await seed_catalogue(database, settings.projects, bound, NOW)
            draw = random.Random(_SEED)
            families = DemoFamilies(await open_seal(database, Path(state), None), "huada", draw)
            projects = tuple(project for project in settings.projects if project.permit)
            key = catalogue_key(Path(state))
            history = DemoHistory(database, gateway, projects, next(iter(bound)), "sandbox", key, families, draw)
            await history.record(1, NOW, months=1)
            await count_all(database)
            async with database.read() as connection:
                published = (await connection.execute(select(tables.heads))).all()
            await _fill_empty(database)
    return [SignedHead(key=each.key, payload=each.content, signature=each.signature) for each in published]


async def _fill_empty(database: Database) -> None:
    async with database.write() as connection:
        for table in tables.metadata.sorted_tables:
            if (await connection.execute(select(table).limit(1))).first() is None:
                await connection.execute(table.insert().values(await _made_up(connection, table)))


async def _made_up(connection: Connection, table: Table) -> dict[str, Any]:
    """Return a row that refers to existing ones."""
    values: dict[str, Any] = {}
    for column in table.columns:
        kind = column.type
        length = getattr(kind, "length", None) or 20
        if isinstance(kind, Boolean):
            values[column.name] = True
        elif isinstance(kind, Integer):
            values[column.name] = 1
        elif isinstance(kind, Date):
            values[column.name] = date(2026, 11, 30)
        elif isinstance(kind, LargeBinary):
            values[column.name] = b"\0\xffcontent"
        elif isinstance(kind, Instant):
            values[column.name] = NOW
        else:
            values[column.name] = "值text"[:length]
    for constraint in table.foreign_key_constraints:
        found = (await connection.execute(select(*(each.column for each in constraint.elements)).limit(1))).first()
        keys = constraint.column_keys
        values |= dict(zip(keys, found, strict=True)) if found else dict.fromkeys(keys)  # its own, empty table
    return values


if __name__ == "__main__":
    target = RELEASES / (sys.argv[1] if len(sys.argv) > 1 else version("beacon-gateway"))
    asyncio.run(make(target))
    for file in sorted(target.iterdir()):
        print(f"{file.relative_to(ROOT)}: {file.stat().st_size} bytes")
