"""The newest report of each gateway, and the boots that it reported from."""

from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import and_, case, delete, func, select

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import gateway_reports, reported_boots
from central_server.store.engine.upsert import insert
from central_server.store.enrolment.gateways import is_among
from central_server.store.places.places import within

MAX_BOOTS = 10_000
"""Of one gateway: a device that starts ten times a day needs three years."""
_SLICE = 1000
_SINCE_COLUMNS = ("hearing_since", "off_air_since")


@dataclass(frozen=True, slots=True)
class Report:
    """Times by the server's clock. `clock_off_s`: the gateway's wall clock minus ours, in seconds.

    `boot`, `monotonic_ns`: the gateway's boot id, and its clock since that boot.

    `configuration`: the fingerprint of its settings, empty if it sends none. `old_settings`: its settings file has
    faults, and previous settings are in use.

    `off_air_since`: since when its own beacon has not sent although it should; None: it sends, or need not.
    """

    gateway: str
    community: str
    received_at: datetime
    every_s: int
    hearing: str
    hearing_since: datetime
    radio: str
    advert: str
    off_air_since: datetime | None
    version: str
    configuration: str
    old_settings: bool
    waiting: int
    refused: int
    damaged: int
    catalogue_version: int
    clock_trusted: bool
    clock_off_s: int
    uptime_s: int
    epoch: str
    boot: str
    monotonic_ns: int


async def store(connection: Connection, report: Report) -> bool:
    """Replace the previous report. Return False and change nothing when `report` is not newer: its monotonic time must
    be later in the same boot, and a boot that another one followed is over.

    `hearing_since` stays while `hearing` is the same, `off_air_since` while it does not send.
    """
    table = gateway_reports
    boot = insert(connection, reported_boots).values(
        gateway=report.gateway, boot=report.boot, first_at=report.received_at
    )
    is_new_boot = (await connection.execute(boot.on_conflict_do_nothing())).rowcount == 1
    statement = insert(connection, table).values(asdict(report))
    new = {name: statement.excluded[name] for name in asdict(report) if name not in ("gateway", *_SINCE_COLUMNS)}
    hearing = case(
        (table.c.hearing == statement.excluded.hearing, table.c.hearing_since), else_=statement.excluded.hearing_since
    )
    off_air = case(
        (statement.excluded.off_air_since.is_(None), None),
        else_=func.coalesce(table.c.off_air_since, statement.excluded.off_air_since),
    )
    since = dict(zip(_SINCE_COLUMNS, (hearing, off_air), strict=True))
    later = and_(table.c.boot == report.boot, table.c.monotonic_ns < report.monotonic_ns)
    update = statement.on_conflict_do_update(
        index_elements=[table.c.gateway], set_={**new, **since}, where=None if is_new_boot else later
    )
    return (await connection.execute(update)).rowcount == 1


async def forget_boots(connection: Connection, *, most: int = MAX_BOOTS) -> bool:
    """Delete the oldest boots beyond `most` of one gateway. Return whether there may be more: one call is one slice.

    An old report of such a boot would count again; only its own gateway can bring that about.
    """
    columns = reported_boots.c
    over = select(columns.gateway).group_by(columns.gateway).having(func.count() > most).limit(1)
    gateway = (await connection.execute(over)).scalar()
    if gateway is None:
        return False
    ordered = select(columns.boot).where(columns.gateway == gateway).order_by(columns.first_at.desc(), columns.boot)
    old = ordered.offset(most).limit(_SLICE)
    await connection.execute(delete(reported_boots).where(columns.gateway == gateway, columns.boot.in_(old)))
    return True


async def get(connection: Connection, gateway: str) -> Report | None:
    statement = select(gateway_reports).where(gateway_reports.c.gateway == gateway)
    found = (await connection.execute(statement)).one_or_none()
    return None if found is None else Report(**found._mapping)


async def every(
    connection: Connection, tops: Collection[str], among: Collection[str] | None = None
) -> dict[str, Report]:
    """Return the reports of the communities at and below `tops`, by gateway."""
    statement = select(gateway_reports)
    statement = statement.where(within(gateway_reports.c.community, tops), is_among(gateway_reports.c.gateway, among))
    return {row.gateway: Report(**row._mapping) for row in await connection.execute(statement)}
