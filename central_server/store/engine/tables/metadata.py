"""Parts shared by all tables: the naming convention, common columns and kinds of index."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    TextClause,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Counted = BigInteger().with_variant(Integer, "sqlite")
"""An autoincremented key: in SQLite only INTEGER can be the rowid."""


def community() -> Column[str]:
    """Return the column of the community to which the record belongs."""
    return Column("community", String(64), ForeignKey("places.id"), nullable=False)


def index_of(where: TextClause, name: str | None, *columns: str, unique: bool = False) -> Index:
    """Return a partial index. `schema_creation` gives it the same condition on PostgreSQL.

    A `postgresql_where` would make every server on SQLite load that dialect, 2 MB.
    """
    return Index(name, *columns, unique=unique, sqlite_where=where)


def sqlite_foreign_keys() -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    """Return the foreign keys of gateway and community for rows that come by the thousand, on SQLite only.

    On PostgreSQL the lookup takes as long as the insert; the batch in the same transaction has the foreign keys.
    """
    return (
        ForeignKeyConstraint(["gateway"], ["gateways.id"]).ddl_if(dialect="sqlite"),
        ForeignKeyConstraint(["community"], ["places.id"]).ddl_if(dialect="sqlite"),
    )
