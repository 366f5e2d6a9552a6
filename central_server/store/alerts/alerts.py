"""Store alerts, who took them on, and which channel got which of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, insert, select, update

from central_server.store.engine.connection import Connection
from central_server.store.engine.tables import alert_channels, alert_deliveries, alerts
from central_server.store.places.places import within


@dataclass(frozen=True, slots=True)
class Alert:
    """A stored task; see `Task` for the first fields. Open alerts are unique in `kind` and `subject`.

    `acknowledged_*`: somebody took it on, so it is not sent again for the same occurrence. `names`: Texts as JSON.
    """

    kind: str
    subject: str
    community: str
    label: str
    link: str
    count: int
    since: datetime | None
    amount_minor: int | None
    currency: str | None
    beacon: str
    opened_at: datetime
    seen_at: datetime
    gateway: str = ""
    id: int = 0
    ended_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str = ""
    names: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """`kind`: mail or wecom; `address`: a mail address, or the key of a WeCom group robot, which is a secret.

    `money`, `families`: gets alerts about them too. `failures` in a row; `last_error` of the last one. `morning_at`:
    time of the last morning message; `morning_alerts`: ids of the alerts in it, as JSON.
    """

    id: str
    place: str
    kind: str
    address: str
    language: str
    money: bool
    families: bool
    added_at: datetime
    added_by: str
    failures: int = 0
    next_try_at: datetime | None = None
    last_error: str = ""
    sent_at: datetime | None = None
    morning_at: datetime | None = None
    morning_alerts: str = "[]"


_SLICE = 500
"""Rows deleted in one transaction: on SQLite a write locks out every other process."""
_ALERT = [alerts.c[name] for name in Alert.__dataclass_fields__]
_CHANNEL = [alert_channels.c[name] for name in Channel.__dataclass_fields__]


async def add(connection: Connection, new: Sequence[Alert]) -> None:
    rows = [{name: value for name, value in asdict(alert).items() if name != "id"} for alert in new]
    if rows:
        await connection.execute(insert(alerts), rows)


async def open_ones(connection: Connection, tops: Collection[str]) -> tuple[Alert, ...]:
    """Return open alerts at and below `tops`, the newest first."""
    statement = select(*_ALERT).where(alerts.c.ended_at.is_(None), within(alerts.c.community, tops))
    rows = await connection.execute(statement.order_by(alerts.c.id.desc()))
    return tuple(Alert(*row) for row in rows)


async def ended_since(connection: Connection, tops: Collection[str], since: datetime, limit: int) -> tuple[Alert, ...]:
    """Return ended alerts, the last to end first."""
    statement = select(*_ALERT).where(alerts.c.ended_at >= since, within(alerts.c.community, tops))
    rows = await connection.execute(statement.order_by(alerts.c.ended_at.desc(), alerts.c.id.desc()).limit(limit))
    return tuple(Alert(*row) for row in rows)


async def get(connection: Connection, alert: int) -> Alert | None:
    found = (await connection.execute(select(*_ALERT).where(alerts.c.id == alert))).one_or_none()
    return None if found is None else Alert(*found)


async def update_seen(connection: Connection, changed: Sequence[Alert]) -> None:
    """Store what the tasks state now. An acknowledgement stays, unless the task occurred again after it."""
    own = ("id", "opened_at", "ended_at", "acknowledged_at", "acknowledged_by", "note")
    for alert in changed:
        values = {name: value for name, value in asdict(alert).items() if name not in own}
        await connection.execute(update(alerts).where(alerts.c.id == alert.id).values(values))
        if alert.since is not None:
            again = update(alerts).where(alerts.c.id == alert.id, alerts.c.acknowledged_at < alert.since)
            await connection.execute(again.values(acknowledged_at=None, acknowledged_by=None, note=""))


async def confirm_seen(connection: Connection, ids: Collection[int], at: datetime) -> None:
    await connection.execute(update(alerts).where(alerts.c.id.in_(ids)).values(seen_at=at))


async def end(connection: Connection, ids: Collection[int], at: datetime) -> None:
    if ids:
        await connection.execute(update(alerts).where(alerts.c.id.in_(ids)).values(ended_at=at))


async def delete_ended(connection: Connection, before: datetime) -> bool:
    """Delete a slice of the alerts that ended before that time. Return whether there may be more."""
    old = (
        (await connection.execute(select(alerts.c.id).where(alerts.c.ended_at < before).limit(_SLICE))).scalars().all()
    )
    await connection.execute(delete(alert_deliveries).where(alert_deliveries.c.alert.in_(old)))
    await connection.execute(delete(alerts).where(alerts.c.id.in_(old)))
    return len(old) == _SLICE


async def acknowledge(connection: Connection, alert: int, by: str, note: str, at: datetime) -> bool:
    """Return False when it has ended, or somebody took it on before."""
    values = {"acknowledged_at": at, "acknowledged_by": by, "note": note}
    return await _change_open(connection, alert, alerts.c.acknowledged_at.is_(None), values)


async def take_over(connection: Connection, alert: int, by: str, note: str, at: datetime) -> bool:
    """Return False when it has ended, or no other account had taken it on."""
    values = {"acknowledged_at": at, "acknowledged_by": by, "note": note}
    return await _change_open(connection, alert, alerts.c.acknowledged_by != by, values)


async def give_back(connection: Connection, alert: int) -> bool:
    """Let it wait for somebody again. Return False when it has ended, or nobody had taken it on."""
    values = {"acknowledged_at": None, "acknowledged_by": None, "note": ""}
    return await _change_open(connection, alert, alerts.c.acknowledged_at.is_not(None), values)


async def _change_open(
    connection: Connection, alert: int, condition: ColumnElement[bool], values: Mapping[str, object]
) -> bool:
    statement = update(alerts).where(alerts.c.id == alert, alerts.c.ended_at.is_(None), condition).values(values)
    return bool((await connection.execute(statement)).rowcount)


async def unacknowledged(connection: Connection, channel: Channel) -> tuple[Alert, ...]:
    """Return open alerts at and below the channel's place that nobody took on, the newest first."""
    return tuple(Alert(*row) for row in await connection.execute(_unacknowledged(channel)))


async def unsent(connection: Connection, channel: Channel, opened_before: datetime) -> tuple[Alert, ...]:
    """Return those of them that were opened before a time and that the channel did not get."""
    sent = alert_deliveries.c
    same = and_(sent.alert == alerts.c.id, sent.channel == channel.id, sent.ended.is_(False))
    statement = _unacknowledged(channel).outerjoin(alert_deliveries, same)
    statement = statement.where(alerts.c.opened_at <= opened_before, sent.at.is_(None))
    return tuple(Alert(*row) for row in await connection.execute(statement))


def _unacknowledged(channel: Channel) -> Select[tuple[Any, ...]]:
    return (
        select(*_ALERT)
        .where(alerts.c.ended_at.is_(None), alerts.c.acknowledged_at.is_(None))
        .where(within(alerts.c.community, [channel.place]))
        .order_by(alerts.c.id.desc())
    )


async def unsent_ends(connection: Connection, channel: Channel) -> tuple[Alert, ...]:
    """Return ended alerts that the channel got and whose end it did not get."""
    ends = alert_deliveries.alias("ends")
    sent, end = alert_deliveries.c, ends.c
    statement = (
        select(*_ALERT)
        .join(alert_deliveries, and_(sent.alert == alerts.c.id, sent.channel == channel.id, sent.ended.is_(False)))
        .outerjoin(ends, and_(end.alert == alerts.c.id, end.channel == channel.id, end.ended.is_(True)))
        .where(alerts.c.ended_at.is_not(None), end.at.is_(None))
    )
    return tuple(Alert(*row) for row in await connection.execute(statement.order_by(alerts.c.id.desc())))


async def mark_sent(connection: Connection, channel: str, ids: Collection[int], at: datetime, *, ended: bool) -> None:
    """Record that the channel got these alerts, or with `ended` their ends."""
    if not ids:
        return
    columns = alert_deliveries.c
    same = (columns.channel == channel, columns.ended.is_(ended), columns.alert.in_(ids))
    await connection.execute(delete(alert_deliveries).where(*same))
    rows = [{"alert": id_, "channel": channel, "ended": ended, "at": at} for id_ in ids]
    await connection.execute(insert(alert_deliveries), rows)


async def channels(connection: Connection, tops: Collection[str]) -> tuple[Channel, ...]:
    """Return channels at and below `tops`, the oldest first."""
    statement = select(*_CHANNEL).where(within(alert_channels.c.place, tops))
    rows = await connection.execute(statement.order_by(alert_channels.c.added_at, alert_channels.c.id))
    return tuple(Channel(*row) for row in rows)


async def channel(connection: Connection, id_: str) -> Channel | None:
    found = (await connection.execute(select(*_CHANNEL).where(alert_channels.c.id == id_))).one_or_none()
    return None if found is None else Channel(*found)


async def add_channel(connection: Connection, new: Channel) -> None:
    await connection.execute(insert(alert_channels).values(asdict(new)))


async def remove_channel(connection: Connection, id_: str) -> None:
    await connection.execute(delete(alert_deliveries).where(alert_deliveries.c.channel == id_))
    await connection.execute(delete(alert_channels).where(alert_channels.c.id == id_))


async def record_sent(connection: Connection, id_: str, at: datetime) -> None:
    values = {"failures": 0, "next_try_at": None, "last_error": "", "sent_at": at}
    await connection.execute(update(alert_channels).where(alert_channels.c.id == id_).values(values))


async def record_morning(connection: Connection, id_: str, at: datetime, shown: str) -> None:
    """`shown`: ids of the alerts in the morning message, as JSON."""
    values = {"morning_at": at, "morning_alerts": shown}
    await connection.execute(update(alert_channels).where(alert_channels.c.id == id_).values(values))
    await record_sent(connection, id_, at)


async def record_failure(connection: Connection, id_: str, error: str, next_try_at: datetime) -> None:
    columns = alert_channels.c
    values = {"failures": columns.failures + 1, "next_try_at": next_try_at, "last_error": error[:200]}
    await connection.execute(update(alert_channels).where(columns.id == id_).values(values))
