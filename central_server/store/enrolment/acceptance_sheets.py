"""The acceptance sheets that gateways delivered, with verified signatures. No row is changed."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import acceptance_sheets
from central_server.store.engine.upsert import insert
from central_server.store.enrolment.gateways import is_among
from central_server.store.places.places import within
from sync_contract.records import SignedAcceptanceSheet


@dataclass(frozen=True, slots=True)
class StoredSheet:
    """`text`, `key`, `signature`: as the gateway signed it. `received_at`: by our clock.

    `configuration`, `version`: the fingerprint of its settings and its software, to find drift.
    """

    gateway: str
    sheet: str
    community: str
    received_at: datetime
    key: str
    text: str
    signature: str
    configuration: str
    version: str

    def signed(self) -> SignedAcceptanceSheet:
        return SignedAcceptanceSheet(sheet=self.sheet, text=self.text, key=self.key, signature=self.signature)


async def add(connection: Connection, sheet: StoredSheet) -> bool:
    """Return False when this gateway's sheet of the same number is stored already."""
    statement = insert(connection, acceptance_sheets).values(asdict(sheet)).on_conflict_do_nothing()
    return bool((await connection.execute(statement)).rowcount)


async def get(connection: Connection, gateway: str, sheet: str) -> StoredSheet | None:
    columns = acceptance_sheets.c
    statement = select(acceptance_sheets).where(columns.gateway == gateway, columns.sheet == sheet)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else StoredSheet(**found._mapping)


async def newest(connection: Connection, gateway: str) -> StoredSheet | None:
    """Return the sheet that was received last."""
    columns = acceptance_sheets.c
    order = (columns.received_at.desc(), columns.sheet.desc())
    statement = select(acceptance_sheets).where(columns.gateway == gateway).order_by(*order).limit(1)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else StoredSheet(**found._mapping)


async def newest_within(
    connection: Connection, tops: Collection[str], among: Collection[str] | None = None
) -> dict[str, StoredSheet]:
    """Return the newest sheet of each gateway of the communities at and below `tops`, by gateway."""
    columns = acceptance_sheets.c
    latest = (
        select(columns.gateway, func.max(columns.received_at).label("latest"))
        .where(within(columns.community, tops), is_among(columns.gateway, among))
        .group_by(columns.gateway)
        .subquery()
    )
    statement = select(acceptance_sheets).join(
        latest, (columns.gateway == latest.c.gateway) & (columns.received_at == latest.c.latest)
    )
    rows = await connection.execute(statement.order_by(columns.sheet))
    return {row.gateway: StoredSheet(**row._mapping) for row in rows}
