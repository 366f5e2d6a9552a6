"""Creates the newest schema in an empty database: all tables, the triggers that protect money, and the top place."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Column, Connection, MetaData, PrimaryKeyConstraint, String, Table

from central_server.store.engine.tables import metadata, place_ancestors, places
from central_server.store.engine.timestamps import moment

_APPEND_ONLY = (
    "audit_lines",
    "case_steps",
    "cosignatures",
    "disclosures",
    "heads",
    "ledger_lines",
    "locked_months",
    "money_uses",
    "notifications",
    "project_terms",
    "published_lines",
    "state_changes",
    "vouchers",
)
_DECIDED = ("state", "decided_by", "decided_at", "note")
_CHANGEABLE = {
    "attempts": (
        *("state", "evidence", "flawed", "paid_at", "refundable_from", "queries", "next_query_at"),
        *("statement", "statement_line"),
    ),
    "case_helps": ("code", "tries", "confirmed_at", "confirmed_by", "way"),
    "cases": ("state", "second_due", "ended_at"),
    "differences": ("community", "attempt", "settled_at", "settled_by", "reason"),
    "disbursements": _DECIDED,
    "intents": ("state", "slip", "door", "code"),
    "receipts": ("state", "number", "changed_at", "changed_by"),
    "refunds": (*_DECIDED, "source", "source_minor", "sent_at", "evidence", "queries", "next_query_at"),
    "spending_queue": ("left_minor",),
    "remittances": ("key", "sealed", "decided_by", "decided_at", "note"),
    "statements": ("fetched_at", "complete"),
    "statement_rows": ("attempt", "refund", "result"),
}
"""By table of which no row is deleted, except `_DELETABLE`: the columns that may change."""
_DELETABLE = {"attempts": "intent", "intents": "id", "state_changes": "intent"}
"""Tables with rows of gifts that began on a phone and were not paid, which may be deleted: the column with the gift."""

_TOP_NAMES = '{"zh-Hans": "全部", "zh-Hant": "全部", "en": "Everywhere"}'

alembic_version = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Alembic's own table: the revision of the database."""


def create_schema(connection: Connection, revision: str) -> None:
    """Create everything of `revision`, the newest, in the transaction of `connection`."""
    if connection.dialect.name == "postgresql":
        copy_index_conditions(metadata)
    metadata.create_all(connection, checkfirst=False)
    _forbid_changes(connection)
    connection.execute(places.insert().values(id="all", kind="top", names=_TOP_NAMES, added_at=moment(0)))
    connection.execute(place_ancestors.insert().values(place="all", ancestor="all"))
    alembic_version.create(connection)
    connection.execute(alembic_version.insert().values(version_num=revision))


def copy_index_conditions(of: MetaData) -> None:
    """Give the partial indexes their condition on PostgreSQL, too: see `index_of`."""
    for table in of.tables.values():
        for index in table.indexes:
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]


def _forbid_changes(connection: Connection) -> None:
    """Make the database refuse every UPDATE and DELETE of records of money, except in their changeable columns."""
    updates = dict.fromkeys(_APPEND_ONLY, "UPDATE")
    for table, changeable in _CHANGEABLE.items():
        fixed = (f'"{column.name}"' for column in metadata.tables[table].columns if column.name not in changeable)
        updates[table] = "UPDATE OF " + ", ".join(fixed)
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(
            "CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END $$",
        )
    forbid_changes(connection, updates)
    if connection.dialect.name == "postgresql":
        _permit_deletions_on_postgresql(connection)


def forbid_changes(connection: Connection, updates: Mapping[str, str]) -> None:
    """Make the database refuse every DELETE, and the UPDATE that is given by table: `UPDATE` or `UPDATE OF …`."""
    if connection.dialect.name == "postgresql":
        for table, update in updates.items():
            changes = update if table in _DELETABLE else f"{update} OR DELETE"
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_only_added BEFORE {changes} ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION only_added()",
            )
        return
    for table, update in updates.items():
        for change in (update, "DELETE"):
            paid = f" WHEN NOT EXISTS ({_unpaid(table)})" if change == "DELETE" and table in _DELETABLE else ""
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_{change.split()[0].lower()} BEFORE {change} ON {table}{paid}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END",
            )


def forbid_updates(connection: Connection, tables: Iterable[str]) -> None:
    """Make the database refuse every UPDATE of these tables; old rows are deleted."""
    for table in tables:
        action = (
            "FOR EACH ROW EXECUTE FUNCTION only_added()"
            if connection.dialect.name == "postgresql"
            else f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
        )
        connection.exec_driver_sql(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {action}")


def _permit_deletions_on_postgresql(connection: Connection) -> None:
    """Permit the deletion of rows of unpaid gifts only."""
    for table in _DELETABLE:
        connection.exec_driver_sql(
            f"CREATE FUNCTION {table}_unpaid() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN IF EXISTS ({_unpaid(table)}) THEN RETURN OLD; END IF;"
            " RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END $$",
        )
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_unpaid()",
        )


def _unpaid(table: str) -> str:
    """Return a query that finds the unpaid gift of the row that is deleted."""
    of_row = f"intents.gateway = OLD.gateway AND intents.id = OLD.{_DELETABLE[table]}"
    return f"SELECT 1 FROM intents WHERE {of_row} AND intents.first_seen_in = 'page' AND intents.slip = ''"  # noqa: S608  (our names)
