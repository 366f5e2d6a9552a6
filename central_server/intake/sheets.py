"""Checks the signatures of acceptance sheets, and stores the sheets that were accepted."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from central_server.intake.batch import RefusedItem
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment import acceptance_sheets, gateways
from central_server.store.enrolment.acceptance_sheets import StoredSheet
from central_server.store.enrolment.gateways import Gateway, Key
from sync_contract.acceptance_sheet import AcceptanceSheet, SheetRefused, read_sheet, verify_sheet
from sync_contract.keys import read_public
from sync_contract.records import Parcel, SignedAcceptanceSheet
from sync_contract.wire_record import encode

_BY_STAFF = "staff"
"""The reason of a key that staff revoked: it may be in other hands."""


async def refuse_forged(
    database: Database, gateway: Gateway, items: Sequence[Parcel | RefusedItem]
) -> list[Parcel | RefusedItem]:
    """Replace each sheet that no key of its gateway signed. A key that was replaced since still counts."""
    if not any(isinstance(item, Parcel) and isinstance(item.body, SignedAcceptanceSheet) for item in items):
        return list(items)
    async with database.read() as connection:
        known = await gateways.keys(connection, gateway.id)
    return [_check(item, gateway.id, known) for item in items]


def _check(item: Parcel | RefusedItem, gateway: str, known: Iterable[Key]) -> Parcel | RefusedItem:
    if not isinstance(item, Parcel) or not isinstance(item.body, SignedAcceptanceSheet):
        return item
    sheet = find_signed(item.body, known)
    if sheet is not None and sheet.gateway == gateway and item.body.sheet == item.id:
        return item
    return RefusedItem(item.id, item.body.kind, "signature", encode(item).decode())


def find_signed(body: SignedAcceptanceSheet, known: Iterable[Key]) -> AcceptanceSheet | None:
    """Return the sheet's content if one of these keys, not revoked by staff, signed it."""
    key = next((each for each in known if each.key == body.key and each.revoked_why != _BY_STAFF), None)
    try:
        return verify_sheet(body, read_public(key.public)) if key else None
    except SheetRefused:
        return None


async def record_sheets(connection: Connection, gateway: Gateway, new: Iterable[Parcel], now: datetime) -> None:
    """Store the sheets among the accepted parcels."""
    for parcel in new:
        if not isinstance(parcel.body, SignedAcceptanceSheet):
            continue
        body, sheet = parcel.body, read_sheet(parcel.body)
        row = StoredSheet(
            gateway=gateway.id,
            sheet=body.sheet,
            community=gateway.community,
            received_at=now,
            key=body.key,
            text=body.text,
            signature=body.signature,
            configuration=sheet.configuration,
            version=sheet.version,
        )
        await acceptance_sheets.add(connection, row)
