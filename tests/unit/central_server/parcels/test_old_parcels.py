"""A database from before parcels were kept by the batch: nothing is lost, and nothing is told twice."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, func, insert, select, text

from central_server.intake.receive import ReceiptJson
from central_server.store.donations import intents
from central_server.store.engine.database import Database
from central_server.store.engine.tables import batches
from central_server.store.engine.timestamps import micros
from central_server.store.parcels import arrivals, parcels, sync_log
from central_server.store.parcels.log_queries import Wanted
from central_server.store.places.places import TOP
from sync_contract.records import HandoffKind, IntentRegistered, Parcel, Receipt, canonical
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.received import received
from tests.postgres import Postgres
from tests.unit.central_server.old_schema import KINDS, brought_over_from

BEFORE = "0010"
AT = datetime(2026, 11, 24, 8, tzinfo=UTC)
GATEWAY = DeliveringGateway()
REPORTS = [GATEWAY.statistics() for _ in range(1203)]
"""More than are brought over at a time, and more than a request may bring."""
GIFTS = [GATEWAY.intent(), GATEWAY.intent(handoff=HandoffKind.link)]
FROM_THE_OTHER_CARD = GATEWAY.statistics().model_copy(update={"epoch": "f" * 16, "n": 1})
ALL = [*REPORTS, *GIFTS, FROM_THE_OTHER_CARD]
TICKET_FIRST = "0" * 31 + "1"


def fill(connection: Connection) -> None:
    connection.execute(
        text("INSERT INTO places (id, kind, parent, names, added_at) VALUES ('huada', 'community', 'all', '{}', 1)")
    )
    connection.execute(
        text("INSERT INTO place_ancestors (place, ancestor) VALUES ('huada', 'huada'), ('huada', 'all')")
    )
    connection.execute(
        text(
            "INSERT INTO gateways (id, community, label, kind, added_at)"
            f" VALUES ('{GATEWAY.id}', 'huada', 'hall', 'device', 1)"
        )
    )
    for start in range(0, len(REPORTS), 500):
        _arrived(connection, REPORTS[start : start + 500], AT + timedelta(minutes=start))
    _arrived(connection, [*GIFTS, FROM_THE_OTHER_CARD], AT - timedelta(days=1))
    _add(connection, "arrivals", _line(REPORTS[0], "duplicate", AT), _line(GIFTS[0], "conflict", AT, "{}"))
    for gift in GIFTS:
        _registered(connection, gift.id, gift.body.handoff.value if isinstance(gift.body, IntentRegistered) else "")
    _registered(connection, TICKET_FIRST, "ticket", "ticket")


def _arrived(connection: Connection, made: list[Parcel], at: datetime) -> None:
    rows = [
        {
            "gateway": GATEWAY.id,
            "id": parcel.id,
            "community": "huada",
            "kind": parcel.body.kind,
            "epoch": parcel.epoch,
            "n": parcel.n,
            "fingerprint": parcel.fingerprint(),
            "content": canonical(parcel).decode(),
            "received_at": micros(at),
        }
        for parcel in made
    ]
    _add(connection, "parcels", *rows)
    _add(connection, "arrivals", *(_line(parcel, "accepted", at) for parcel in made))


def _line(parcel: Parcel, result: str, at: datetime, content: str | None = None) -> dict[str, object]:
    return {
        "gateway": GATEWAY.id,
        "parcel": parcel.id,
        "result": result,
        "fingerprint": parcel.fingerprint(),
        "community": "huada",
        "kind": parcel.body.kind,
        "reason": "",
        "content": content,
        "first_at": micros(at),
        "last_at": micros(at),
        "times": 1,
    }


def _registered(connection: Connection, id_: str, handoff: str, seen_in: str = "parcel") -> None:
    at = micros(AT - timedelta(days=1))
    state = "unconfirmed" if handoff == "link" else "registered"
    gift: dict[str, object] = {"environment": "drill", "project": "lunch", "amount_minor": 5000, "currency": "CNY"}
    gift |= {
        "beacon": None,
        "catalogue_version": 1,
        "handoff": handoff,
        "door": "touch",
        "first_seen_at": at,
        "slip": "",
    }
    here: dict[str, object] = {"gateway": GATEWAY.id, "community": "huada"}
    _add(connection, "intents", here | gift | {"id": id_, "first_seen_in": seen_in, "state": state})
    change = here | {"intent": id_, "attempt": None, "at": at, "evidence": id_}
    _add(connection, "state_changes", change | {"before": "", "after": "registered", "cause": seen_in})
    if handoff == "link":
        linked = {"before": "registered", "after": "unconfirmed", "cause": "link"}
        _add(connection, "state_changes", change | linked)


def _add(connection: Connection, table: str, *rows: dict[str, object]) -> None:
    from sqlalchemy import MetaData

    connection.execute(insert(Table(table, MetaData(), autoload_with=connection)), list(rows))


@pytest.fixture(params=KINDS)
async def brought_over(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres) -> AsyncIterator[Database]:
    async with brought_over_from(BEFORE, fill, request.param, tmp_path, postgres) as database:
        yield database


async def test_every_parcel_stands_where_it_is_found(brought_over: Database) -> None:
    async with brought_over.read() as connection:
        found = await parcels.find(connection, GATEWAY.id, [parcel.id for parcel in ALL])
        assert {id_: each.content for id_, each in found.items()} == {parcel.id: canonical(parcel) for parcel in ALL}
        assert found[GIFTS[0].id].received_at == AT - timedelta(days=1)
        sums = select(func.sum(batches.c.intents), func.sum(batches.c.statistics), func.max(batches.c.highest))
        assert tuple(map(int, (await connection.execute(sums)).one())) == (2, len(REPORTS) + 1, GIFTS[1].n)


async def test_the_log_tells_each_line_once(brought_over: Database) -> None:
    async with brought_over.read() as connection:
        told = await sync_log.page(connection, Wanted(tops=(TOP,)), 5000)
        assert len(told) == len(ALL) + 2
        assert sorted(line.parcel for line in told if line.result is Receipt.accepted) == sorted(
            parcel.id for parcel in ALL
        )
        assert [line.content for line in told if line.result is Receipt.duplicate] == [canonical(REPORTS[0]).decode()]
        gifts = await sync_log.page(connection, Wanted(kind="intent"), 50)
        assert {(line.parcel, line.result) for line in gifts} == {
            (GIFTS[0].id, Receipt.conflict),
            (GIFTS[0].id, Receipt.accepted),
            (GIFTS[1].id, Receipt.accepted),
        }
        assert len(await arrivals.newest(connection, Wanted(), 5000, None)) == 2


async def test_what_comes_again_is_known_and_a_number_that_comes_twice_is_a_fork(brought_over: Database) -> None:
    def told(receipts: list[ReceiptJson]) -> list[str]:
        return [receipt["receipt"] for receipt in receipts]

    new = GATEWAY.statistics()
    changed = REPORTS[7].model_copy(update={"n": 7777})
    again = [REPORTS[3], changed, GIFTS[1], new]
    later = AT + timedelta(days=1)
    assert told(await received(brought_over, GATEWAY.id, "huada", again, later)) == [
        *("duplicate", "conflict", "duplicate", "accepted"),
    ]
    twin = DeliveringGateway().statistics().model_copy(update={"epoch": GATEWAY.epoch, "n": 700})
    assert told(await received(brought_over, GATEWAY.id, "huada", [twin], later)) == ["accepted"]
    async with brought_over.read() as connection:
        (one,) = [
            each for each in await parcels.numbered(connection, (TOP,), (GATEWAY.id,)) if each.epoch == GATEWAY.epoch
        ]
        assert (one.forks, one.forked_n) == (1, 700)
        assert await parcels.of_number(connection, GATEWAY.id, GATEWAY.epoch, 700) == tuple(
            sorted((twin.id, REPORTS[699].id))
        )


async def test_a_gift_tells_its_beginning_once(brought_over: Database) -> None:
    async with brought_over.read() as connection:
        ways = {
            id_: [(step.after, step.cause) for step in await intents.history(connection, GATEWAY.id, id_)]
            for id_ in (GIFTS[0].id, GIFTS[1].id, TICKET_FIRST)
        }
    assert ways == {
        GIFTS[0].id: [("registered", "parcel")],
        GIFTS[1].id: [("registered", "parcel"), ("unconfirmed", "link")],
        TICKET_FIRST: [("registered", "ticket")],
    }
