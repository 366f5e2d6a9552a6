"""The outbox table: each parcel waits until the central server has acknowledged it by its id."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import aiosqlite
import structlog

from beacon_gateway.model.parcels import WaitingParcel
from beacon_gateway.store.database import Database
from beacon_gateway.store.sync_log import append_line
from sync_contract.records import (
    BeaconStatistics,
    Body,
    ClockReading,
    Parcel,
    ParcelReceipt,
    Receipt,
    ScreenStatistics,
)
from sync_contract.uuid7 import new_id
from sync_contract.wire_record import encode

log = structlog.get_logger()
_STATES = {
    Receipt.accepted: "delivered",
    Receipt.duplicate: "delivered",
    Receipt.conflict: "refused",
    Receipt.refused: "refused",
}
_MAX_DELIVERED = 20_000
_MAX_STATISTICS = 20_000
"""Of each kind of statistics; the oldest beyond it are deleted (70 days of five minutes). Intents never are."""


class Outbox:
    """Port: sync.ports.Outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_statistics(self, clock: ClockReading, statistics: BeaconStatistics | ScreenStatistics) -> None:
        """Raises StoreUnavailable."""
        async with self._database.transaction() as connection:
            await put_parcel(connection, new_id(), clock, statistics)
            await connection.execute(
                """DELETE FROM outbox WHERE kind = ?1 AND n <= (SELECT n FROM outbox
                   WHERE kind = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)""",
                (statistics.kind, _MAX_STATISTICS),
            )
            await connection.execute(
                """DELETE FROM outbox WHERE state = 'delivered' AND n <= (SELECT n FROM outbox
                   WHERE state = 'delivered' ORDER BY n DESC LIMIT 1 OFFSET ?)""",
                (_MAX_DELIVERED,),
            )

    async def waiting(self, *, parcels: int, size: int) -> Sequence[WaitingParcel]:
        """Return the oldest waiting parcels: at most `parcels`, of about `size` bytes. A damaged one is marked."""
        rows = await self._database.rows(
            "SELECT n, id, parcel, sum FROM outbox WHERE state = 'waiting' ORDER BY n LIMIT ?", parcels
        )
        found: list[WaitingParcel] = []
        total = 0
        for row in rows:
            if hashlib.sha256(row["parcel"].encode()).hexdigest() != row["sum"]:
                await self._mark_damaged(row["n"])
                continue
            total += len(row["parcel"].encode())
            if found and total > size:
                break
            found.append(WaitingParcel(row["id"], row["parcel"]))
        return found

    async def settle(self, receipts: Iterable[ParcelReceipt]) -> None:
        """Store the server's receipts in one transaction. Raises StoreUnavailable."""
        at = datetime.now(UTC).isoformat()
        async with self._database.transaction() as connection:
            for receipt in receipts:
                rows = list(
                    await connection.execute_fetchall(
                        """UPDATE outbox SET state = ?, reason = ?, settled_at = ?
                           WHERE id = ? AND state = 'waiting' RETURNING kind""",
                        (_STATES[receipt.receipt], receipt.reason, at, receipt.id),
                    )
                )
                if rows:
                    kind = rows[0]["kind"]
                    await append_line(connection, receipt.receipt, receipt.reason, parcel=receipt.id, kind=kind)

    async def counts(self) -> Mapping[str, int]:
        """Return the number of parcels by state."""
        rows = await self._database.rows("SELECT state, count(*) AS parcels FROM outbox GROUP BY state")
        return {row["state"]: row["parcels"] for row in rows}

    async def epoch(self) -> str:
        """Return the epoch of this store's sequence numbers."""
        return str((await self._database.rows("SELECT epoch FROM origin"))[0]["epoch"])

    async def log_event(self, event: str, detail: str = "") -> None:
        """Append a line about no single parcel to the sync log. Raises StoreUnavailable."""
        async with self._database.transaction() as connection:
            await append_line(connection, event, detail)

    async def _mark_damaged(self, n: int) -> None:
        log.error("parcel.damaged", n=n)
        async with self._database.transaction() as connection:
            ((id_, kind),) = await connection.execute_fetchall(
                "UPDATE outbox SET state = 'damaged' WHERE n = ? RETURNING id, kind", (n,)
            )
            await append_line(connection, "damaged", "its checksum does not match", parcel=id_, kind=kind)


async def put_parcel(connection: aiosqlite.Connection, parcel_id: str, clock: ClockReading, body: Body) -> None:
    """Number the body and put it into the outbox, inside the caller's transaction."""
    rows = list(await connection.execute_fetchall("UPDATE origin SET next_n = next_n + 1 RETURNING epoch, next_n - 1"))
    parcel = Parcel(id=parcel_id, epoch=rows[0][0], n=rows[0][1], clock=clock, body=body)
    text = encode(parcel)
    await connection.execute(
        "INSERT INTO outbox (n, id, kind, parcel, sum, recorded_at) VALUES (?, ?, ?, ?, ?, ?)",
        (parcel.n, parcel.id, body.kind, text.decode(), hashlib.sha256(text).hexdigest(), clock.wall.isoformat()),
    )
