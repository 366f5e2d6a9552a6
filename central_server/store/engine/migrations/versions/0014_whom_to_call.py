"""Whom residents may call, by place; where no place says it, the settings do as before."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contacts",
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("hours", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_contacts_place")),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_contacts")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
