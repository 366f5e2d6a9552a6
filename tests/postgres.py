"""Run a PostgreSQL server for the tests, reached through a Unix socket."""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it has no types

from central_server.store.engine.database import open_database

_TEMPLATE = "template_of_ours"
_READY_S = 60
_ROOM = 2 * 1024**3
_PR_SET_PDEATHSIG = 1


@dataclass
class Postgres:
    """One cluster, with `fsync` on as in service."""

    folder: Path
    user: str | None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _migrated: bool = field(default=False, init=False)

    @property
    def runs(self) -> bool:
        return self._process is not None

    def url(self, database: str) -> str:
        """Return the URL for `[store] url`."""
        return f"postgresql://beacon@/{database}?host={self.folder}"

    def initialise(self) -> None:
        made = self._run("initdb", "-D", self._data, "-U", "beacon", "--auth=trust", "-E", "UTF8", "--no-locale", "-N")
        if made.wait():
            raise RuntimeError(f"initdb failed:\n{self._log.read_text()}")

    def start(self) -> None:
        """Start; return when it answers."""
        settings = (
            "listen_addresses=",
            "deadlock_timeout=50ms",
            "autovacuum=off",
        )  # which would change plans at any time
        arguments = ("-D", self._data, "-k", str(self.folder), *(word for each in settings for word in ("-c", each)))
        self._process = self._run("postgres", *arguments)
        deadline = time.monotonic() + _READY_S
        ask = (str(_programs() / "pg_isready"), "-q", "-h", str(self.folder))
        while subprocess.run(ask, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start:\n{self._log.read_text()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server. SIGINT: clean shutdown that cuts connections. SIGQUIT: as a power cut."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_READY_S)
            self._process = None

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Create a database with the schema; yield its URL; drop it at the end."""
        name = await self.migrated()
        try:
            yield self.url(name)
        finally:
            await self.drop(name)

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[str]:
        """Create an empty database; yield its URL; drop it at the end."""
        name = await self._make()
        try:
            yield self.url(name)
        finally:
            await self.drop(name)

    async def migrated(self) -> str:
        """Create a database with the schema; return its name. The caller drops it."""
        if not self._migrated:
            await self._do(f"CREATE DATABASE {_TEMPLATE}")
            async with open_database(self.url(_TEMPLATE)):
                pass
            self._migrated = True
        return await self._make(f"TEMPLATE {_TEMPLATE}")

    async def drop(self, name: str) -> None:
        """Drop the database and its connections, unless the server is stopped."""
        if self.runs:
            await self._do(f"DROP DATABASE {name} WITH (FORCE)")

    async def _make(self, how: str = "") -> str:
        name = f"test_{secrets.token_hex(6)}"
        await self._do(f"CREATE DATABASE {name} {how}")
        return name

    async def _do(self, statement: str) -> None:
        await self.execute(self.url("postgres"), statement)

    async def execute(self, url: str, statement: str) -> None:
        """Run one statement as the superuser."""
        connection = await asyncpg.connect(url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [str(_programs() / program), *arguments],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
                preexec_fn=_end_with_parent,
                user=self.user,
                group=pwd.getpwnam(self.user).pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
            )


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a cluster. Call from the main thread: the kernel ends the server with the thread that started it."""
    folder = Path(
        tempfile.mkdtemp(prefix="pg-", dir=_fast_folder())
    )  # short: the path of a socket has at most 107 bytes
    user = None
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        user = "postgres" if any(known.pw_name == "postgres" for known in pwd.getpwall()) else "nobody"
        shutil.chown(folder, user)
    postgres = Postgres(folder, user)
    try:
        postgres.initialise()
        postgres.start()
        yield postgres
    finally:
        postgres.stop()
        shutil.rmtree(folder)


def _fast_folder() -> str:
    """Return a folder in memory if it has room: tests create hundreds of databases."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM else "/tmp"


def _programs() -> Path:
    """Return the folder of PostgreSQL's programs; Debian has one per version outside the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda program: int(program.parts[-3]))
    if found:
        return found[-1].parent
    other = shutil.which("initdb")
    if other is None:
        raise RuntimeError("PostgreSQL is not installed; on Debian: apt install postgresql")
    return Path(other).resolve().parent


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
