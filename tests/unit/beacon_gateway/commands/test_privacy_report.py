"""`privacy report` against a real store: nothing that is stored is missing."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from beacon_gateway.commands.privacy_report import report
from beacon_gateway.commands.stored_data import FILES, TABLES
from beacon_gateway.store.copies import write_copy
from beacon_gateway.store.database import open_database
from beacon_gateway.store.identity import open_identity
from beacon_gateway.store.intents import Intents
from beacon_gateway.store.state_folder import claim, locked
from sync_contract.strict_model import Environment
from tests.paths import ROOT
from tests.unit.beacon_gateway.sync.test_drain import record

CONFIG = ROOT / "config/demo/gateway.toml"


async def make_state(folder: Path) -> None:
    with locked(folder):
        claim(folder, Environment.drill)
        open_identity(folder / "identity.json")
        (folder / "last-good.toml").touch()
        (folder / "pictures").mkdir()
        async with open_database(folder / "gateway.db") as database:
            await record(Intents(database), 2)
            write_copy(folder / "gateway.db")


async def test_each_table_and_file_is_described_and_an_unknown_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await make_state(tmp_path)
    with closing(sqlite3.connect(tmp_path / "gateway.db")) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert set(TABLES) == tables
    code = await run(tmp_path, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert (code, all(each["described"] for each in found)) == (0, True)
    assert {each["name"] for each in found if each["place"] == "store"} == tables
    names = {each["name"] for each in found if each["place"] == "state_dir"}
    assert names == {each.name for each in tmp_path.iterdir()}
    rows = {each["name"]: each["rows"] for each in found}
    assert (rows["intents"], rows["outbox"], rows["refused"], rows[str(CONFIG)]) == (2, 2, 0, 3)
    assert all(note.zh and note.en and note.until_zh and note.until_en for note in (*TABLES.values(), *FILES.values()))

    with closing(sqlite3.connect(tmp_path / "gateway.db")) as connection:
        connection.execute("CREATE TABLE visitors (name TEXT)")
    (tmp_path / "notes.txt").touch()
    assert await run(tmp_path, as_json=False) == 1
    printed = capsys.readouterr()
    assert printed.err.rstrip().endswith("visitors, notes.txt")
    assert "single gifts, linked to no person" in printed.out


async def run(folder: Path, *, as_json: bool) -> int:
    return await asyncio.to_thread(report, CONFIG, folder, as_json)
