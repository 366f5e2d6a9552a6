"""Every catalogue ever published, by community, and why one cannot be."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import (
    catalogue_seeds,
    catalogue_troubles,
    catalogues,
    gateway_reports,
    gateways,
)
from central_server.store.engine.upsert import insert
from central_server.store.enrolment.gateways import DEVICE
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class StoredCatalogue:
    """`digest` covers what is published but not when; `content`: the SignedCatalogue as JSON."""

    version: int
    digest: str
    content: str
    issued_at: datetime
    community: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """The newest edits of the community cannot be published, for `reason`; `since`: the first attempt that failed."""

    community: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """A gateway, and the version that it last said it holds; None when it never said."""

    gateway: str
    label: str
    community: str
    version: int | None


async def newest(connection: Connection, community: str) -> StoredCatalogue | None:
    wanted = select(catalogues).where(catalogues.c.community == community)
    found = (await connection.execute(wanted.order_by(catalogues.c.version.desc()).limit(1))).one_or_none()
    return None if found is None else StoredCatalogue(**found._mapping)


async def newest_versions(connection: Connection, communities: Collection[str]) -> dict[str, int]:
    wanted = select(catalogues.c.community, func.max(catalogues.c.version)).group_by(catalogues.c.community)
    rows = await connection.execute(wanted.where(catalogues.c.community.in_(communities)))
    return {row[0]: row[1] for row in rows}


async def note_trouble(connection: Connection, trouble: Trouble) -> None:
    """The first attempt that failed stays the first while the reason is the same."""
    statement = insert(connection, catalogue_troubles).values(asdict(trouble))
    new, held = statement.excluded, catalogue_troubles.c
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[held.community],
            set_={"reason": new.reason, "since": new.since},
            where=held.reason != new.reason,
        )
    )


async def end_trouble(connection: Connection, community: str) -> None:
    await connection.execute(delete(catalogue_troubles).where(catalogue_troubles.c.community == community))


async def troubles(connection: Connection, tops: Collection[str]) -> tuple[Trouble, ...]:
    """Of the communities at and below `tops`."""
    wanted = select(catalogue_troubles).where(within(catalogue_troubles.c.community, tops))
    rows = await connection.execute(wanted.order_by(catalogue_troubles.c.community))
    return tuple(Trouble(**row._mapping) for row in rows)


async def add(connection: Connection, catalogue: StoredCatalogue) -> None:
    await connection.execute(catalogues.insert().values(asdict(catalogue)))


async def holders(connection: Connection, tops: Collection[str]) -> tuple[Holder, ...]:
    """The gateways at and below `tops`, by label."""
    joined = gateways.outerjoin(gateway_reports, gateway_reports.c.gateway == gateways.c.id)
    wanted = select(gateways.c.id, gateways.c.label, gateways.c.community, gateway_reports.c.catalogue_version)
    here = (within(gateways.c.community, tops), gateways.c.kind == DEVICE)
    rows = wanted.select_from(joined).where(*here).order_by(gateways.c.label)
    return tuple(Holder(*row) for row in await connection.execute(rows))


async def held_by(connection: Connection, gateway: str) -> int:
    """The version that the gateway last said it holds; 0 when it never said."""
    wanted = select(gateway_reports.c.catalogue_version).where(gateway_reports.c.gateway == gateway)
    return (await connection.execute(wanted)).scalar() or 0


async def seed(connection: Connection) -> str:
    """The digest of the settings' projects as they were taken at the first start; empty before that."""
    return (await connection.execute(select(catalogue_seeds.c.digest))).scalar() or ""


async def note_seed(connection: Connection, digest: str, now: datetime) -> None:
    await connection.execute(catalogue_seeds.insert().values(digest=digest, at=now))
