"""Delete intents that this device needs no more: the central server has them.

An intent stays while its parcel waits for delivery. After that, the screen needs it until it is settled, and staff on
site look up recent ones.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from beacon_gateway.store.database import Database
from beacon_gateway.store.tables import Tables
from sync_contract.records import HandoffKind, IntentState

SETTLED_FOR = timedelta(days=30)
"""Delivered, and paid, closed, or handed to a public page, from which no result comes back."""
UNSETTLED_FOR = timedelta(days=365)
"""Delivered, and no result arrived."""
_SLICE = 200
"""Intents of one transaction: a gift waits meanwhile."""
_OLD = """
    SELECT id FROM intents WHERE id NOT IN (SELECT id FROM outbox) AND (recorded_at < ? OR recorded_at < ? AND (
        handoff != ? OR id IN (SELECT intent FROM intent_states WHERE state IN (?, ?)))) LIMIT ?
"""


def forget_old(tables: Tables, now: datetime) -> bool:
    """Delete a slice of old intents with their states. Return whether there may be more."""
    unsettled, settled = ((now - each).isoformat(timespec="seconds") for each in (UNSETTLED_FOR, SETTLED_FOR))
    final = (IntentState.paid, IntentState.closed)
    old = [id_ for (id_,) in tables.execute(_OLD, unsettled, settled, HandoffKind.ticket, *final, _SLICE)]
    for id_ in old:
        tables.execute("DELETE FROM intent_states WHERE intent = ?", id_)
        tables.execute("DELETE FROM intents WHERE id = ?", id_)
    return len(old) == _SLICE


async def forget_hourly(
    database: Database, read_trusted: Callable[[], datetime | None], *, check_s: float = 3600.0
) -> None:
    """Delete old intents, until cancelled. Raises StoreUnavailable.

    `read_trusted`: the trusted time; None deletes nothing, because a clock that is far ahead makes every intent old.
    """
    while True:
        now = read_trusted()
        more = now is not None and await database.write(partial(forget_old, now=now))
        await asyncio.sleep(0.05 if more else check_s)
