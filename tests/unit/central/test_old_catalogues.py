"""A database from before catalogues were numbered by community: what was published is kept, and the next is newer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from central_server.catalogue.numbers import number_at
from central_server.catalogue.publication import Publication
from central_server.store import catalogues, schema
from central_server.store.database import Database, open_database, sqlite_url
from central_server.store.places import TOP
from sync_contract.strict import Environment
from tests.postgres import Postgres
from tests.unit.central.catalogue_world import KEY, NOW

BEFORE = "0015"


def to_the_old_schema(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(schema.__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, BEFORE)
    names = '{"zh-Hans": "x", "zh-Hant": "x", "en": "x"}'
    place = text(
        "INSERT INTO places (id, kind, parent, names, added_at) VALUES ('huada', 'community', 'all', :names, 1)"
    )
    connection.execute(place, {"names": names})
    connection.execute(
        text("INSERT INTO place_ancestors (place, ancestor) VALUES ('huada', 'huada'), ('huada', 'all')")
    )
    for version, community in ((1, None), (2, "huada"), (3, "huada")):
        row = "INSERT INTO catalogues (version, digest, content, issued_at, community) VALUES (:v, 'd', 'c', 1, :c)"
        connection.execute(text(row), {"v": version, "c": community})


@pytest.fixture(params=["sqlite", "postgresql"])
async def brought_over(
    request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Database]:
    async def grown(url: str) -> None:
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr("central_server.store.database.upgrade", to_the_old_schema)
            async with open_database(url):
                pass

    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "central.db")
        await grown(url)
        async with open_database(url) as database:
            yield database
    else:
        async with postgres.empty() as url:
            await grown(url)
            async with open_database(url) as database:
                yield database


async def test_what_was_published_before_stays_and_the_next_one_is_newer(brought_over: Database) -> None:
    async with brought_over.read() as connection:
        assert await catalogues.newest_versions(connection, ["huada", TOP]) == {"huada": 3, TOP: 1}
    publication = Publication(brought_over, KEY, lambda: NOW, Environment.drill)
    assert (await publication.current("huada", held=3)).version == number_at(NOW)
