"""Records of money cannot be changed or deleted by any statement, except in the columns that hold their progress."""

import pytest
from sqlalchemy import Column, Table, delete, insert, select, update
from sqlalchemy.exc import DBAPIError

from central_server.ledger.publication import Publisher
from central_server.store.engine import tables
from central_server.store.engine.database import Database
from central_server.store.engine.tables import metadata
from central_server.store.places.places import TOP
from tests.unit.central_server.ledger.test_publication import publisher
from tests.unit.central_server.ledger_world import given
from tests.unit.central_server.reconciling_world import DAY, NOW, Books, row, strange, world

__all__ = ["publisher", "world"]

PROGRESS: dict[str, set[str]] = {
    "attempts": {
        *("state", "evidence", "flawed", "paid_at", "refundable_from", "queries", "next_query_at"),
        *("statement", "statement_line"),
    },
    "audit_lines": set(),
    "case_helps": {"code", "tries", "confirmed_at", "confirmed_by", "way"},
    "case_steps": set(),
    "cases": {"state", "second_due", "ended_at"},
    "cosignatures": set(),
    "differences": {"community", "attempt", "settled_at", "settled_by", "reason"},
    "disbursements": {"state", "decided_by", "decided_at", "note"},
    "disclosures": set(),
    "heads": set(),
    "intents": {"state", "slip", "door", "code"},
    "ledger_lines": set(),
    "locked_months": set(),
    "money_uses": set(),
    "notifications": set(),
    "published_lines": set(),
    "receipts": {"state", "number", "changed_at", "changed_by"},
    "refunds": {
        *("state", "decided_by", "decided_at", "note", "source", "source_minor"),
        *("sent_at", "evidence", "queries", "next_query_at"),
    },
    "spending_queue": {"left_minor"},
    "state_changes": set(),
    "remittances": {"key", "sealed", "decided_by", "decided_at", "note"},
    "statements": {"fetched_at", "complete"},
    "statement_rows": {"attempt", "refund", "result"},
    "vouchers": set(),
}
"""By table: the columns that may change. Rows of none of them are deleted."""


async def _fill(world: Books, publisher: Publisher) -> None:
    """Put at least one row into each table."""
    gift = await world.paid()
    await world.refunded(gift, 100)
    await world.take(row(gift), strange("e" * 32))
    await given(world.database, *[1000] * 5)
    await publisher.publish_waiting()
    voucher = "f" * 64
    at = {"community": world.community, "environment": "drill"}
    person = {"requested_by": "lin", "requested_at": NOW, "note": ""}
    rows: list[tuple[Table, dict[str, object]]] = [
        (tables.vouchers, {"sha256": voucher, "community": world.community, "content_type": "x",
            "size_bytes": 1, "content": b"v", "added_at": NOW, "added_by": "lin"}),
        (tables.disbursements, at | person | {"id": "d" * 32, "project": "lunch", "amount_minor": 1, "currency": "CNY",
            "purpose": "rice", "payee": "kitchen", "voucher": voucher, "spent_on": DAY, "to_project": "",
            "covers": False, "state": "requested"}),
        (tables.locked_months, at | {"month": "2020-01", "locked_by": "lin", "locked_at": NOW}),
        (tables.notifications, {"bank": "b", "id": "n", "attempt": gift.id, "community": world.community,
            "fingerprint": "", "content": "", "received_at": NOW}),
        (tables.remittances, {"attempt": gift.id, "community": world.community, "received_on": DAY, "voucher": voucher,
            "receipt": False, "entered_by": "lin", "entered_at": NOW, "note": ""}),
        (tables.receipts, {"attempt": gift.id, "community": world.community, "state": "due", "number": "",
            "changed_at": NOW, "changed_by": "lin"}),
        (tables.disclosures, {"place": TOP, "project": "lunch", "due": DAY, "done_on": DAY, "done_by": "lin",
            "noted_at": NOW, "where": "", "note": ""}),
        (tables.cases, at | {"number": "482913", "help": "meals", "urgent": False, "state": "open",
            "registered_by": "lin", "registered_at": NOW}),
        (tables.case_helps, {"disbursement": "d" * 32, "case": "482913", "form": "goods", "code": "", "tries": 0,
            "way": ""}),
        (tables.case_steps, {"case": "482913", "kind": "proposed", "by": "lin", "at": NOW, "seen": False,
            "reason": ""}),
        (tables.audit_lines, {"at": NOW, "account": "lin", "place": TOP, "action": "x", "subject": "", "detail": ""}),
    ]  # fmt: skip
    async with world.database.write() as connection:
        head = (await connection.execute(select(tables.heads.c.seq))).scalars().first()
        line = (await connection.execute(select(tables.spending_queue.c.line))).scalars().first()
        rows.append((tables.money_uses, {"income": line, "outflow": line, "head": head, "minor": 1}))
        rows.append(
            (tables.cosignatures, {"head": head, "gateway": world.gateway, "key": "k", "signature": "s", "at": NOW})
        )
        for table, values in rows:
            await connection.execute(insert(table).values(values))


async def _is_changeable(database: Database, table: Table, column: Column[object]) -> bool:
    try:
        async with database.write() as connection:
            await connection.execute(update(table).values({column.name: column}))
    except DBAPIError:
        return False
    return True


async def test_only_the_progress_of_a_record_can_change(world: Books, publisher: Publisher) -> None:
    await _fill(world, publisher)
    for name, progress in PROGRESS.items():
        table = metadata.tables[name]
        changeable = {each.name for each in table.columns if await _is_changeable(world.database, table, each)}
        assert changeable == progress, name
        with pytest.raises(DBAPIError, match="only added to"):
            async with world.database.write() as connection:
                await connection.execute(delete(table))
