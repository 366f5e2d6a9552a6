"""Who is told when something waits for staff, and what was told."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "alert_channels",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("money", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.BigInteger()),
        sa.Column("trouble", sa.String(length=200), nullable=False),
        sa.Column("told_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_alert_channels_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_channels")),
    )
    op.create_index(op.f("ix_alert_channels_place"), "alert_channels", ["place"])
    op.create_table(
        "alerts",
        sa.Column("id", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("matter", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=120), nullable=False),
        sa.Column("link", sa.String(length=400), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("amount_minor", sa.BigInteger()),
        sa.Column("currency", sa.String(length=3)),
        sa.Column("beacon", sa.String(length=48), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("acknowledged_at", sa.BigInteger()),
        sa.Column("acknowledged_by", sa.String(length=64)),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_alerts_community")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index(op.f("ix_alerts_community_ended_at"), "alerts", ["community", "ended_at"])
    op.create_index(op.f("ix_alerts_ended_at"), "alerts", ["ended_at"])
    op.create_table(
        "alert_tellings",
        sa.Column("alert", _COUNTED, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name=op.f("fk_alert_tellings_alert")),
        sa.ForeignKeyConstraint(["channel"], ["alert_channels.id"], name=op.f("fk_alert_tellings_channel")),
        sa.PrimaryKeyConstraint("alert", "channel", "ended", name=op.f("pk_alert_tellings")),
    )


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
