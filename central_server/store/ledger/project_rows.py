"""All rows of one project, table by table, for whoever audits it. No donor's data, and no address that opens a page."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, select

from central_server.store.engine import tables
from central_server.store.engine.connection import Connection

Row = dict[str, Any]
_LEFT_OUT = {"attempts": {"return_nonce"}, "intents": {"code"}}
_TABLES: Mapping[str, Table] = {
    "intents": tables.intents,
    "attempts": tables.attempts,
    "state_changes": tables.state_changes,
    "notifications": tables.notifications,
    "ledger": tables.ledger_lines,
    "refunds": tables.refunds,
    "statement_rows": tables.statement_rows,
    "differences": tables.differences,
    "disbursements": tables.disbursements,
    "heads": tables.heads,
    "cosignatures": tables.cosignatures,
    "receipts": tables.receipts,
}


def _columns(name: str) -> list[Column[Any]]:
    return [column for column in _TABLES[name].columns if column.name not in _LEFT_OUT.get(name, ())]


COLUMNS: Mapping[str, tuple[str, ...]] = {name: tuple(column.name for column in _columns(name)) for name in _TABLES}
"""By file."""


async def every(
    connection: Connection, project: str, environment: str, communities: Collection[str] | None
) -> dict[str, list[Row]]:
    """`communities` None: of all."""
    intents, attempts = tables.intents.c, tables.attempts.c
    own = intents.project == project, intents.environment == environment
    here = () if communities is None else (intents.community.in_(communities),)
    tried = (
        select(attempts.id)
        .join(tables.intents, (intents.gateway == attempts.gateway) & (intents.id == attempts.intent))
        .where(*own, *here)
    )
    changes, heads = tables.state_changes.c, tables.heads.c
    wanted: dict[str, Select[Any]] = {
        "intents": _of("intents").where(*own, *here),
        "attempts": _of("attempts").where(attempts.id.in_(tried)),
        "state_changes": _of("state_changes")
        .join(tables.intents, (intents.gateway == changes.gateway) & (intents.id == changes.intent))
        .where(*own, *here),
        "notifications": _of("notifications").where(tables.notifications.c.attempt.in_(tried)),
        "statement_rows": _of("statement_rows").where(tables.statement_rows.c.attempt.in_(tried)),
        "differences": _of("differences").where(tables.differences.c.attempt.in_(tried)),
        "receipts": _of("receipts").where(tables.receipts.c.attempt.in_(tried)),
    }
    for name in ("ledger", "refunds", "disbursements", "heads"):
        wanted[name] = _of(name).where(*_purse(_TABLES[name], project, environment, communities))
    published = select(heads.seq).where(*_purse(tables.heads, project, environment, communities))
    wanted["cosignatures"] = _of("cosignatures").where(tables.cosignatures.c.head.in_(published))
    found = {}
    for name in _TABLES:
        keys = list(_TABLES[name].primary_key.columns)
        rows = await connection.execute(wanted[name].order_by(*keys))
        found[name] = [dict(zip(COLUMNS[name], row, strict=True)) for row in rows]
    return found


async def vouchers(connection: Connection, disbursements: Sequence[Row]) -> dict[str, bytes]:
    """By name of the file: its SHA-256 and its kind."""
    wanted = {row["voucher"] for row in disbursements if row["voucher"]}
    table = tables.vouchers.c
    statement = select(table.sha256, table.content_type, table.content).where(table.sha256.in_(wanted))
    endings = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
    return {
        f"{row.sha256}.{endings.get(row.content_type, 'bin')}": bytes(row.content)
        for row in await connection.execute(statement)
    }


def _of(name: str) -> Select[Any]:
    return select(*_columns(name))


def _purse(
    table: Table, project: str, environment: str, communities: Collection[str] | None
) -> list[ColumnElement[bool]]:
    found = [table.c.project == project, table.c.environment == environment]
    if communities is not None:
        found.append(table.c.community.in_(communities))
    return found
