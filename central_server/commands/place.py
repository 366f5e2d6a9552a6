"""beacon-central place: add and list places."""

import asyncio
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from central_server.commands.exit_codes import FAILURE, prints_errors
from central_server.commands.store_selection import SERVICE, open_configured
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import PlaceAdded
from central_server.store.accounts.audit_trail import COMMAND_LINE, AuditEntry
from central_server.store.engine.database import ValueRefused
from central_server.store.places import places
from central_server.store.places.places import MAX_NAME, PLACE_ID, TOP, Place, PlaceKind, PlaceRefused
from daemonkit.state_owner import make_state_folder
from sync_contract.project import Texts
from sync_contract.strict_model import Language


@prints_errors(PlaceRefused, ValueRefused)
def add(config: Path, state: Path, place: str, kind: str, under: str, names: tuple[str, str, str]) -> int:
    """Add a place. `names`: simplified Chinese, traditional Chinese, English; "" gets the first given name."""
    if not PLACE_ID.fullmatch(place):
        print("an id has 1 to 32 lower-case letters, digits and hyphens", file=sys.stderr)
        return FAILURE
    given = next((name for name in names if name.strip()), place)
    texts_given = [name.strip() or given for name in names]
    if any(len(name) > MAX_NAME for name in texts_given):
        print(f"a name has at most {MAX_NAME} characters", file=sys.stderr)
        return FAILURE
    texts = Texts.model_validate(dict(zip(("zh-Hans", "zh-Hant", "en"), texts_given, strict=True)))
    new = Place(place, PlaceKind(kind), under, texts)
    return _print(state, _add(config, state, new))


@prints_errors(ValueRefused)
def print_places(config: Path, state: Path) -> int:
    return _print(state, _list(config, state))


async def _add(config: Path, state: Path, place: Place) -> str:
    now = datetime.now(UTC)
    async with open_configured(config, state) as database, database.write() as connection:
        if not await places.plant(connection, place, now):
            raise PlaceRefused(f"{place.id}: a place with this id exists")
        action = PlaceAdded(place.id, place.kind.value, place.names[Language.zh_hans], place.parent or "")
        line = AuditEntry(COMMAND_LINE, place.parent or TOP, action, now)
        await audit_trail.record(connection, line)
    return f"{place.id}: added under {place.parent}"


async def _list(config: Path, state: Path) -> str:
    async with open_configured(config, state) as database, database.read() as connection:
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


def _print(state: Path, work: Coroutine[Any, Any, str]) -> int:
    make_state_folder(state, SERVICE)
    print(asyncio.run(work))
    return 0
