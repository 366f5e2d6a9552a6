"""Codes with which a gateway enrols, and the lives of its keys."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Alembic adds no constraint to a table of SQLite; the statement is the same in both databases.
    op.execute("ALTER TABLE gateways ADD COLUMN site VARCHAR(64) CONSTRAINT fk_gateways_site REFERENCES places (id)")
    op.add_column("gateway_keys", sa.Column("origin", sa.String(length=16), nullable=False, server_default="operator"))
    op.add_column("gateway_keys", sa.Column("replaces", sa.String(length=16), nullable=True))
    op.add_column("gateway_keys", sa.Column("first_used_at", sa.BigInteger(), nullable=True))
    op.add_column("gateway_keys", sa.Column("revoked_why", sa.String(length=16), nullable=False, server_default=""))
    op.create_index(op.f("ix_gateway_keys_public"), "gateway_keys", ["public"])
    op.create_table(
        "enrolment_codes",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("used_public", sa.String(length=43), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_enrolment_codes_community")),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_enrolment_codes_gateway")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_enrolment_codes")),
    )
    op.create_index(op.f("ix_enrolment_codes_gateway_made_at"), "enrolment_codes", ["gateway", "made_at"])
    op.create_table(
        "wrong_codes",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_wrong_codes")),
    )
    op.create_table(
        "gateway_reports",
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("every_s", sa.Integer(), nullable=False),
        sa.Column("hearing", sa.String(length=16), nullable=False),
        sa.Column("hearing_since", sa.BigInteger(), nullable=False),
        sa.Column("radio", sa.String(length=32), nullable=False),
        sa.Column("advert", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("waiting", sa.BigInteger(), nullable=False),
        sa.Column("refused", sa.BigInteger(), nullable=False),
        sa.Column("damaged", sa.BigInteger(), nullable=False),
        sa.Column("catalogue_version", sa.BigInteger(), nullable=False),
        sa.Column("clock_trusted", sa.Boolean(name="clock_trusted"), nullable=False),
        sa.Column("clock_off_s", sa.BigInteger(), nullable=False),
        sa.Column("uptime_s", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_gateway_reports_community")),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_gateway_reports_gateway")),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_gateway_reports")),
    )
    op.create_index(op.f("ix_gateway_reports_received_at"), "gateway_reports", ["received_at"])
    op.add_column("sequences", sa.Column("last_at", sa.BigInteger(), nullable=True))
    op.add_column("sequences", sa.Column("forks", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sequences", sa.Column("forked_at", sa.BigInteger(), nullable=True))
    op.add_column("sequences", sa.Column("forked_n", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_parcels_gateway_epoch_n"), "parcels", ["gateway", "epoch", "n"])
