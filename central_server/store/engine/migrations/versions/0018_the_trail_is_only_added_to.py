"""The audit trail is added to and never changed, as the ledger is: the database itself says no."""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER audit_lines_only_added BEFORE UPDATE OR DELETE ON audit_lines"
            " FOR EACH ROW EXECUTE FUNCTION only_added()"
        )
        return
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_lines_no_{deed.lower()} BEFORE {deed} ON audit_lines"
            " BEGIN SELECT RAISE(ABORT, 'audit_lines is only added to'); END"
        )


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
