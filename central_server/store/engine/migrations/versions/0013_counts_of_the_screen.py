"""How the screens of the gateways are used, by hour and day."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_KEY = {"gateway": 16, "span": 4, "start": None, "community": 64, "project": 16, "beacon": 48, "door": 8}


def upgrade() -> None:
    """No parcel of before says anything of it: there is nothing to count anew."""
    name = "screen_figures"
    key = (
        sa.Column(column, sa.BigInteger() if length is None else sa.String(length=length), nullable=False)
        for column, length in _KEY.items()
    )
    op.create_table(
        name,
        *key,
        sa.Column("visits", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f(f"fk_{name}_gateway")),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f(f"fk_{name}_community")),
        sa.PrimaryKeyConstraint(*_KEY, name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f(f"ix_{name}_community_span_start"), name, ["community", "span", "start"])
    op.create_index(op.f(f"ix_{name}_span_start"), name, ["span", "start"])


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
