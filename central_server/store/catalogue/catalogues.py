"""Store every published catalogue by community, and why one cannot be published."""

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
    """`digest`: of the content without version and time; `content`: the SignedCatalogue as JSON."""

    version: int
    digest: str
    content: str
    issued_at: datetime
    community: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """The newest edits of the community cannot be published. `since`: the first failed attempt."""

    community: str
    reason: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Holder:
    """A gateway and the version that it last reported; None if it never did."""

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
    """Keep the first failed attempt while the reason is the same."""
    statement = insert(connection, catalogue_troubles).values(asdict(trouble))
    new, old = statement.excluded, catalogue_troubles.c
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[old.community],
            set_={"reason": new.reason, "since": new.since},
            where=old.reason != new.reason,
        )
    )


async def end_trouble(connection: Connection, community: str) -> None:
    await connection.execute(delete(catalogue_troubles).where(catalogue_troubles.c.community == community))


async def troubles(connection: Connection, tops: Collection[str]) -> tuple[Trouble, ...]:
    """Return those of the communities at and below `tops`."""
    wanted = select(catalogue_troubles).where(within(catalogue_troubles.c.community, tops))
    rows = await connection.execute(wanted.order_by(catalogue_troubles.c.community))
    return tuple(Trouble(**row._mapping) for row in rows)


async def add(connection: Connection, catalogue: StoredCatalogue) -> None:
    await connection.execute(catalogues.insert().values(asdict(catalogue)))


async def holders(connection: Connection, tops: Collection[str]) -> tuple[Holder, ...]:
    """Return the gateways at and below `tops`, by label."""
    joined = gateways.outerjoin(gateway_reports, gateway_reports.c.gateway == gateways.c.id)
    wanted = select(gateways.c.id, gateways.c.label, gateways.c.community, gateway_reports.c.catalogue_version)
    devices = (within(gateways.c.community, tops), gateways.c.kind == DEVICE)
    rows = wanted.select_from(joined).where(*devices).order_by(gateways.c.label)
    return tuple(Holder(*row) for row in await connection.execute(rows))


async def reported_version(connection: Connection, gateway: str) -> int:
    """Return the version that the gateway last reported; 0 if it never did."""
    wanted = select(gateway_reports.c.catalogue_version).where(gateway_reports.c.gateway == gateway)
    return (await connection.execute(wanted)).scalar() or 0


async def seed(connection: Connection) -> str:
    """Return the digest of the settings' projects stored at the first start; empty before that."""
    return (await connection.execute(select(catalogue_seeds.c.digest))).scalar() or ""


async def note_seed(connection: Connection, digest: str, now: datetime) -> None:
    await connection.execute(catalogue_seeds.insert().values(digest=digest, at=now))
