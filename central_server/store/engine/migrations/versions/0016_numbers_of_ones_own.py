"""Catalogues are numbered by community; why one cannot be published, and who wanted another's beacon, are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Those from before communities had their own were for everybody: they belong to the top.
    op.execute("UPDATE catalogues SET community = 'all' WHERE community IS NULL")
    if op.get_context().dialect.name == "postgresql":
        op.alter_column("catalogues", "community", nullable=False)
        op.drop_index("ix_catalogues_community_version", "catalogues")
        op.drop_constraint("pk_catalogues", "catalogues", type_="primary")
        op.create_primary_key("pk_catalogues", "catalogues", ["community", "version"])
    else:
        _made_anew()
    op.create_table(
        "catalogue_troubles",
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=16), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_catalogue_troubles_community")),
        sa.PrimaryKeyConstraint("community", name=op.f("pk_catalogue_troubles")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "identity_wishes",
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("major", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minor", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("wisher", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["wisher"], ["places.id"], name=op.f("fk_identity_wishes_wisher")),
        sa.PrimaryKeyConstraint("uuid", "major", "minor", "wisher", name=op.f("pk_identity_wishes")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_identity_wishes_at"), "identity_wishes", ["at"])


def _made_anew() -> None:
    """SQLite changes no key."""
    op.rename_table("catalogues", "catalogues_before")
    op.drop_index("ix_catalogues_community_version", "catalogues_before")
    op.create_table(
        "catalogues",
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_catalogues_community")),
        sa.PrimaryKeyConstraint("community", "version", name=op.f("pk_catalogues")),
    )
    op.execute(
        "INSERT INTO catalogues (community, version, digest, content, issued_at)"
        " SELECT community, version, digest, content, issued_at FROM catalogues_before"
    )
    op.drop_table("catalogues_before")


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
