"""A second factor, one-time passwords, accounts with a home, and sessions that can be ended."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # As in 0002: Alembic adds no constraint to a table of SQLite; the statement is the same in both databases.
    op.execute("ALTER TABLE accounts ADD COLUMN home VARCHAR(64) CONSTRAINT fk_accounts_home REFERENCES places (id)")
    op.add_column("accounts", sa.Column("one_time_until", sa.BigInteger()))
    op.add_column("accounts", sa.Column("disabled_at", sa.BigInteger()))
    op.add_column("accounts", sa.Column("factor_secret", sa.String(length=200)))
    op.add_column("accounts", sa.Column("factor_since", sa.BigInteger()))
    op.add_column("accounts", sa.Column("factor_step", sa.BigInteger(), nullable=False, server_default="0"))
    # An account of one place is at home there, any other one at the top.
    op.execute(
        "UPDATE accounts SET home = coalesce((SELECT min(place) FROM grants WHERE grants.account = accounts.name"
        " HAVING count(*) = 1), 'all')"
    )
    op.execute("DELETE FROM sessions")  # everybody logs in anew
    op.add_column("sessions", sa.Column("used_at", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sessions", sa.Column("factor_given", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("sessions", sa.Column("agent", sa.String(length=200), nullable=False, server_default=""))
    op.create_index(op.f("ix_sessions_account"), "sessions", ["account"])
    op.create_table(
        "login_peers",
        sa.Column("peer", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("peer", name=op.f("pk_login_peers")),
    )
    op.create_index(op.f("ix_audit_lines_account_seq"), "audit_lines", ["account", "seq"])
    op.create_index(op.f("ix_audit_lines_action_seq"), "audit_lines", ["action", "seq"])
    op.create_index(op.f("ix_audit_lines_at"), "audit_lines", ["at"])
