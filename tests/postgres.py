"""A PostgreSQL server of the tests' own: made by them, reached through a socket, stopped by its own pid."""

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
    """One cluster. `fsync` is on: what a test sees committed is as durable as it would be in service."""

    folder: Path
    user: str | None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _migrated: bool = field(default=False, init=False)

    @property
    def runs(self) -> bool:
        return self._process is not None

    def url(self, database: str) -> str:
        """As `[store] url` has it."""
        return f"postgresql://beacon@/{database}?host={self.folder}"

    def initialise(self) -> None:
        made = self._run("initdb", "-D", self._data, "-U", "beacon", "--auth=trust", "-E", "UTF8", "--no-locale", "-N")
        if made.wait():
            raise RuntimeError(f"initdb failed:\n{self._log.read_text()}")

    def start(self) -> None:
        """Returns when it answers."""
        arguments = ("-D", self._data, "-k", str(self.folder), "-c", "listen_addresses=", "-c", "deadlock_timeout=50ms")
        self._process = self._run("postgres", *arguments)
        deadline = time.monotonic() + _READY_S
        ask = (str(_programs() / "pg_isready"), "-q", "-h", str(self.folder))
        while subprocess.run(ask, check=False).returncode:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start:\n{self._log.read_text()}")
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT: connections are cut, what is committed is written out. SIGQUIT: as when the power goes."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_READY_S)
            self._process = None

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """The URL of a new database with our newest schema, which goes when the block ends."""
        name = await self.migrated()
        try:
            yield self.url(name)
        finally:
            await self.drop(name)

    @asynccontextmanager
    async def empty(self) -> AsyncIterator[str]:
        """The URL of a new database without any table."""
        name = await self._make()
        try:
            yield self.url(name)
        finally:
            await self.drop(name)

    async def migrated(self) -> str:
        """The name of a new database with our newest schema; who asks for it drops it."""
        if not self._migrated:
            await self._do(f"CREATE DATABASE {_TEMPLATE}")
            async with open_database(self.url(_TEMPLATE)):
                pass
            self._migrated = True
        return await self._make(f"TEMPLATE {_TEMPLATE}")

    async def drop(self, name: str) -> None:
        """Whoever is connected there. With the server stopped, it goes with the folder."""
        if self.runs:
            await self._do(f"DROP DATABASE {name} WITH (FORCE)")

    async def _make(self, how: str = "") -> str:
        name = f"test_{secrets.token_hex(6)}"
        await self._do(f"CREATE DATABASE {name} {how}")
        return name

    async def _do(self, statement: str) -> None:
        await self.tell(self.url("postgres"), statement)

    async def tell(self, url: str, statement: str) -> None:
        """Run one statement there as the cluster's master."""
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
                preexec_fn=_end_with_us,
                user=self.user,
                group=pwd.getpwnam(self.user).pw_gid if self.user else None,
                extra_groups=[] if self.user else None,
            )


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """From the main thread alone: the kernel ends the server together with the thread that started it."""
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir=_quick()))  # short: a socket's path has 107 octets
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


def _quick() -> str:
    """In memory where there is room for it: hundreds of databases come and go, and no test cuts the power."""
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and shutil.disk_usage(memory).free > _ROOM else "/tmp"


def _programs() -> Path:
    """Debian keeps them beside the path, one folder a version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda program: int(program.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    if elsewhere is None:
        raise RuntimeError("PostgreSQL is not installed; on Debian: apt install postgresql")
    return Path(elsewhere).resolve().parent


def _end_with_us() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
