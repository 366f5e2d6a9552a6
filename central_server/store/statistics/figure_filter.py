"""Select stored figures by scope and time, and group them by slot or by key."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Table, literal_column, type_coerce
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from central_server.store.engine.connection import Connection
from central_server.store.engine.timestamps import micros
from central_server.store.places.places import communities
from central_server.store.statistics.figures import DAY, HOUR

Row = dict[str, Any]
Key = int | str
"""The number of a slot, counted from 0, or an id; "" for what belongs to none."""
Statement = Select[*tuple[Any, ...]]
Columns = ReadOnlyColumnCollection[str, Any]


class By(StrEnum):
    """The column by which figures are compared."""

    beacon = "beacon"
    project = "project"
    gateway = "gateway"
    community = "community"


@dataclass(frozen=True, slots=True)
class FigureScope:
    """What figures cover: the places at and below `tops`, narrowed by the other fields; None takes all."""

    tops: Collection[str]
    gateway: str | None = None
    beacon: str | None = None
    project: str | None = None

    @property
    def has_radio(self) -> bool:
        """Adverts are not counted by project."""
        return self.project is None

    @property
    def has_tags(self) -> bool:
        """Tags are counted by class alone, never by project or beacon."""
        return self.project is None and self.beacon is None

    @property
    def has_phones(self) -> bool:
        """A phone asks the server; the gateway that it passed is not known."""
        return self.gateway is None

    @property
    def has_spending(self) -> bool:
        """Spent money has no gateway and no beacon."""
        return self.gateway is None and self.beacon is None


@dataclass(frozen=True, slots=True)
class FigureFilter:
    """Figures of `scope` from `since` until before `until`, in slots of `step`."""

    scope: FigureScope
    since: datetime
    until: datetime
    step: timedelta

    @property
    def span(self) -> str:
        return HOUR if self.step < timedelta(days=1) else DAY


async def select_stored(connection: Connection, statement: Statement, table: Table, figures: FigureFilter) -> Statement:
    """Keep the rows of a figures table that the filter selects. A table without a column is not narrowed by it."""
    columns = table.c
    statement = statement.where(
        columns.span == figures.span, columns.start >= figures.since, columns.start < figures.until
    )
    return await in_scope(connection, statement, columns, figures.scope)


async def in_scope(connection: Connection, statement: Statement, columns: Columns, scope: FigureScope) -> Statement:
    """Keep the rows of the scope, as far as `columns` has its fields."""
    for name, value in (("gateway", scope.gateway), ("beacon", scope.beacon), ("project", scope.project)):
        if value is not None and name in columns:
            statement = statement.where(columns[name] == value)
    return await in_places(connection, statement, columns.community, scope.tops)


async def in_places(
    connection: Connection, statement: Statement, community: ColumnElement[Any], tops: Collection[str]
) -> Statement:
    found = await communities(connection, tops)
    return statement if found is None else statement.where(community.in_(found))


def group_key(columns: Columns, at: ColumnElement[Any], figures: FigureFilter, by: By | None) -> ColumnElement[Any]:
    """Return what rows are grouped by: a column, or the number of the slot in which `at` lies."""
    return slot_number(at, figures) if by is None else columns[by]


def slot_number(at: ColumnElement[Any], figures: FigureFilter) -> ColumnElement[int]:
    """Use literals: PostgreSQL groups by an expression only if both spellings are identical."""
    since: ColumnElement[int] = literal_column(str(micros(figures.since)))
    step: ColumnElement[int] = literal_column(str(figures.step // timedelta(microseconds=1)))
    return type_coerce((type_coerce(at, BigInteger) - since).op("/", precedence=8)(step), BigInteger)


def read_row(row: Any) -> Row:  # noqa: ANN401  (a row)
    """PostgreSQL returns sums as decimals."""
    return {
        name: value if value is None or isinstance(value, (str, int, datetime)) else int(value)
        for name, value in row._mapping.items()
    }
