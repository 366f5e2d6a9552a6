"""Counts of the screen that wait until the central server says that it takes them.

They have no number yet: an older server would see a gap for as long as it does not know them.
"""

import hashlib

import aiosqlite
import structlog

from beacon_gateway.store.sync_log import note
from sync_contract.records import ScreenStatistics, canonical

log = structlog.get_logger()
_AT_ONCE = 500


async def hold(connection: aiosqlite.Connection, screen: ScreenStatistics, most: int) -> None:
    """Inside the caller's transaction; the oldest beyond `most` are given up."""
    body = canonical(screen)
    await connection.execute(
        "INSERT INTO held (body, sum) VALUES (?, ?)", (body.decode(), hashlib.sha256(body).hexdigest())
    )
    await connection.execute("DELETE FROM held WHERE line <= (SELECT max(line) FROM held) - ?", (most,))


async def let_go(connection: aiosqlite.Connection) -> list[ScreenStatistics]:
    """Inside the caller's transaction: the oldest are held no longer. A damaged one is noted and lost."""
    rows = list(
        await connection.execute_fetchall(
            """DELETE FROM held WHERE line IN (SELECT line FROM held ORDER BY line LIMIT ?)
               RETURNING line, body, sum""",
            (_AT_ONCE,),
        )
    )
    found = []
    for row in sorted(rows, key=lambda row: int(row["line"])):
        if hashlib.sha256(row["body"].encode()).hexdigest() == row["sum"]:
            found.append(ScreenStatistics.model_validate_json(row["body"]))
        else:
            log.error("held.damaged", line=row["line"])
            await note(connection, "damaged", "its checksum does not fit", kind="screen")
    return found
