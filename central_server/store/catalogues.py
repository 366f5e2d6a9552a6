"""Every catalogue ever published. Versions rise over all communities: one that is newer is newer for every gateway."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select

from central_server.store.connection import Connection
from central_server.store.gateways import DEVICE
from central_server.store.places import within
from central_server.store.tables import catalogue_seeds, catalogues, gateway_reports, gateways


@dataclass(frozen=True, slots=True)
class KeptCatalogue:
    """`digest` covers what is published but not when; `content`: the SignedCatalogue as JSON.

    `community` None: from before communities had their own.
    """

    version: int
    digest: str
    content: str
    issued_at: datetime
    community: str | None


@dataclass(frozen=True, slots=True)
class Holder:
    """A gateway, and the version that it last said it holds; None when it never said."""

    gateway: str
    label: str
    community: str
    version: int | None


async def newest(connection: Connection, community: str) -> KeptCatalogue | None:
    wanted = select(catalogues).where(catalogues.c.community == community)
    found = (await connection.execute(wanted.order_by(catalogues.c.version.desc()).limit(1))).one_or_none()
    return None if found is None else KeptCatalogue(**found._mapping)


async def newest_versions(connection: Connection, communities: Collection[str]) -> dict[str, int]:
    wanted = select(catalogues.c.community, func.max(catalogues.c.version)).group_by(catalogues.c.community)
    rows = await connection.execute(wanted.where(catalogues.c.community.in_(communities)))
    return {row[0]: row[1] for row in rows}


async def newest_version(connection: Connection) -> int:
    """Of all communities; 0 before the first."""
    return (await connection.execute(select(func.max(catalogues.c.version)))).scalar() or 0


async def add(connection: Connection, catalogue: KeptCatalogue) -> None:
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
