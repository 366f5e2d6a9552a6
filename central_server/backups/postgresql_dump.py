"""Back up and restore PostgreSQL with pg_dump, pg_restore and psql, at the address of `[store] url`.

A password goes into a temporary file for libpq (PGPASSFILE), because every user of the machine can read command lines.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from central_server.errors import CentralError

_NAME = "beacon-central backup"
_EMPTY = """\
SELECT pg_advisory_xact_lock(hashtextextended('migration', 0));
DO $$
DECLARE found record;
BEGIN
    FOR found IN SELECT c.oid::regclass AS name FROM pg_class c
            WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') LOOP
        EXECUTE format('DROP TABLE IF EXISTS %s CASCADE', found.name);
    END LOOP;
    FOR found IN SELECT p.oid::regprocedure AS name FROM pg_proc p
            WHERE p.pronamespace = current_schema()::regnamespace AND NOT EXISTS (
                SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
        EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', found.name);
    END LOOP;
END $$;
"""
"""Drops everything first, in the same transaction: an older backup lacks tables of a newer program."""
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND coalesce(backend_type, 'client backend') = 'client backend'"
)


class DumpFailed(CentralError):
    """A program of PostgreSQL is missing or failed. The message contains its output."""


def dump(url: str, target: Path) -> None:
    """Dump a consistent snapshot while writers continue. Raises DumpFailed."""
    _run(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")


def revision(url: str) -> str:
    """Return the schema revision, "" without tables of this program. Raises DumpFailed."""
    known = _query(url, "SELECT to_regclass('alembic_version') IS NOT NULL")
    return _query(url, "SELECT version_num FROM alembic_version") if known == "t" else ""


def tables(url: str) -> int:
    """Count the tables. Raises DumpFailed."""
    return int(_query(url, "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()"))


def others(url: str) -> int:
    """Count the other connections to this database. Raises DumpFailed."""
    return int(_query(url, _OTHERS))


def rows(url: str, question: str) -> list[list[str]]:
    """Raises DumpFailed."""
    return [line.split("|") for line in _query(url, question).splitlines()]


def check_dump(dumped: Path) -> None:
    """Check a dump with pg_restore. Raises DumpFailed."""
    _run("", "pg_restore", "--list", str(dumped))


def load(url: str, dumped: Path) -> None:
    """Replace the database by a dump, in one transaction. Raises DumpFailed."""
    with tempfile.TemporaryDirectory(dir=dumped.parent) as folder:
        script = Path(folder) / "restore.sql"
        _run("", "pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dumped))
        emptied = Path(folder) / "empty.sql"
        emptied.write_text(_EMPTY, encoding="utf-8")
        words = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null")
        _run(url, "psql", *words, f"--file={emptied}", f"--file={script}")


def without_password(url: str) -> tuple[str, str]:
    """Return the address without its password, and the password, "" without one."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    query = parse_qsl(parts.query, keep_blank_values=True)
    secret = dict(query).get("password", "") or unquote(password)
    # libpq prefers a passfile of the address to the environment.
    dropped = ("password", "passfile") if secret else ("password",)
    file = urlencode([(name, value) for name, value in query if name not in dropped], quote_via=quote)
    return f"postgresql://{user}{at}{hosts}{parts.path}{'?' if file else ''}{file}", secret


def _query(url: str, question: str) -> str:
    return _run(url, "psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", f"--command={question}").strip()


def _run(url: str, program: str, *words: str) -> str:
    found = shutil.which(program)
    if found is None:
        raise DumpFailed(f"{program} is not installed; on Debian: apt install postgresql-client")
    bare, password = without_password(url) if url else ("", "")
    to = (f"--dbname={bare}",) if bare else ()
    with _passfile(password) as environment:
        done = subprocess.run(  # noqa: S603  (a fixed program with our own arguments)
            [found, *to, *words], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    if done.returncode:
        text = " ".join(done.stderr.split()) or f"ended with {done.returncode}"
        raise DumpFailed(f"{program}: {text[:600]}")
    return done.stdout


@contextmanager
def _passfile(password: str) -> Iterator[dict[str, str]]:
    """Yield an environment in which libpq finds the password."""
    environment = {**os.environ, "PGAPPNAME": _NAME, "PGCONNECT_TIMEOUT": "10"}
    if not password:
        yield environment
        return
    with tempfile.TemporaryDirectory(prefix="beacon-central-") as folder:  # mode 0700
        file = Path(folder) / "pgpass"
        file.touch(mode=0o600)
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        file.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
        environment.pop("PGPASSWORD", None)  # libpq prefers it to the file
        yield {**environment, "PGPASSFILE": str(file)}
