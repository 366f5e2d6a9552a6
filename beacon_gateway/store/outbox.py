"""The outbox table: each parcel waits until the central server has acknowledged it by its id."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

from beacon_gateway.donations.ports import StoreUnavailable
from beacon_gateway.model.delivery import RefusedSelection
from beacon_gateway.model.parcels import StoredParcel, WaitingParcel
from beacon_gateway.store.database import Database
from beacon_gateway.store.sync_log import append_line
from beacon_gateway.store.tables import Row, Tables
from sync_contract.records import (
    BeaconStatistics,
    Body,
    ClockReading,
    Parcel,
    ParcelReceipt,
    Receipt,
    ScreenStatistics,
    SignedAcceptanceSheet,
    StaffCalled,
)
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from sync_contract.wire_record import encode

DELIVERED = (Receipt.accepted, Receipt.duplicate)
MAX_WAITING_INTENTS = 50_000
"""Waiting intents; another is refused. 100 days at 500 a day."""
_MAX_STATISTICS = 40_000
"""Waiting parcels of statistics; the oldest beyond it are deleted (70 days of two in five minutes)."""


class Outbox:
    """Port: sync.ports.Outbox."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_statistics(
        self, clock: ClockReading, statistics: Sequence[BeaconStatistics | ScreenStatistics]
    ) -> None:
        """Put all in one transaction. Raises StoreUnavailable."""

        def work(tables: Tables) -> None:
            for body in statistics:
                put_parcel(tables, new_id(), clock, body)
            drop_oldest_statistics(tables, _MAX_STATISTICS)

        await self._database.write(work)

    async def put_sheet(self, clock: ClockReading, sheet: SignedAcceptanceSheet) -> None:
        """Put a signed sheet; the same one again changes nothing while it waits. Raises StoreUnavailable."""

        def work(tables: Tables) -> None:
            known = bytes.fromhex(sheet.sheet)
            if not any(tables.first(table, "WHERE id = ?", known) for table in ("outbox", "refused")):
                put_parcel(tables, sheet.sheet, clock, sheet)

        await self._database.write(work)

    async def put_bell(self, clock: ClockReading, environment: Environment) -> None:
        """Raises StoreUnavailable."""
        await self._database.write(
            lambda tables: put_parcel(tables, new_id(), clock, StaffCalled(environment=environment))
        )

    async def waiting(self, *, parcels: int, size: int) -> Sequence[WaitingParcel]:
        """Return the oldest intact parcels: at most `parcels`, of about `size` bytes."""

        def work(tables: Tables) -> list[WaitingParcel]:
            found: list[WaitingParcel] = []
            total = 0
            for row in tables.select("outbox", "ORDER BY place"):
                total += len(row["parcel"].encode())
                if found and total > size:
                    break
                found.append(WaitingParcel(row["id"].hex(), row["parcel"], row["place"]))
                if len(found) == parcels:
                    break
            return found

        return await self._database.read(work)

    async def settle(self, sent: Sequence[WaitingParcel], receipts: Iterable[ParcelReceipt]) -> None:
        """Store the receipts of the parcels just sent in one transaction. Raises StoreUnavailable.

        A receipt for another parcel is ignored, and of two receipts for one parcel the second.
        """
        places = {parcel.id: parcel.place for parcel in sent}
        at = datetime.now(UTC).isoformat()

        def work(tables: Tables) -> None:
            settled = []
            for receipt in receipts:
                row = tables.first("outbox", "WHERE place = ?", places.pop(receipt.id, None))
                if row is None:
                    continue
                settled.append(row["place"])
                if receipt.receipt not in DELIVERED:
                    tables.put("refused", *row.values(), receipt.reason, at, on_conflict="REPLACE")
                append_line(tables, receipt.receipt, receipt.reason, parcel=receipt.id, kind=row["kind"])
            _remove(tables, settled)
            self._database.backlog_full = is_full(tables)

        await self._database.write(work)

    async def counts(self) -> Mapping[str, int]:
        """Return the number of parcels by state; `damaged`: those that repairs could not recover."""

        def work(tables: Tables) -> dict[str, int]:
            (counts,) = tables.execute(
                """SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM refused),
                   (SELECT coalesce(sum(missing), 0) FROM repairs)"""
            )
            return dict(zip(("waiting", "refused", "damaged"), counts, strict=True))

        return await self._database.read(work)

    async def list_parcels(self, limit: int) -> Sequence[StoredParcel]:
        """Return the newest refused and waiting parcels: at most `limit` of each, oldest first."""

        def work(tables: Tables) -> list[StoredParcel]:
            return [
                StoredParcel(row["id"].hex(), row["kind"], row["parcel"], row.get("reason", ""), row.get("at", ""))
                for table in ("refused", "outbox")
                for row in reversed(list(tables.select(table, "ORDER BY place DESC LIMIT ?", limit)))
            ]

        return await self._database.read(work)

    async def find_parcels(self, end: str) -> Sequence[StoredParcel]:
        """Return the refused and waiting parcels with an id that ends with `end`, hexadecimal digits."""

        def work(tables: Tables) -> list[StoredParcel]:
            return [
                StoredParcel(row["id"].hex(), row["kind"], row["parcel"], row.get("reason", ""), row.get("at", ""))
                for table in ("refused", "outbox")
                for row in tables.select(table, "WHERE lower(hex(id)) LIKE ? ORDER BY place", f"%{end.lower()}")
            ]

        return await self._database.read(work)

    async def requeue_refused(self, selection: RefusedSelection) -> int:
        """Put refused parcels back under their own numbers; return how many. Raises StoreUnavailable."""
        wanted = {bytes.fromhex(each) for each in selection.ids}

        def work(tables: Tables) -> int:
            chosen = [row for row in tables.select("refused", "ORDER BY place") if selection.all or row["id"] in wanted]
            for row in chosen:
                tables.put("outbox", row["place"], row["id"], row["kind"], row["parcel"], on_conflict="IGNORE")
                tables.execute("DELETE FROM refused WHERE place = ?", row["place"])
            return len(chosen)

        return await self._database.write(work)

    async def epoch(self) -> str:
        """Return the epoch of this store's sequence numbers."""
        return await self._database.read(lambda tables: bytes(_current_epoch(tables)["epoch"]).hex())

    async def log_event(self, event: str, detail: str = "") -> None:
        """Append a line about no single parcel to the sync log. Raises StoreUnavailable."""
        await self._database.write(lambda tables: append_line(tables, event, detail))


def put_parcel(tables: Tables, parcel_id: str, clock: ClockReading, body: Body) -> None:
    """Number the body and put it into the outbox, inside the caller's transaction."""
    current = _current_epoch(tables)
    first = current["number"] << 40
    ((last,),) = tables.execute("SELECT max(place) FROM outbox WHERE place > ?", first)
    n = 1 + max(current["removed_n"], (last or first) - first)
    parcel = Parcel(id=parcel_id, epoch=current["epoch"].hex(), n=n, clock=clock, body=body)
    tables.put("outbox", first + n, bytes.fromhex(parcel_id), body.kind, encode(parcel).decode())


def is_full(tables: Tables) -> bool:
    """Return whether the limit of waiting intents is reached. Counts only when the numbers do not tell."""
    ((first, last),) = tables.execute("SELECT (SELECT min(place) FROM outbox), (SELECT max(place) FROM outbox)")
    if first is None or last - first + 1 < MAX_WAITING_INTENTS:
        return False
    ((waiting,),) = tables.execute("SELECT count(*) FROM outbox WHERE kind = 'intent'")
    return bool(waiting >= MAX_WAITING_INTENTS)


def _current_epoch(tables: Tables) -> Row:
    current = tables.first("epochs", "ORDER BY number DESC")
    if current is None:
        raise StoreUnavailable("the current epoch is damaged")
    return current


def _remove(tables: Tables, places: Sequence[int]) -> None:
    """Remove parcels; store the highest number, so that it is not used again."""
    for place in places:
        tables.execute("DELETE FROM outbox WHERE place = ?", place)
    current = _current_epoch(tables)
    highest = max((place - (current["number"] << 40) for place in places), default=0)
    if highest > current["removed_n"]:
        tables.put("epochs", *(current | {"removed_n": highest}).values(), on_conflict="REPLACE")


def drop_oldest_statistics(tables: Tables, most: int) -> None:
    """Delete the oldest statistics beyond `most`, once that many parcels wait. Gifts and sheets stay."""
    ((count,),) = tables.execute("SELECT count(*) FROM outbox")
    if count > most:
        statistics = "SELECT place FROM outbox WHERE kind IN ('statistics', 'screen') ORDER BY place"
        places = [place for (place,) in tables.execute(statistics)]
        _remove(tables, places[: max(0, len(places) - most)])
