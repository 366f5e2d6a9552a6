"""Read all rows of one project, table by table, for its auditor; without donor data and secret addresses."""

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
    "purses": tables.purses,
    "ledger": tables.ledger_lines,
    "project_terms": tables.project_terms,
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
    """Return the rows by file. `communities` None: of all communities."""
    intents, attempts = tables.intents.c, tables.attempts.c
    own = intents.project == project, intents.environment == environment
    in_communities = () if communities is None else (intents.community.in_(communities),)
    own_attempts = (
        select(attempts.id)
        .join(tables.intents, (intents.gateway == attempts.gateway) & (intents.id == attempts.intent))
        .where(*own, *in_communities)
    )
    changes, heads = tables.state_changes.c, tables.heads.c
    statements: dict[str, Select[Any]] = {
        "intents": _of("intents").where(*own, *in_communities),
        "attempts": _of("attempts").where(attempts.id.in_(own_attempts)),
        "state_changes": _of("state_changes")
        .join(tables.intents, (intents.gateway == changes.gateway) & (intents.id == changes.intent))
        .where(*own, *in_communities),
        "notifications": _of("notifications").where(tables.notifications.c.attempt.in_(own_attempts)),
        "statement_rows": _of("statement_rows").where(tables.statement_rows.c.attempt.in_(own_attempts)),
        "differences": _of("differences").where(tables.differences.c.attempt.in_(own_attempts)),
        "receipts": _of("receipts").where(tables.receipts.c.attempt.in_(own_attempts)),
    }
    for name in ("purses", "ledger", "refunds", "disbursements", "heads"):
        statements[name] = _of(name).where(*_purse(_TABLES[name], project, environment, communities))
    lines = tables.ledger_lines
    used = select(lines.c.terms).where(*_purse(lines, project, environment, communities))
    statements["project_terms"] = _of("project_terms").where(tables.project_terms.c.digest.in_(used))
    published = select(heads.seq).where(*_purse(tables.heads, project, environment, communities))
    statements["cosignatures"] = _of("cosignatures").where(tables.cosignatures.c.head.in_(published))
    found = {}
    for name in _TABLES:
        keys = list(_TABLES[name].primary_key.columns)
        rows = await connection.execute(statements[name].order_by(*keys))
        found[name] = [dict(zip(COLUMNS[name], row, strict=True)) for row in rows]
    return found


async def vouchers(connection: Connection, disbursements: Sequence[Row]) -> dict[str, bytes]:
    """Return the files by name: SHA-256 and ending."""
    statements = {row["voucher"] for row in disbursements if row["voucher"]}
    table = tables.vouchers.c
    statement = select(table.sha256, table.content_type, table.content).where(table.sha256.in_(statements))
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
