"""The two databases that the central server knows, for every test that asks for one.

`store_url` runs a test twice, once on each. PostgreSQL is started once for each pytest process, when first asked for.
"""

import gc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web_app
from argon2 import PasswordHasher
from hypothesis import settings

from central_server.accounts import passwords
from central_server.store.engine.database import Database, open_database
from tests.postgres import Postgres, running_postgres
from tests.postgres_reuse import Again
from tests.sqlite import put_database

settings.register_profile("shared machine", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("shared machine")

TOGETHER = ("tests/radio/", "tests/browser/test_real_house.py", "tests/flow/test_bad_input.py")
"""Tests that share something dear, a booted lab or a whole house: one worker has them all, and nobody waits for it."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """--dist loadgroup by place: pytest-xdist 3.8 notes a group in an item's id, which pytest 9.2 does not let it."""
    from xdist.scheduler import LoadGroupScheduling  # type: ignore[import-untyped,unused-ignore] # it has no types

    class ByPlace(LoadGroupScheduling):  # type: ignore[misc,unused-ignore] # as above
        def _split_scope(self, nodeid: str) -> str:
            return next((place for place in TOGETHER if nodeid.startswith(place)), nodeid)

    return ByPlace(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_finish() -> None:
    """What was imported stays: the collector of garbage need not look through all of it again and again."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """aiohttp keeps the last thousand handlers for good, and through them every server that a test ever ran."""
    web_app._cached_build_middleware.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """A thousand logins at argon2's least cost. The product's own is proved in unit/central/test_staff_login.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture(scope="session")
def postgres_again(postgres: Postgres) -> Again:
    return Again(postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
async def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database of this test's own. On SQLite it is where a server with the state folder `central` looks for it."""
    if request.param == "sqlite":
        state = tmp_path / "central"
        state.mkdir(exist_ok=True)
        yield await put_database(state / "central.db")
        return
    again: Again = request.getfixturevalue("postgres_again")
    async with again.database() as url:
        yield url


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    """That database, opened and with our newest schema."""
    async with open_database(store_url) as database:
        yield database
