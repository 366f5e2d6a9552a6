"""The outbox: parcels wait here until the central server has acknowledged each by its id."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import aiosqlite
import structlog

from beacon_gateway.model.parcels import WaitingParcel
from beacon_gateway.store.database import Database
from beacon_gateway.store.pending_screen_counts import hold, let_go
from beacon_gateway.store.sync_log import note
from sync_contract.records import (
    UNKNOWN_KIND,
    BeaconStatistics,
    Body,
    ClockReading,
    Parcel,
    ParcelReceipt,
    Receipt,
    ScreenStatistics,
    canonical,
)
from sync_contract.uuid7 import new_id

log = structlog.get_logger()
_STATES = {
    Receipt.accepted: "delivered",
    Receipt.duplicate: "delivered",
    Receipt.conflict: "refused",
    Receipt.refused: "refused",
}
_DELIVERED_KEPT = 20_000
STATISTICS_KEPT = 20_000
"""Waiting statistics beyond this are given up, oldest first (70 days of five minutes); intents never are."""


class Outbox:
    """Port: sync.ports.Outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_statistics(self, clock: ClockReading, statistics: BeaconStatistics) -> None:
        """Raises StoreUnavailable."""
        async with self._database.transaction() as connection:
            await put_parcel(connection, new_id(), clock, statistics)
            await _keep_newest(connection, "statistics")
            await connection.execute(
                """DELETE FROM outbox WHERE state = 'delivered' AND n <= (SELECT n FROM outbox
                   WHERE state = 'delivered' ORDER BY n DESC LIMIT 1 OFFSET ?)""",
                (_DELIVERED_KEPT,),
            )

    async def hold_screen(self, screen: ScreenStatistics) -> None:
        """Keep it until the central server says that it takes such parcels. Raises StoreUnavailable."""
        async with self._database.transaction() as connection:
            await hold(connection, screen, STATISTICS_KEPT)

    async def let_go(self, clock: ClockReading) -> int:
        """The oldest of what is held become parcels; how many. Raises StoreUnavailable."""
        if not await self._database.rows("SELECT 1 FROM held LIMIT 1"):
            return 0
        async with self._database.transaction() as connection:
            bodies = await let_go(connection)
            for body in bodies:
                await put_parcel(connection, new_id(), clock, body)
            await _keep_newest(connection, "screen")
        return len(bodies)

    async def waiting(self, *, parcels: int, octets: int) -> Sequence[WaitingParcel]:
        """The oldest waiting parcels, at most so many and so long. A damaged one is marked, never sent."""
        rows = await self._database.rows(
            "SELECT n, id, parcel, sum FROM outbox WHERE state = 'waiting' ORDER BY n LIMIT ?", parcels
        )
        found: list[WaitingParcel] = []
        size = 0
        for row in rows:
            if hashlib.sha256(row["parcel"].encode()).hexdigest() != row["sum"]:
                await self._mark_damaged(row["n"])
                continue
            size += len(row["parcel"].encode())
            if found and size > octets:
                break
            found.append(WaitingParcel(row["id"], row["parcel"]))
        return found

    async def settle(self, receipts: Iterable[ParcelReceipt]) -> None:
        """What the server said of each parcel, in one transaction. Raises StoreUnavailable.

        What a server does not know (any more: an older one stands there again) is held for one that does.
        """
        at = datetime.now(UTC).isoformat()
        async with self._database.transaction() as connection:
            for receipt in receipts:
                rows = list(
                    await connection.execute_fetchall(
                        """UPDATE outbox SET state = ?, reason = ?, settled_at = ?
                           WHERE id = ? AND state = 'waiting' RETURNING kind, parcel""",
                        (_STATES[receipt.receipt], receipt.reason, at, receipt.id),
                    )
                )
                if rows and rows[0]["kind"] == "screen" and receipt.reason == UNKNOWN_KIND:
                    body = Parcel.model_validate_json(rows[0]["parcel"]).body
                    assert isinstance(body, ScreenStatistics)
                    await hold(connection, body, STATISTICS_KEPT)
                if rows:
                    await note(connection, receipt.receipt, receipt.reason, parcel=receipt.id, kind=rows[0]["kind"])

    async def counts(self) -> Mapping[str, int]:
        """Parcels by state."""
        rows = await self._database.rows("SELECT state, count(*) AS parcels FROM outbox GROUP BY state")
        return {row["state"]: row["parcels"] for row in rows}

    async def epoch(self) -> str:
        """Which numbering this store is."""
        return str((await self._database.rows("SELECT epoch FROM origin"))[0]["epoch"])

    async def note(self, event: str, detail: str = "") -> None:
        """A line of the sync log that is about no single parcel. Raises StoreUnavailable."""
        async with self._database.transaction() as connection:
            await note(connection, event, detail)

    async def _mark_damaged(self, n: int) -> None:
        log.error("parcel.damaged", n=n)
        async with self._database.transaction() as connection:
            rows = list(
                await connection.execute_fetchall(
                    "UPDATE outbox SET state = 'damaged' WHERE n = ? RETURNING id, kind", (n,)
                )
            )
            await note(connection, "damaged", "its checksum does not fit", parcel=rows[0]["id"], kind=rows[0]["kind"])


async def _keep_newest(connection: aiosqlite.Connection, kind: str) -> None:
    await connection.execute(
        """DELETE FROM outbox WHERE kind = ?1 AND n <= (SELECT n FROM outbox
           WHERE kind = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)""",
        (kind, STATISTICS_KEPT),
    )


async def put_parcel(connection: aiosqlite.Connection, parcel_id: str, clock: ClockReading, body: Body) -> None:
    """Give the body its place in the sequence and put it into the outbox, inside the caller's transaction."""
    rows = list(await connection.execute_fetchall("UPDATE origin SET next_n = next_n + 1 RETURNING epoch, next_n - 1"))
    parcel = Parcel(id=parcel_id, epoch=rows[0][0], n=rows[0][1], clock=clock, body=body)
    text = canonical(parcel)
    await connection.execute(
        "INSERT INTO outbox (n, id, kind, parcel, sum, recorded_at) VALUES (?, ?, ?, ?, ?, ?)",
        (parcel.n, parcel.id, body.kind, text.decode(), hashlib.sha256(text).hexdigest(), clock.wall.isoformat()),
    )
