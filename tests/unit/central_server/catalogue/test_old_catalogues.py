"""A database from before catalogues were numbered by community: what was published is kept, and the next is newer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from central_server.catalogue.catalogue_version import number_at
from central_server.catalogue.publication import Publication
from central_server.store.catalogue import catalogues
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from sync_contract.strict_model import Environment
from tests.postgres import Postgres
from tests.unit.central_server.catalogue_world import KEY, NOW
from tests.unit.central_server.old_schema import KINDS, brought_over_from

BEFORE = "0015"


def fill(connection: Connection) -> None:
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


@pytest.fixture(params=KINDS)
async def brought_over(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres) -> AsyncIterator[Database]:
    async with brought_over_from(BEFORE, fill, request.param, tmp_path, postgres) as database:
        yield database


async def test_what_was_published_before_stays_and_the_next_one_is_newer(brought_over: Database) -> None:
    async with brought_over.read() as connection:
        assert await catalogues.newest_versions(connection, ["huada", TOP]) == {"huada": 3, TOP: 1}
    publication = Publication(brought_over, KEY, lambda: NOW, Environment.drill)
    assert (await publication.current("huada", held=3)).version == number_at(NOW)
