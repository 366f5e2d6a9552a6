"""A store that a later release extended: this program uses it, repairs it, and leaves the additions unchanged."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from beacon_gateway.store.copies import write_copy
from beacon_gateway.store.database import SchemaTooNew, open_database
from beacon_gateway.store.inspection import APPLICATION_ID
from beacon_gateway.store.sync_state import sync_state
from beacon_gateway.store.tables import SCHEMA, schema_of
from tests.unit.beacon_gateway.store.damage import PAGE, STORE, deliver_all, lay_out

LATER = len(SCHEMA) + 1
HEADER = f"PRAGMA user_version = {LATER}; PRAGMA application_id = {APPLICATION_ID + LATER};"
NOTES = "CREATE TABLE notes (number INTEGER PRIMARY KEY, note TEXT NOT NULL, sum BLOB NOT NULL) STRICT;"


def extend(path: Path, script: str) -> None:
    """Change the schema as a later release's migration would."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.executescript(f"BEGIN; {script}; {HEADER} COMMIT;")


async def test_every_parcel_of_an_extended_store_is_delivered_and_the_additions_stay(tmp_path: Path) -> None:
    """Also after a repair from the bytes of a copy, in which some rows are older than the added columns."""
    _, image = await lay_out(tmp_path / "whole", gifts=12)
    image.restore(tmp_path)
    path = tmp_path / STORE
    columns = (f"ALTER TABLE {table} ADD COLUMN later REAL DEFAULT 1.5;" for table in schema_of(len(SCHEMA)).columns)
    extend(path, f"{NOTES} INSERT INTO notes VALUES (1, 'later', x'00'); {' '.join(columns)}")
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE outbox SET later = 2.25 WHERE place & 1 = 1")
        connection.commit()
    assert write_copy(path) == ""
    assert set(await deliver_all(tmp_path)) == image.waiting
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT note FROM notes").fetchall() == [("later",)]
        assert connection.execute("SELECT count(*) FROM intents WHERE later = 1.5").fetchone() == (13,)
        assert connection.execute("PRAGMA user_version").fetchone() == (LATER,)
    assert not list(tmp_path.glob("*.damaged-*"))
    path.write_bytes(path.read_bytes()[: PAGE * 2])
    assert image.waiting <= set(await deliver_all(tmp_path))
    async with open_database(path) as database:
        assert (await sync_state(database, "")).repair is not None


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE intents RENAME COLUMN door TO entrance",
        "ALTER TABLE refused DROP COLUMN reason",
        "ALTER TABLE outbox ADD COLUMN later TEXT NOT NULL DEFAULT 'x'; ALTER TABLE outbox RENAME TO parcels",
        "DROP TABLE repairs; CREATE TABLE repairs (at TEXT PRIMARY KEY, rescued INTEGER, missing INTEGER, "
        "sum BLOB NOT NULL, place TEXT NOT NULL) STRICT",
        "ALTER TABLE outbox ADD COLUMN later TEXT NOT NULL DEFAULT 'x'; UPDATE sqlite_schema SET sql = "
        "replace(sql, 'place INTEGER PRIMARY KEY', 'place INTEGER') WHERE name = 'outbox'",
        "CREATE UNIQUE INDEX one_door ON intents (door)",
        "CREATE TRIGGER no_gift BEFORE INSERT ON intents BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
    ids=["renamed", "dropped", "moved", "required", "without_key", "unique", "trigger"],
)
async def test_a_store_that_a_later_release_changed_otherwise_is_refused_and_stays(tmp_path: Path, change: str) -> None:
    path = tmp_path / STORE
    async with open_database(path):
        pass
    extend(path, change)
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew):
        async with open_database(path):
            pass
    assert path.read_bytes() == before
    assert not list(tmp_path.glob("*.damaged-*"))
