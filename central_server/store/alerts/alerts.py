"""What waits for somebody, since when, whether somebody took it on, and which channel was told of it."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import and_, delete, insert, or_, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import alert_channels, alert_tellings, alerts
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class Alert:
    """A task that was seen. `matter` and `subject` say which one; open alerts are unique in them.

    `gateway`: its label; `acknowledged_*`: somebody took it on, so nobody is told again of the same happening.
    `names`: a Texts as JSON, where what it is about has a name in each language.
    """

    matter: str
    subject: str
    community: str
    gateway: str
    link: str
    count: int
    since: datetime | None
    amount_minor: int | None
    currency: str | None
    beacon: str
    opened_at: datetime
    seen_at: datetime
    id: int = 0
    ended_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str = ""
    names: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """`kind`: mail or wecom; `address`: a mail address, or the key of a 企業微信 group robot, which is a secret.

    `money`: is told of tasks about money too. `failures` in a row, `trouble` the last one.
    """

    id: str
    place: str
    kind: str
    address: str
    language: str
    money: bool
    added_at: datetime
    added_by: str
    failures: int = 0
    next_try_at: datetime | None = None
    trouble: str = ""
    told_at: datetime | None = None


_ALERT = [alerts.c[name] for name in Alert.__dataclass_fields__]
_CHANNEL = [alert_channels.c[name] for name in Channel.__dataclass_fields__]


async def add(connection: Connection, new: Sequence[Alert]) -> None:
    rows = [{name: value for name, value in asdict(alert).items() if name != "id"} for alert in new]
    if rows:
        await connection.execute(insert(alerts), rows)


async def open_ones(connection: Connection, tops: Collection[str]) -> tuple[Alert, ...]:
    """At and below `tops`; the newest first."""
    statement = select(*_ALERT).where(alerts.c.ended_at.is_(None), within(alerts.c.community, tops))
    rows = await connection.execute(statement.order_by(alerts.c.id.desc()))
    return tuple(Alert(*row) for row in rows)


async def ended_since(connection: Connection, tops: Collection[str], since: datetime, limit: int) -> tuple[Alert, ...]:
    """The one that ended last first."""
    statement = select(*_ALERT).where(alerts.c.ended_at >= since, within(alerts.c.community, tops))
    rows = await connection.execute(statement.order_by(alerts.c.ended_at.desc(), alerts.c.id.desc()).limit(limit))
    return tuple(Alert(*row) for row in rows)


async def get(connection: Connection, alert: int) -> Alert | None:
    found = (await connection.execute(select(*_ALERT).where(alerts.c.id == alert))).one_or_none()
    return None if found is None else Alert(*found)


async def see(connection: Connection, alert: Alert) -> None:
    """Keep what it looks like now."""
    values = {name: value for name, value in asdict(alert).items() if name not in ("id", "opened_at")}
    await connection.execute(update(alerts).where(alerts.c.id == alert.id).values(values))


async def end(connection: Connection, ids: Collection[int], at: datetime) -> None:
    if ids:
        await connection.execute(update(alerts).where(alerts.c.id.in_(ids)).values(ended_at=at))


async def forget(connection: Connection, before: datetime) -> None:
    """Those that ended before."""
    old = select(alerts.c.id).where(alerts.c.ended_at < before)
    await connection.execute(delete(alert_tellings).where(alert_tellings.c.alert.in_(old)))
    await connection.execute(delete(alerts).where(alerts.c.ended_at < before))


async def acknowledge(connection: Connection, alert: int, by: str, note: str, at: datetime) -> bool:
    """False when it has ended, or somebody took it on before."""
    columns = alerts.c
    done = await connection.execute(
        update(alerts)
        .where(columns.id == alert, columns.ended_at.is_(None), columns.acknowledged_at.is_(None))
        .values(acknowledged_at=at, acknowledged_by=by, note=note)
    )
    return bool(done.rowcount)


async def take_over(connection: Connection, alert: int, by: str, note: str, at: datetime) -> bool:
    """From whoever had taken it on; False when it has ended, or nobody else had."""
    columns = alerts.c
    done = await connection.execute(
        update(alerts)
        .where(columns.id == alert, columns.ended_at.is_(None), columns.acknowledged_by != by)
        .values(acknowledged_at=at, acknowledged_by=by, note=note)
    )
    return bool(done.rowcount)


async def give_back(connection: Connection, alert: int) -> bool:
    """It waits for somebody again; False when it has ended, or nobody had taken it on."""
    columns = alerts.c
    done = await connection.execute(
        update(alerts)
        .where(columns.id == alert, columns.ended_at.is_(None), columns.acknowledged_at.is_not(None))
        .values(acknowledged_at=None, acknowledged_by=None, note="")
    )
    return bool(done.rowcount)


async def untold(
    connection: Connection, channel: Channel, seen_before: datetime, again_after: datetime
) -> tuple[Alert, ...]:
    """Open ones at and below the channel's place that nobody took on, first seen before `seen_before`, of which the
    channel was not told since `again_after`; the newest first.
    """
    told = alert_tellings.c
    statement = (
        select(*_ALERT)
        .outerjoin(alert_tellings, and_(told.alert == alerts.c.id, told.channel == channel.id, told.ended.is_(False)))
        .where(alerts.c.ended_at.is_(None), alerts.c.acknowledged_at.is_(None), alerts.c.opened_at <= seen_before)
        .where(within(alerts.c.community, [channel.place]), or_(told.at.is_(None), told.at <= again_after))
    )
    return tuple(Alert(*row) for row in await connection.execute(statement.order_by(alerts.c.id.desc())))


async def over(connection: Connection, channel: Channel) -> tuple[Alert, ...]:
    """Those of which the channel was told, that ended since, and whose end it was not told."""
    ends = alert_tellings.alias("ends")
    told, end = alert_tellings.c, ends.c
    statement = (
        select(*_ALERT)
        .join(alert_tellings, and_(told.alert == alerts.c.id, told.channel == channel.id, told.ended.is_(False)))
        .outerjoin(ends, and_(end.alert == alerts.c.id, end.channel == channel.id, end.ended.is_(True)))
        .where(alerts.c.ended_at.is_not(None), end.at.is_(None))
    )
    return tuple(Alert(*row) for row in await connection.execute(statement.order_by(alerts.c.id.desc())))


async def told(connection: Connection, channel: str, ids: Collection[int], at: datetime, *, ended: bool) -> None:
    if not ids:
        return
    columns = alert_tellings.c
    here = (columns.channel == channel, columns.ended.is_(ended), columns.alert.in_(ids))
    await connection.execute(delete(alert_tellings).where(*here))
    rows = [{"alert": id_, "channel": channel, "ended": ended, "at": at} for id_ in ids]
    await connection.execute(insert(alert_tellings), rows)


async def channels(connection: Connection, tops: Collection[str]) -> tuple[Channel, ...]:
    """At and below `tops`, in the order of their making."""
    statement = select(*_CHANNEL).where(within(alert_channels.c.place, tops))
    rows = await connection.execute(statement.order_by(alert_channels.c.added_at, alert_channels.c.id))
    return tuple(Channel(*row) for row in rows)


async def channel(connection: Connection, id_: str) -> Channel | None:
    found = (await connection.execute(select(*_CHANNEL).where(alert_channels.c.id == id_))).one_or_none()
    return None if found is None else Channel(*found)


async def add_channel(connection: Connection, new: Channel) -> None:
    await connection.execute(insert(alert_channels).values(asdict(new)))


async def remove_channel(connection: Connection, id_: str) -> None:
    await connection.execute(delete(alert_tellings).where(alert_tellings.c.channel == id_))
    await connection.execute(delete(alert_channels).where(alert_channels.c.id == id_))


async def arrived(connection: Connection, id_: str, at: datetime) -> None:
    values = {"failures": 0, "next_try_at": None, "trouble": "", "told_at": at}
    await connection.execute(update(alert_channels).where(alert_channels.c.id == id_).values(values))


async def failed(connection: Connection, id_: str, trouble: str, next_try_at: datetime) -> None:
    columns = alert_channels.c
    values = {"failures": columns.failures + 1, "next_try_at": next_try_at, "trouble": trouble[:200]}
    await connection.execute(update(alert_channels).where(columns.id == id_).values(values))
