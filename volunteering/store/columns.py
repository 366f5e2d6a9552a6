"""The metadata of this part's tables, and the columns that most of them have.

A module with further tables imports this one, and `volunteering.store.tables` imports that module.
"""

from sqlalchemy import Column, MetaData, String

from central_server.store.engine.tables.metadata import metadata as central

metadata = MetaData(naming_convention=central.naming_convention)


def id_column() -> Column[str]:
    return Column("id", String(32), primary_key=True)


def community_column() -> Column[str]:
    return Column("community", String(64), nullable=False)
