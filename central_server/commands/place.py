"""beacon-central place"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from central_server.commands.exit_codes import CONFIGURATION, FAILURE
from central_server.commands.store_selection import open_database, store_url
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditLine
from central_server.store.engine.database import StoreRefused, StoreUnavailable, ValueRefused
from central_server.store.places import places
from central_server.store.places.places import MAX_NAME, PLACE_ID, TOP, Place, PlaceKind, PlaceRefused
from daemonkit.toml import ConfigRefused
from sync_contract.project import Texts


def add(config: Path, state: Path, place: str, kind: str, under: str, names: tuple[str, str, str]) -> int:
    """`names`: in simplified and traditional Chinese and in English; an empty one is as the first that is not."""
    if not PLACE_ID.fullmatch(place):
        print("an id has 1 to 32 lower-case letters, digits and hyphens", file=sys.stderr)
        return FAILURE
    given = next((name for name in names if name.strip()), place)
    told = [name.strip() or given for name in names]
    if any(len(name) > MAX_NAME for name in told):
        print(f"a name has at most {MAX_NAME} characters", file=sys.stderr)
        return FAILURE
    texts = Texts.model_validate(dict(zip(("zh-Hans", "zh-Hant", "en"), told, strict=True)))
    new = Place(place, PlaceKind(kind), under, texts)
    return _told(state, lambda: _add(config, state, new))


def listed(config: Path, state: Path) -> int:
    return _told(state, lambda: _list(config, state))


async def _add(config: Path, state: Path, place: Place) -> str:
    now = datetime.now(UTC)
    async with open_database(store_url(config, state)) as database, database.write() as connection:
        if not await places.plant(connection, place, now):
            raise PlaceRefused(f"{place.id}: there is a place with this id already")
        line = AuditLine(COMMAND_LINE, place.parent or TOP, "place.add", place.id, place.kind, now)
        await audit_trail.record(connection, line)
    return f"{place.id}: added under {place.parent}"


async def _list(config: Path, state: Path) -> str:
    async with open_database(store_url(config, state)) as database, database.read() as connection:
        known = await places.every(connection, {TOP})
    below: dict[str | None, list[Place]] = {}
    for place in known:
        below.setdefault(place.parent, []).append(place)

    def lines(parent: str | None, depth: int) -> list[str]:
        return [
            line
            for place in below.get(parent, [])
            for line in (
                f"{'  ' * depth}{place.id}  {place.kind}  {place.names.zh_hans} / {place.names.en}",
                *lines(place.id, depth + 1),
            )
        ]

    return "\n".join(lines(None, 0))


def _told(state: Path, work: Callable[[], Coroutine[Any, Any, str]]) -> int:
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        print(asyncio.run(work()))
    except (ConfigRefused, StoreRefused) as error:
        print(error, file=sys.stderr)
        return CONFIGURATION
    except (PlaceRefused, ValueRefused, StoreUnavailable, OSError) as error:
        print(error, file=sys.stderr)
        return FAILURE
    return 0
