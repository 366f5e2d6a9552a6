"""Since when a gateway's own beacon is not on the air; not known of what was reported before."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("gateway_reports", sa.Column("off_air_since", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
