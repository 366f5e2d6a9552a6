"""What all tables share: the names of constraints, and the columns that nearly every one has."""

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
"""A key that the database counts up: in SQLite only INTEGER can be the row's own number."""


def community() -> Column[str]:
    """The community to which the record belongs."""
    return Column("community", String(64), ForeignKey("places.id"), nullable=False)


def index_of(where: TextClause, name: str | None, *columns: str, unique: bool = False) -> Index:
    """Of just these rows, as it is in both databases: the migrations say so to both. Said here to PostgreSQL too, it
    would have every server on SQLite load that dialect, 2 MB."""
    return Index(name, *columns, unique=unique, sqlite_where=where)


def looked_up_together() -> tuple[ForeignKeyConstraint, ForeignKeyConstraint]:
    """Gateway and community of rows that come by the thousand. PostgreSQL would look for each of them, which takes as
    long as writing it: there the batch, whose row is written in the same transaction, looks once for all, and what
    comes alone was looked up when its signature was."""
    return (
        ForeignKeyConstraint(["gateway"], ["gateways.id"]).ddl_if(dialect="sqlite"),
        ForeignKeyConstraint(["community"], ["places.id"]).ddl_if(dialect="sqlite"),
    )
