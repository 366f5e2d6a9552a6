"""Accounts of a database from before places had accounts at home, and before sessions could be ended."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from central_server.store.accounts import accounts
from central_server.store.places.places import TOP
from tests.postgres import Postgres
from tests.unit.central_server.old_schema import KINDS, brought_over_from

BEFORE = "0006"
OLD = (
    "INSERT INTO places (id, kind, parent, names, added_at) VALUES ('huada', 'community', 'all', '{}', 1)",
    "INSERT INTO places (id, kind, parent, names, added_at) VALUES ('other', 'community', 'all', '{}', 1)",
    "INSERT INTO place_ancestors (place, ancestor) VALUES ('huada', 'huada'), ('huada', 'all'), ('other', 'all')",
    "INSERT INTO accounts (name, password, failures, added_at) VALUES ('clerk', 'x', 0, 1), ('both', 'x', 4, 1),"
    " ('root', 'x', 0, 1), ('nobody', 'x', 0, 1)",
    "INSERT INTO grants (account, place, role, granted_at) VALUES ('clerk', 'huada', 'staff', 1),"
    " ('both', 'huada', 'staff', 1), ('both', 'other', 'staff', 1), ('root', 'all', 'admin', 1)",
    "INSERT INTO sessions (token_hash, account, begun_at, ends_at) VALUES ('t', 'root', 1, 9000000000000000)",
)


def fill(connection: Connection) -> None:
    for statement in OLD:
        connection.execute(text(statement))


@pytest.mark.parametrize("kind", KINDS)
async def test_they_come_to_be_at_home_and_log_in_anew(kind: str, tmp_path: Path, postgres: Postgres) -> None:
    async with brought_over_from(BEFORE, fill, kind, tmp_path, postgres) as database, database.read() as connection:
        known = {account.name: account for account in await accounts.every(connection, {TOP})}
        assert {name: account.home for name, account in known.items()} == {
            "clerk": "huada",
            "both": TOP,
            "root": TOP,
            "nobody": TOP,
        }
        assert known["both"].failures == 4
        assert not any(account.has_factor or account.one_time_until for account in known.values())
        assert (await connection.execute(text("SELECT count(*) FROM sessions"))).scalar_one() == 0
