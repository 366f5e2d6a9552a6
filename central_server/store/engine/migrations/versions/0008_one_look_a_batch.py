"""PostgreSQL looks up gateway and community once a batch, not for each of its rows."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":  # SQLite looks them up in its own pages, at next to no cost
        return
    for table in ("parcels", "arrivals"):
        for column in ("gateway", "community"):
            op.drop_constraint(op.f(f"fk_{table}_{column}"), table, type_="foreignkey")


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
