"""After "paid": a ledger that counts its lines, refunds, the bank's files, spending, publication, receipts."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_KEPT = (
    "seq identity kind community environment project gateway intent attempt amount_minor currency slip late"
    " outside_permit evidence at"
)


def upgrade() -> None:
    op.add_column("gateways", sa.Column("kind", sa.String(length=8), nullable=False, server_default="device"))
    op.add_column("intents", sa.Column("code", sa.String(length=9)))
    op.create_index(op.f("ix_intents_code"), "intents", ["code"], unique=True)
    op.add_column("organisations", sa.Column("own_site", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("attempts", sa.Column("evidence", sa.String(length=64), nullable=False, server_default=""))
    op.add_column("attempts", sa.Column("flawed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("attempts", sa.Column("paid_at", sa.BigInteger()))
    op.add_column("attempts", sa.Column("held_until", sa.BigInteger()))
    op.add_column("attempts", sa.Column("statement", sa.BigInteger()))
    op.add_column("attempts", sa.Column("statement_line", sa.Integer()))
    op.create_index(op.f("ix_attempts_community_paid_at"), "attempts", ["community", "paid_at"])
    op.execute(
        "UPDATE attempts SET paid_at = (SELECT min(at) FROM ledger_lines WHERE ledger_lines.attempt = attempts.id)"
        " WHERE state = 'paid'"
    )
    _count_the_ledger()
    _what_becomes_of_money()
    _only_add()


def _count_the_ledger() -> None:
    """A line may now be of no gift; each has a number within its project, and what its proof opens with."""
    connection = op.get_bind()
    held = connection.execute(sa.text(f"SELECT {_KEPT.replace(' ', ', ')} FROM ledger_lines ORDER BY seq")).mappings()  # noqa: S608  (our own names)
    rows = [dict(row) for row in held]
    op.drop_table("ledger_lines")
    made = op.create_table(
        "ledger_lines",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("identity", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.String(length=8), nullable=False),
        sa.Column("project", sa.String(length=16), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=True),
        sa.Column("intent", sa.String(length=32), nullable=True),
        sa.Column("attempt", sa.String(length=32), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("slip", sa.String(length=9), nullable=True),
        sa.Column("secret", sa.String(length=32), nullable=False),
        sa.Column("refers", sa.String(length=80), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("outside_permit", sa.Boolean(), nullable=False),
        sa.Column("flawed", sa.Boolean(), nullable=False),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempts.id"], name=op.f("fk_ledger_lines_attempt")),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_ledger_lines_community")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_ledger_lines")),
        sa.UniqueConstraint(
            "community", "environment", "project", "n", name=op.f("uq_ledger_lines_community_environment_project_n")
        ),
        sa.UniqueConstraint("identity", name=op.f("uq_ledger_lines_identity")),
        sa.UniqueConstraint("slip", name=op.f("uq_ledger_lines_slip")),
    )
    op.create_index(op.f("ix_ledger_lines_attempt"), "ledger_lines", ["attempt"])
    op.create_index(op.f("ix_ledger_lines_secret"), "ledger_lines", ["secret"])
    op.create_index(op.f("ix_ledger_lines_community_at"), "ledger_lines", ["community", "at"])
    op.create_index(op.f("ix_ledger_lines_project_environment"), "ledger_lines", ["project", "environment"])
    numbers: dict[tuple[str, str, str], int] = {}
    for row in rows:
        purse = (row["community"], row["environment"], row["project"])
        row["n"] = numbers[purse] = numbers.get(purse, 0) + 1
        row |= {"secret": secrets.token_hex(16), "refers": "", "purpose": "", "people": None, "flawed": False}
        row |= {name: bool(row[name]) for name in ("late", "outside_permit")}
    if rows:
        op.bulk_insert(made, rows)
    if rows and connection.dialect.name == "postgresql":
        connection.execute(sa.text("SELECT setval('ledger_lines_seq_seq', (SELECT max(seq) FROM ledger_lines))"))


def _what_becomes_of_money() -> None:
    op.create_table(
        "disclosures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=16), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("done_by", sa.String(length=64), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("where", sa.String(length=300), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("corrects", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(["corrects"], ["disclosures.id"], name=op.f("fk_disclosures_corrects")),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_disclosures_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosures")),
    )
    op.create_index(op.f("ix_disclosures_place_project_due"), "disclosures", ["place", "project", "due"])
    op.create_table(
        "heads",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.String(length=8), nullable=False),
        sa.Column("project", sa.String(length=16), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("up_to", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("signature", sa.String(length=88), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("given_minor", sa.BigInteger(), nullable=False),
        sa.Column("helped", sa.BigInteger(), nullable=False),
        sa.Column("published_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_heads_community")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_heads")),
        sa.UniqueConstraint(
            "community", "environment", "project", "step", name=op.f("uq_heads_community_environment_project_step")
        ),
    )
    op.create_index(op.f("ix_heads_project_environment"), "heads", ["project", "environment"])
    op.create_table(
        "published_lines",
        sa.Column("line", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("head", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["head"], ["heads.seq"], name=op.f("fk_published_lines_head")),
        sa.ForeignKeyConstraint(["line"], ["ledger_lines.seq"], name=op.f("fk_published_lines_line")),
        sa.PrimaryKeyConstraint("line", name=op.f("pk_published_lines")),
    )
    op.create_index(op.f("ix_published_lines_head"), "published_lines", ["head"])
    op.create_table(
        "head_refusals",
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("project", sa.String(length=16), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("contradiction", sa.String(length=16), nullable=False),
        sa.Column("refused_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_head_refusals_community")),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_head_refusals_gateway")),
        sa.PrimaryKeyConstraint("gateway", "project", "step", "digest", name=op.f("pk_head_refusals")),
    )
    op.create_index(op.f("ix_head_refusals_community"), "head_refusals", ["community"])
    op.create_table(
        "locked_months",
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.String(length=8), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("locked_by", sa.String(length=64), nullable=False),
        sa.Column("locked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_locked_months_community")),
        sa.PrimaryKeyConstraint("community", "environment", "month", name=op.f("pk_locked_months")),
    )
    op.create_table(
        "statements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("bank", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_statements_community")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint(
            "bank", "environment", "day", "fingerprint", name=op.f("uq_statements_bank_environment_day_fingerprint")
        ),
    )
    op.create_table(
        "vouchers",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=32), nullable=False),
        sa.Column("octets", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_vouchers_community")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_vouchers")),
    )
    op.create_table(
        "cosignatures",
        sa.Column("head", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("signature", sa.String(length=88), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_cosignatures_gateway")),
        sa.ForeignKeyConstraint(["head"], ["heads.seq"], name=op.f("fk_cosignatures_head")),
        sa.PrimaryKeyConstraint("head", "gateway", name=op.f("pk_cosignatures")),
    )
    op.create_table(
        "disbursements",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.String(length=8), nullable=False),
        sa.Column("project", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("purpose", sa.String(length=300), nullable=False),
        sa.Column("payee", sa.String(length=200), nullable=False),
        sa.Column("voucher", sa.String(length=64), nullable=True),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("to_project", sa.String(length=16), nullable=False),
        sa.Column("corrects", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_disbursements_community")),
        sa.ForeignKeyConstraint(["corrects"], ["disbursements.id"], name=op.f("fk_disbursements_corrects")),
        sa.ForeignKeyConstraint(["voucher"], ["vouchers.sha256"], name=op.f("fk_disbursements_voucher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disbursements")),
    )
    op.create_index(op.f("ix_disbursements_community_state"), "disbursements", ["community", "state"])
    op.create_table(
        "receipts",
        sa.Column("attempt", sa.String(length=32), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempts.id"], name=op.f("fk_receipts_attempt")),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_receipts_community")),
        sa.PrimaryKeyConstraint("attempt", name=op.f("pk_receipts")),
    )
    op.create_index(op.f("ix_receipts_community_state"), "receipts", ["community", "state"])
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("attempt", sa.String(length=32), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.String(length=8), nullable=False),
        sa.Column("project", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("queries", sa.Integer(), nullable=False),
        sa.Column("next_query_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["attempt"], ["attempts.id"], name=op.f("fk_refunds_attempt")),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_refunds_community")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
    )
    op.create_index(op.f("ix_refunds_attempt"), "refunds", ["attempt"])
    op.create_index(op.f("ix_refunds_community_state"), "refunds", ["community", "state"])
    op.create_index(op.f("ix_refunds_next_query_at"), "refunds", ["next_query_at"])
    op.create_table(
        "receipt_donors",
        sa.Column("attempt", sa.String(length=32), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("delete_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["receipts.attempt"], name=op.f("fk_receipt_donors_attempt")),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_receipt_donors_community")),
        sa.PrimaryKeyConstraint("attempt", name=op.f("pk_receipt_donors")),
    )
    op.create_index(op.f("ix_receipt_donors_delete_at"), "receipt_donors", ["delete_at"])
    op.create_table(
        "statement_rows",
        sa.Column(
            "statement", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("movement", sa.String(length=16), nullable=False),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(length=64), nullable=False),
        sa.Column("refers", sa.String(length=64), nullable=False),
        sa.Column("identity", sa.String(length=40), nullable=False),
        sa.Column("attempt", sa.String(length=32), nullable=True),
        sa.Column("refund", sa.String(length=32), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempts.id"], name=op.f("fk_statement_rows_attempt")),
        sa.ForeignKeyConstraint(["refund"], ["refunds.id"], name=op.f("fk_statement_rows_refund")),
        sa.ForeignKeyConstraint(["statement"], ["statements.id"], name=op.f("fk_statement_rows_statement")),
        sa.PrimaryKeyConstraint("statement", "line", name=op.f("pk_statement_rows")),
    )
    op.create_index(op.f("ix_statement_rows_attempt"), "statement_rows", ["attempt"])
    op.create_index(op.f("ix_statement_rows_order_id"), "statement_rows", ["order_id"])
    op.create_table(
        "differences",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("identity", sa.String(length=120), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("environment", sa.String(length=8), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("bank", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("statement", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("attempt", sa.String(length=32), nullable=True),
        sa.Column("refund", sa.String(length=32), nullable=True),
        sa.Column("order_id", sa.String(length=64), nullable=False),
        sa.Column("ours_minor", sa.BigInteger(), nullable=True),
        sa.Column("theirs_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_by", sa.String(length=64), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(["attempt"], ["attempts.id"], name=op.f("fk_differences_attempt")),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_differences_community")),
        sa.ForeignKeyConstraint(["refund"], ["refunds.id"], name=op.f("fk_differences_refund")),
        sa.ForeignKeyConstraint(
            ["statement", "line"],
            ["statement_rows.statement", "statement_rows.line"],
            name=op.f("fk_differences_statement_line"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_differences")),
        sa.UniqueConstraint("identity", name=op.f("uq_differences_identity")),
    )
    op.create_index(op.f("ix_differences_community_settled_at"), "differences", ["community", "settled_at"])


def _only_add() -> None:
    """Lines of the ledger, and which step told of them, are added and never changed: the database itself says no."""
    on_postgresql = op.get_bind().dialect.name == "postgresql"
    if on_postgresql:
        op.execute(
            "CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END $$"
        )
    for table in ("ledger_lines", "heads", "published_lines"):
        if on_postgresql:
            op.execute(
                f"CREATE TRIGGER {table}_only_added BEFORE UPDATE OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION only_added()"
            )
            continue
        for deed in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
