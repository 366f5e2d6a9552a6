"""Which figures are wanted, by slots of an hour or a day, and what of a table that is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Table,
    literal_column,
    type_coerce,
)

from central_server.store.engine.connection import Connection
from central_server.store.engine.timestamps import micros
from central_server.store.places.places import communities
from central_server.store.statistics.figures import DAY, HOUR

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """`tops`: at and below these places; the rest narrows down, None takes all. Slots begin at `since`."""

    tops: Collection[str]
    since: datetime
    until: datetime
    step: timedelta
    gateway: str | None = None
    beacon: str | None = None
    project: str | None = None


async def scoped(
    connection: Connection, statement: Select[*tuple[Any, ...]], table: Table, wanted: Wanted
) -> Select[*tuple[Any, ...]]:
    """Of a table of figures the rows that are wanted; what it does not tell apart does not narrow it down."""
    span = HOUR if wanted.step < timedelta(days=1) else DAY
    columns = table.c
    statement = statement.where(columns.span == span, columns.start >= wanted.since, columns.start < wanted.until)
    if wanted.gateway is not None:
        statement = statement.where(columns.gateway == wanted.gateway)
    for name, value in (("beacon", wanted.beacon), ("project", wanted.project)):
        if value is not None and name in columns:
            statement = statement.where(columns[name] == value)
    return await seen(connection, statement, columns.community, wanted.tops)


async def seen(
    connection: Connection, statement: Select[*tuple[Any, ...]], community: ColumnElement[Any], tops: Collection[str]
) -> Select[*tuple[Any, ...]]:
    found = await communities(connection, tops)
    return statement if found is None else statement.where(community.in_(found))


def slot_of(at: ColumnElement[Any], wanted: Wanted) -> ColumnElement[int]:
    """In words, not as parameters: PostgreSQL groups by an expression only when it is the same to the letter."""
    since: ColumnElement[int] = literal_column(str(micros(wanted.since)))
    step: ColumnElement[int] = literal_column(str(_micros(wanted.step)))
    return type_coerce((type_coerce(at, BigInteger) - since).op("/", precedence=8)(step), BigInteger)


def slot_start(slot: int, wanted: Wanted) -> datetime:
    """Of what `slot_of` numbers."""
    return (wanted.since + slot * wanted.step).astimezone(UTC)


def _micros(length: timedelta) -> int:
    return length // timedelta(microseconds=1)


def whole(row: Any) -> Row:  # noqa: ANN401  (a row)
    """PostgreSQL gives its sums as decimals."""
    return {
        name: value if value is None or isinstance(value, (str, int, datetime)) else int(value)
        for name, value in row._mapping.items()
    }
