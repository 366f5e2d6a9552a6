"""Who was turned away in a gateway's name is kept for staff; gateways retire; what an alert names has three names."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "turned_away",
        sa.Column("what", sa.String(length=24), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("what", "gateway", name=op.f("pk_turned_away")),
        sqlite_with_rowid=False,
    )
    op.add_column("gateways", sa.Column("retired_at", sa.BigInteger(), nullable=True))
    op.add_column("alerts", sa.Column("names", sa.Text(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
