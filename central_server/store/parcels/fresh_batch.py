"""The short way in: a batch that goes on where its epoch stopped, and of which nothing is here yet.

One statement on PostgreSQL; on SQLite one turn of the writer's thread, together with what else waits for it. The
sequence's row and the tables' own keys decide: when anything was here before, nothing of the batch is kept, and it
takes the long way, on which each parcel is looked at.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from central_server.store.engine.database import Database
from central_server.store.engine.store_errors import StoreCollision
from central_server.store.engine.timestamps import micros
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels.batches import NewBatch, numbered
from central_server.store.parcels.parcel_times import notes


class FreshGift(NamedTuple):
    """What an intent's parcel says of it, as text: a driver looks long at each number. There is no comma in it.

    `beacon`: uuid/major/minor, or None.
    """

    id: str
    amount_minor: str
    beacon: str | None
    catalogue_version: str
    currency: str
    door: str
    environment: str
    handoff: str
    project: str


@dataclass(frozen=True, slots=True)
class FreshBatch:
    """`ids`: sorted, by their position in it, each once. `told.numbers`: each once. Of each gift state and code."""

    ids: Sequence[str]
    told: NewBatch
    gifts: Sequence[FreshGift]
    states: Sequence[str]
    codes: Sequence[str | None]


_OWN, _BEGUN = ("gateway", "community", "first_seen_at", "first_seen_in", "slip"), ("state", "code")
_INTO_INTENTS = f"INSERT INTO intents ({', '.join((*_OWN, *FreshGift._fields, *_BEGUN))})"


async def add(database: Database, gateway: Gateway, batch: FreshBatch, now: datetime) -> bool:
    """False: it has to take the long way. Raises StoreUnavailable."""
    if database.dsn:
        try:
            return await database.by_driver(lambda driver: _on_postgresql(driver, gateway, batch, now))
        except StoreCollision:
            return False
    return await database.together(lambda connection: _on_sqlite(connection, gateway, batch, micros(now)))


_ON_POSTGRESQL = """
WITH moved AS (
  INSERT INTO sequences AS s (gateway, epoch, community, begun_at, last_at, highest, highest_before, held, forks)
  VALUES ($1, $2, $3, $4, $4, $6, 0, $7, 0)
  ON CONFLICT (gateway, epoch) DO UPDATE SET highest = excluded.highest, highest_before = s.highest,
    held = s.held + excluded.held, last_at = excluded.last_at
  WHERE s.highest < $5
  RETURNING 1
), batch AS (
  INSERT INTO batches
    (gateway, community, received_at, epoch, lowest, highest, numbers, intents, statistics, content)
  SELECT $1, $3, $4, $2, $5, $6, $8, $9, $10, $11 FROM moved
  RETURNING seq
), kept AS (
  INSERT INTO parcels (gateway, id, batch, position)
  SELECT $1, new.id, seq, new.n - 1 FROM batch, unnest(string_to_array($12, ',')) WITH ORDINALITY AS new(id, n)
), noted AS (
  INSERT INTO uncounted (gateway, parcels) SELECT $1, unnest(string_to_array($13, ',')) FROM moved
)"""
_GIFTS = ", ".join(f"string_to_array(${14 + number}, ',')" for number in range(len(FreshGift._fields + _BEGUN)))
_WITH_GIFTS = f""", registered AS (
  {_INTO_INTENTS}
  SELECT $1, $3, $4, 'parcel', '', new.id, amount::bigint, nullif(beacon, ''), version::bigint, currency, door,
    environment, handoff, project, state, nullif(code, '')
  FROM moved, unnest({_GIFTS})
    AS new(id, amount, beacon, version, currency, door, environment, handoff, project, state, code)
)"""  # noqa: S608  (marks, and names of ours)
_ITS_NUMBER = " SELECT seq FROM batch"


async def _on_postgresql(driver: Any, gateway: Gateway, batch: FreshBatch, now: datetime) -> bool:  # noqa: ANN401  (it has no types)
    import asyncpg  # type: ignore[import-untyped]  # it has no types

    at, told = micros(now), batch.told
    values: list[object] = [gateway.id, told.epoch, gateway.community, at, min(told.numbers), max(told.numbers)]
    values += [len(batch.ids), numbered(told.numbers), told.intents, told.statistics, told.content]
    values += [",".join(batch.ids), ",".join(notes(batch.ids))]
    statement = _ON_POSTGRESQL
    if batch.gifts:
        statement += _WITH_GIFTS
        columns = (*zip(*batch.gifts, strict=True), batch.states, batch.codes)
        values += [",".join([each or "" for each in column]) for column in columns]
    try:
        return await driver.fetchval(statement + _ITS_NUMBER, *values) is not None
    except asyncpg.UniqueViolationError:
        return False


_MOVE = """
INSERT INTO sequences (gateway, epoch, community, begun_at, last_at, highest, highest_before, held, forks)
VALUES (?1, ?2, ?3, ?4, ?4, ?6, 0, ?7, 0)
ON CONFLICT (gateway, epoch) DO UPDATE SET highest = excluded.highest, highest_before = sequences.highest,
  held = sequences.held + excluded.held, last_at = excluded.last_at
WHERE sequences.highest < ?5
"""
_BATCH = """
INSERT INTO batches (gateway, community, received_at, epoch, lowest, highest, numbers, intents, statistics, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_KEEP = "INSERT INTO parcels (gateway, id, batch, position) SELECT ?, value, ?, key FROM json_each(?)"
_NOTE = "INSERT INTO uncounted (gateway, parcels) SELECT ?, value FROM json_each(?)"
_REGISTER = f"{_INTO_INTENTS} VALUES ({', '.join('?' * len(_OWN + FreshGift._fields + _BEGUN))})"


def _on_sqlite(connection: sqlite3.Connection, gateway: Gateway, batch: FreshBatch, at: int) -> bool:
    told = batch.told
    lowest, highest = min(told.numbers), max(told.numbers)
    own = (gateway.id, told.epoch, gateway.community, at, lowest, highest, len(batch.ids))
    if connection.execute(_MOVE, own).rowcount != 1:
        return False
    where = (gateway.id, gateway.community, at, told.epoch, lowest, highest, numbered(told.numbers))
    seq = connection.execute(_BATCH, (*where, told.intents, told.statistics, told.content)).lastrowid
    connection.execute(_KEEP, (gateway.id, seq, _json(batch.ids)))
    connection.execute(_NOTE, (gateway.id, _json(notes(batch.ids))))
    begun = (gateway.id, gateway.community, at, "parcel", "")
    rows = zip(batch.gifts, batch.states, batch.codes, strict=True)
    connection.executemany(_REGISTER, [(*begun, *gift, state, code) for gift, state, code in rows])
    return True


def _json(texts: Sequence[str]) -> str:
    return msgspec.json.encode(texts).decode()
