"""Fixtures for every test: the central server's two databases, and the choice of a quick run.

A test with a database (`store_url`, `database`) runs on SQLite or on PostgreSQL, chosen by its name, so that half of
them are on each. Tests of what differs between the two, `ON_BOTH`, run on both; `tests.databases` overrides that.
PostgreSQL starts once for each worker (forked_workers.py), on first use.
"""

import gc
import re
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from zlib import crc32

import pytest
import structlog
from aiohttp import web_app
from hypothesis import settings

from central_server.store.engine.database import Database, open_database
from tests.compiled_statements import share_compiled_statements
from tests.databases import DATABASES
from tests.entry_points import provide_entry_points
from tests.postgres import Postgres, running_postgres
from tests.postgres_reuse import ReusedDatabase
from tests.sqlite import put_database

settings.register_profile("shared machine", deadline=None)  # how long an example takes says how busy the machine is
settings.load_profile("shared machine")
share_compiled_statements()
sys.dont_write_bytecode = False
"""The next run and the labs need not compile the tests again. Programs that the tests start write no bytecode."""

SERVER_FIXTURES = {"bank", "session"}
"""A test with one of these talks to a running server."""
SLOW_FIXTURES = SERVER_FIXTURES | {"store_url", "postgres", "house", "page", "browser", "lab"}
"""`--quick` leaves out tests with one of these."""
STARTERS = {
    *("subprocess", "FORKED", "forked_programs", "run_command", "run_place", "run_program", "program"),
    *("running_bank", "running_central", "running_desk", "unlimited_central"),
}
"""`--quick` leaves out modules that import one of these: they start servers or programs."""
_STARTER = "|".join(sorted(STARTERS))
IMPORTS_STARTER = re.compile(
    rf"^(?:from [\w.]+ import (?:[^(\n]*\b)?(?:{_STARTER})\b|import (?:{_STARTER})$|    (?:{_STARTER}),$)", re.MULTILINE
)
"""Finds most of these modules by their text, so that `--quick` does not import them."""

ON_BOTH = (
    *("tests/unit/central_server/store/", "tests/unit/central_server/backups/"),
    *(
        "tests/unit/central_server/parcels/test_log_plan.py",
        "tests/unit/central_server/statistics/test_statistics_rollup.py",
    ),
)
"""Connections, locks, migrations, dumps, query plans and counters in SQL: each database has its own."""

ALONE = "tests/unit/central_server/backups/"
"""Tests that restore a database: only without other connections to it, and the result is not used again."""

pytest_plugins = ("tests.forked_workers",)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--both-databases", action="store_true", help="run every test with a database on both")
    without = "leave out tests that start a server, a program or a browser, or open the central database"
    parser.addoption("--quick", action="store_true", help=without)


def pytest_configure(config: pytest.Config) -> None:
    folder = provide_entry_points()
    if folder is not None:
        config.add_cleanup(folder.cleanup)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if not config.getoption("--quick") or collection_path.suffix != ".py":
        return None
    return bool(IMPORTS_STARTER.search(collection_path.read_text("utf-8"))) or None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Select the databases on which a test runs."""
    if "store_url" not in metafunc.fixturenames:
        return
    if any("store_url" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")):
        return
    one = not metafunc.definition.nodeid.startswith(ON_BOTH) and not metafunc.config.getoption("--both-databases")
    chosen = crc32(metafunc.definition.name.encode()) % len(DATABASES)
    metafunc.parametrize("store_url", [DATABASES[chosen]] if one else DATABASES, indirect=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--quick"):
        return
    slow = [item for item in items if _is_slow(item)]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


def _is_slow(item: pytest.Item) -> bool:
    module = getattr(item, "module", None)
    if item.get_closest_marker("thorough") or not STARTERS.isdisjoint(vars(module) if module else ()):
        return True
    return not SLOW_FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """Exclude what was imported from garbage collection, and collect the rest of a test's objects less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    configure_log()


def configure_log() -> None:
    """Let structlog write as it does by default, but with plain tracebacks.

    Its default ones show all local variables with rich, which takes seconds and gigabytes for a database's schema.
    """
    structlog.reset_defaults()
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], renderer])


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Forget the test's servers and its log.

    aiohttp keeps the last thousand handlers for good, and through them every server that a test ever ran. A program
    that ran in this process wrote its log to the test's own stdout.
    """
    web_app._cached_build_middleware.cache_clear()
    configure_log()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture(scope="session")
def postgres_again(postgres: Postgres) -> Iterator[ReusedDatabase]:
    again = ReusedDatabase(postgres)
    yield again
    again.close()


@pytest.fixture
async def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """A database of this test's own. On SQLite it is where a server with the state folder `central` looks for it."""
    if request.param == "sqlite":
        state = tmp_path / "central"
        state.mkdir(mode=0o700, exist_ok=True)
        yield await put_database(state / "central.db")
        return
    if request.node.nodeid.startswith(ALONE):
        databases: Postgres | ReusedDatabase = request.getfixturevalue("postgres")
    else:
        databases = request.getfixturevalue("postgres_again")
    async with databases.database() as url:
        yield url


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    """That database, opened and with our newest schema."""
    async with open_database(store_url) as database:
        yield database
