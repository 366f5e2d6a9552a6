"""Store disclosures: when and where a project's money was published. Rows are only added, corrections too."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select

from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.row_records import columns_of, fetch_all, fetch_one
from central_server.store.engine.tables import disclosures


@dataclass(frozen=True, slots=True)
class Disclosure:
    """`place`: of the project. `due`: the day by which it had to be done. `corrects`: the id of the corrected row."""

    place: str
    project: str
    due: date
    done_on: date
    done_by: str
    noted_at: datetime
    where: str
    note: str = ""
    corrects: int | None = None
    id: int = 0


_COLUMNS = columns_of(disclosures, Disclosure)


async def add(connection: Connection, new: Disclosure) -> bool:
    """Insert a disclosure; False if the same day's was noted before. A correction is always new."""
    await connection.alone(f"disclosures {new.place} {new.project}")
    if new.corrects is None:
        same = select(disclosures.c.id).where(
            disclosures.c.place == new.place,
            disclosures.c.project == new.project,
            disclosures.c.due == new.due,
            disclosures.c.corrects.is_(None),
        )
        if (await connection.execute(same)).first() is not None:
            return False
    values = asdict(new)
    del values["id"]
    await connection.execute(disclosures.insert().values(values))
    return True


async def get(connection: Connection, id_: int) -> Disclosure | None:
    return await fetch_one(connection, Disclosure, select(*_COLUMNS).where(disclosures.c.id == id_))


async def every(connection: Connection, tops: Collection[str]) -> tuple[Disclosure, ...]:
    """Return disclosures of projects stored at and below `tops` or inherited there, oldest first."""
    statement = select(*_COLUMNS).where(versioned_rows.visible(disclosures.c.place, tops)).order_by(disclosures.c.id)
    return await fetch_all(connection, Disclosure, statement)
