"""The tables of an optional part: made, upgraded with their rows, protected, and refused when they are newer."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Column, Index, MetaData, String, Table, select, text
from sqlalchemy.exc import IntegrityError

from central_server.store.engine.database import Database, StoreRefused, StoreUnavailable
from central_server.store.engine.part_schema import PartSchema, migrate_part
from tests.paths import ROOT

_FIRST = """revision = "1"
down_revision = None
"""
_SECOND = """import sqlalchemy
from alembic import op
revision = "2"
down_revision = "1"
def upgrade():
    op.add_column("tst_words", sqlalchemy.Column("more", sqlalchemy.String(8), server_default="new"))
"""


def schema(folder: Path, *revisions: str) -> PartSchema:
    metadata = MetaData()
    columns = [Column("word", String(8), primary_key=True), Column("kind", String(8))]
    words = Table("tst_words", metadata, *columns, *([Column("more", String(8))] if len(revisions) > 1 else []))
    Index("one_of_a_kind", words.c.kind, unique=True, sqlite_where=text("kind = 'only'"))
    Table("tst_lines", metadata, Column("line", String(8)))
    return PartSchema("tst_", metadata, revisions, folder, ("tst_lines",))


async def test_a_part_has_its_own_version_and_keeps_its_rows(database: Database, tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    shutil.copy(ROOT / "volunteering/store/migrations/env.py", tmp_path)
    for name, content in (("1.py", _FIRST), ("2.py", _SECOND)):
        (tmp_path / "versions" / name).write_text(content)
    first, second = schema(tmp_path, "1"), schema(tmp_path, "1", "2")
    before: list[str] = []

    async def back_up(revision: str) -> None:
        before.append(revision)

    for _ in range(2):
        await migrate_part(database, first, back_up)
    words, lines = (first.metadata.tables[name] for name in ("tst_words", "tst_lines"))
    async with database.write() as connection:
        await connection.execute(words.insert(), [{"word": word, "kind": kind} for word, kind in ("aa", "bb", "cb")])
        await connection.execute(words.insert().values(word="d", kind="only"))
        await connection.execute(lines.insert().values(line="once"))
    with pytest.raises((IntegrityError, StoreUnavailable)):
        async with database.write() as connection:
            await connection.execute(words.insert().values(word="e", kind="only"))
    for change in (lines.delete(), lines.update().values(line="twice")):
        with pytest.raises(Exception, match="only added"):
            async with database.write() as connection:
                await connection.execute(change)
    assert before == [], "nothing to back up"
    for _ in range(2):
        await migrate_part(database, second, back_up)
    assert before == ["1"]
    async with database.read() as connection:
        columns = second.metadata.tables["tst_words"].c
        found = (await connection.execute(select(columns.word, columns.more))).all()
    assert sorted(map(tuple, found)) == [(word, "new") for word in "abcd"]
    with pytest.raises(StoreRefused, match=r"have schema 2, this program knows up to 1: start a newer program"):
        await migrate_part(database, first)
