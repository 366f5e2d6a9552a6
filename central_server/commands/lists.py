"""beacon-central user list and gateway list: as lines for a person, or as JSON for a program."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

from central_server.commands.exit_codes import prints_errors
from central_server.commands.store_selection import open_configured
from central_server.store.accounts import accounts
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.places.places import TOP

Records = list[dict[str, object]]


@prints_errors()
def print_users(config: Path, state: Path, *, as_json: bool) -> int:
    return _print(config, state, _list_users, as_json)


@prints_errors()
def print_gateways(config: Path, state: Path, *, as_json: bool) -> int:
    return _print(config, state, _list_gateways, as_json)


def _print(config: Path, state: Path, read: Callable[[Connection], Awaitable[Records]], as_json: bool) -> int:
    async def body() -> Records:
        async with open_configured(config, state) as database, database.read() as connection:
            return await read(connection)

    records = asyncio.run(body())
    if as_json:
        print(json.dumps(records, ensure_ascii=False, indent=1))
        return 0
    for each in records:
        first, *others = each.values()
        print(f"{first}  " + "  ".join(str(value) for value in others if value))
    return 0


async def _list_users(connection: Connection) -> Records:
    known = await accounts.every(connection, {TOP})
    roles = await accounts.roles_within(connection, {TOP}, [each.name for each in known])
    return [
        {
            "name": each.name,
            "roles": ", ".join(f"{role} of {place}" for place, role in roles.get(each.name, {}).items()),
            "state": "disabled" if each.disabled_at else "active",
            "second_step": "second step" if each.factor_since else "no second step",
        }
        for each in known
    ]


async def _list_gateways(connection: Connection) -> Records:
    valid: dict[str, datetime | None] = {}
    for key in await gateways.keys_within(connection, {TOP}):
        if key.revoked_at is None:
            valid.setdefault(key.gateway, key.first_used_at)
    return [
        {
            "id": each.id,
            "label": each.label,
            "community": each.community,
            "site": each.site or "",
            "state": "retired" if each.retired_at else _word_key(each.id, valid),
        }
        for each in await gateways.every(connection, {TOP})
    ]


def _word_key(gateway: str, valid: dict[str, datetime | None]) -> str:
    if gateway not in valid:
        return "not enrolled"
    used = valid[gateway]
    return "key never used" if used is None else f"enrolled since {used:%Y-%m-%d}"
