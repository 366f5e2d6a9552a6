"""What was published of a project's money, when and where: lines that are only added, corrections too."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import select

from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import disclosures


@dataclass(frozen=True, slots=True)
class Disclosure:
    """`place`: of the project; `due`: the day by which it had to be done; `corrects`: the id of what it mends."""

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


_COLUMNS = [disclosures.c[name] for name in Disclosure.__dataclass_fields__]


async def add(connection: Connection, new: Disclosure) -> bool:
    """False when somebody noted the same day's before; a correction is always new."""
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
    found = (await connection.execute(select(*_COLUMNS).where(disclosures.c.id == id_))).one_or_none()
    return None if found is None else Disclosure(*found)


async def every(connection: Connection, tops: Collection[str]) -> tuple[Disclosure, ...]:
    """Of projects that are kept at and below `tops`, or above and hold there; the oldest first."""
    statement = select(*_COLUMNS).where(versioned_rows.visible(disclosures.c.place, tops)).order_by(disclosures.c.id)
    return tuple(Disclosure(*row) for row in await connection.execute(statement))
