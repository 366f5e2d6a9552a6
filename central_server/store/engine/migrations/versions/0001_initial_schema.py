"""Creates every table, index and trigger of release 0.1.0, and the place that contains all others.

Names of constraints and indexes come from the naming convention of `store/engine/tables/metadata.py`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_APPEND_ONLY = (
    "audit_lines",
    "cosignatures",
    "disclosures",
    "heads",
    "ledger_lines",
    "locked_months",
    "notifications",
    "project_terms",
    "published_lines",
    "state_changes",
    "vouchers",
)
_DECIDED = ("state", "decided_by", "decided_at", "note")
_CHANGEABLE = {
    "attempts": (
        *("state", "evidence", "flawed", "paid_at", "refundable_from", "queries", "next_query_at"),
        *("statement", "statement_line"),
    ),
    "differences": ("community", "attempt", "settled_at", "settled_by", "reason"),
    "disbursements": _DECIDED,
    "intents": ("state", "slip", "door", "code"),
    "receipts": ("state", "number", "changed_at", "changed_by"),
    "refunds": (*_DECIDED, "source", "source_minor", "sent_at", "evidence", "queries", "next_query_at"),
    "statement_rows": ("attempt", "refund", "result"),
}
"""By table of which no row is deleted: the columns that may change."""


def upgrade() -> None:
    op.create_table(
        "catalogue_seeds",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "installation",
        sa.Column("environment", sa.String(8), primary_key=True),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "login_peers",
        sa.Column("peer", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "parcels",
        sa.Column("gateway", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("batch", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pictures",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("content_type", sa.String(16), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "places",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("parent", sa.String(64), sa.ForeignKey("places.id")),
        sa.Column("names", sa.Text, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "salt_offers",
        sa.Column("day", sa.BigInteger, primary_key=True),
        sa.Column("process", sa.String(32), primary_key=True),
        sa.Column("public", sa.String(64), nullable=False),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("sealed", sa.String(200)),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "shake_answers",
        sa.Column("key_hash", sa.String(64), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.Index(None, "given_at"),
    )
    op.create_table(
        "turned_away",
        sa.Column("what", sa.String(24), primary_key=True),
        sa.Column("gateway", sa.String(16), primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webhook_marks",
        sa.Column("source", sa.String(32), primary_key=True),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "wrong_codes",
        sa.Column("hour", sa.BigInteger, primary_key=True),
        sa.Column("times", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "accounts",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.BigInteger),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("home", sa.String(64), sa.ForeignKey("places.id")),
        sa.Column("one_time_until", sa.BigInteger),
        sa.Column("disabled_at", sa.BigInteger),
        sa.Column("factor_secret", sa.String(200)),
        sa.Column("factor_since", sa.BigInteger),
        sa.Column("factor_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "alert_channels",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("money", sa.Boolean(name="money"), nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("added_by", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("next_try_at", sa.BigInteger),
        sa.Column("last_error", sa.String(200), nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Index(None, "place"),
    )
    op.create_table(
        "alerts",
        sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(160), nullable=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("link", sa.String(400), nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger),
        sa.Column("amount_minor", sa.BigInteger),
        sa.Column("currency", sa.String(3)),
        sa.Column("beacon", sa.String(48), nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("acknowledged_at", sa.BigInteger),
        sa.Column("acknowledged_by", sa.String(64)),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("names", sa.Text),
        sa.Index(None, "community", "ended_at"),
        sa.Index(None, "ended_at"),
    )
    op.create_table(
        "audit_lines",
        sa.Column("seq", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Index(None, "account", "seq"),
        sa.Index(None, "action", "seq"),
        sa.Index(None, "at"),
        sa.Index(None, "place", "seq"),
    )
    op.create_table(
        "bindings",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("target", sa.String(8), nullable=False),
        sa.Column("uuid", sa.String(36)),
        sa.Column("major", sa.Integer),
        sa.Column("minor", sa.Integer),
        sa.Column("in_group", sa.String(32), nullable=False),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("hours", sa.String(200), nullable=False),
        sa.Column("weekdays", sa.String(7), nullable=False),
        sa.Column("since", sa.Date),
        sa.Column("until", sa.Date),
        sa.Column("zone", sa.String(10), nullable=False),
        sa.Column("while_needed", sa.Boolean(name="while_needed"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("edited_at", sa.BigInteger, nullable=False),
        sa.Column("edited_by", sa.String(64), nullable=False),
        sa.Index(None, "place"),
    )
    op.create_table(
        "catalogue_edits",
        sa.Column("seq", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Index(None, "place", "seq"),
    )
    op.create_table(
        "catalogue_troubles",
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "catalogues",
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("issued_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "contacts",
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("phone", sa.String(30), nullable=False),
        sa.Column("holder", sa.Text),
        sa.Column("hours", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "disclosures",
        sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("done_on", sa.Date, nullable=False),
        sa.Column("done_by", sa.String(64), nullable=False),
        sa.Column("noted_at", sa.BigInteger, nullable=False),
        sa.Column("where", sa.String(300), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("corrects", _COUNTED, sa.ForeignKey("disclosures.id")),
        sa.Index(None, "place", "project", "due"),
    )
    op.create_table(
        "gateways",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("site", sa.String(64), sa.ForeignKey("places.id")),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("retired_at", sa.BigInteger),
    )
    op.create_table(
        "heads",
        sa.Column("seq", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("environment", sa.String(8), nullable=False),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("up_to", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("signature", sa.String(88), nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("given_minor", sa.BigInteger, nullable=False),
        sa.Column("helped", sa.BigInteger, nullable=False),
        sa.Column("published_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("community", "environment", "project", "step"),
        sa.Index(None, "project", "environment"),
    )
    op.create_table(
        "identity_requests",
        sa.Column("uuid", sa.String(36), primary_key=True),
        sa.Column("major", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("minor", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("requester", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Index(None, "at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "locked_months",
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("environment", sa.String(8), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("locked_by", sa.String(64), nullable=False),
        sa.Column("locked_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "organisations",
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("certificate", sa.String(120), nullable=False),
        sa.Column("certificate_until", sa.Date),
        sa.Column("platform_url", sa.String(300), nullable=False),
        sa.Column("own_site", sa.Boolean(name="own_site"), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("edited_at", sa.BigInteger, nullable=False),
        sa.Column("edited_by", sa.String(64), nullable=False),
    )
    op.create_table(
        "place_ancestors",
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("ancestor", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Index(None, "ancestor"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "presence_passes",
        sa.Column("pass_hash", sa.String(64), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("major", sa.Integer, nullable=False),
        sa.Column("minor", sa.Integer, nullable=False),
        sa.Column("distance_cm", sa.Integer),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("door", sa.String(8), nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Index(None, "ends_at"),
    )
    op.create_table(
        "projects",
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("story", sa.Text, nullable=False),
        sa.Column("payee", sa.Text, nullable=False),
        sa.Column("amounts_fen", sa.String(100), nullable=False),
        sa.Column("min_fen", sa.BigInteger, nullable=False),
        sa.Column("max_fen", sa.BigInteger, nullable=False),
        sa.Column("goal_fen", sa.BigInteger),
        sa.Column("pays_for", sa.Text, nullable=False),
        sa.Column("organisation", sa.String(16), nullable=False),
        sa.Column("filing", sa.String(120), nullable=False),
        sa.Column("area", sa.String(120), nullable=False),
        sa.Column("opens", sa.Date),
        sa.Column("closes", sa.Date),
        sa.Column("picture", sa.String(64), sa.ForeignKey("pictures.sha256")),
        sa.Column("withdrawn", sa.Boolean(name="withdrawn"), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("edited_at", sa.BigInteger, nullable=False),
        sa.Column("edited_by", sa.String(64), nullable=False),
    )
    op.create_table(
        "shake_counts",
        sa.Column("hour", sa.BigInteger, primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("beacon", sa.String(48), primary_key=True),
        sa.Column("project", sa.String(16), primary_key=True),
        sa.Column("door", sa.String(8), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("times", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "statements",
        sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("bank", sa.String(32), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("environment", sa.String(8), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("fetched_at", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.String(64), nullable=False),
        sa.UniqueConstraint("bank", "environment", "day", "fingerprint"),
    )
    op.create_table(
        "visitor_registers",
        sa.Column("hour", sa.BigInteger, primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("beacon", sa.String(48), primary_key=True),
        sa.Column("project", sa.String(16), primary_key=True),
        sa.Column("door", sa.String(8), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("register", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rank", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "vouchers",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("content_type", sa.String(32), nullable=False),
        sa.Column("size_bytes", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("added_by", sa.String(64), nullable=False),
    )
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("url", sa.String(500), nullable=False),
        sa.Column("events", sa.String(300), nullable=False),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("failing_since", sa.BigInteger),
        sa.Column("stopped_at", sa.BigInteger),
        sa.Column("stopped_by", sa.String(16), nullable=False),
        sa.Index(None, "place"),
    )
    op.create_table(
        "alert_deliveries",
        sa.Column("alert", _COUNTED, sa.ForeignKey("alerts.id"), primary_key=True, autoincrement=False),
        sa.Column("channel", sa.String(32), sa.ForeignKey("alert_channels.id"), primary_key=True),
        sa.Column("ended", sa.Boolean(name="ended"), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "arrivals",
        sa.Column("seq", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("parcel", sa.String(32), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("community", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("content", sa.Text),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("times", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"]).ddl_if(dialect="sqlite"),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"]).ddl_if(dialect="sqlite"),
        sa.UniqueConstraint("gateway", "parcel", "result", "fingerprint"),
        sa.Index(None, "community", "last_at", "seq"),
        sa.Index(None, "gateway", "last_at", "seq"),
        _partial_index("ix_arrivals_rare_kinds", "kind <> 'statistics'", "kind", "last_at", "seq"),
        sa.Index(None, "last_at", "seq"),
        _partial_index("ix_arrivals_rare_results", "result <> 'duplicate'", "result", "last_at", "seq"),
    )
    op.create_table(
        "batches",
        sa.Column("seq", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), nullable=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("epoch", sa.String(16), nullable=False),
        sa.Column("lowest", sa.BigInteger, nullable=False),
        sa.Column("highest", sa.BigInteger, nullable=False),
        sa.Column("numbers", sa.Text, nullable=False),
        sa.Column("intents", sa.Integer, nullable=False),
        sa.Column("statistics", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Index(None, "community", "received_at", "seq"),
        sa.Index(None, "gateway", "epoch", "highest", "lowest"),
        sa.Index(None, "gateway", "received_at", "seq"),
        sa.Index(None, "received_at", "seq"),
        _partial_index("ix_batches_intents", "intents > 0", "received_at", "seq"),
    )
    op.create_table(
        "beacon_activity",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("uuid", sa.String(36), primary_key=True),
        sa.Column("major", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("minor", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("first_at", sa.BigInteger),
        sa.Column("last_at", sa.BigInteger),
        sa.Column("reported_at", sa.BigInteger, nullable=False),
        sa.Column("advertised", sa.Boolean(name="advertised"), nullable=False),
        sa.Index(None, "uuid", "major", "minor"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "beacon_figures",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("span", sa.String(4), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("beacon", sa.String(48), primary_key=True),
        sa.Column("frames", sa.BigInteger, nullable=False),
        sa.Column("frames_without_rssi", sa.BigInteger, nullable=False),
        sa.Column("frames_suspect", sa.BigInteger, nullable=False),
        sa.Column("expected_frames", sa.BigInteger, nullable=False),
        sa.Column("heard_of_expected", sa.BigInteger, nullable=False),
        sa.Column("longest_gap_ms", sa.BigInteger, nullable=False),
        sa.Column("rssi_sum", sa.BigInteger, nullable=False),
        sa.Column("advertised_ms", sa.BigInteger, nullable=False),
        sa.Column("reports", sa.BigInteger, nullable=False),
        sa.Column("rssi_min", sa.Integer),
        sa.Column("rssi_max", sa.Integer),
        sa.Column("gap_0", sa.BigInteger, nullable=False),
        sa.Column("gap_1", sa.BigInteger, nullable=False),
        sa.Column("gap_2", sa.BigInteger, nullable=False),
        sa.Column("gap_3", sa.BigInteger, nullable=False),
        sa.Column("gap_4", sa.BigInteger, nullable=False),
        sa.Column("gap_5", sa.BigInteger, nullable=False),
        sa.Column("gap_6", sa.BigInteger, nullable=False),
        sa.Column("gap_7", sa.BigInteger, nullable=False),
        sa.Column("gap_8", sa.BigInteger, nullable=False),
        sa.Column("rssi_0", sa.BigInteger, nullable=False),
        sa.Column("rssi_1", sa.BigInteger, nullable=False),
        sa.Column("rssi_2", sa.BigInteger, nullable=False),
        sa.Column("rssi_3", sa.BigInteger, nullable=False),
        sa.Column("rssi_4", sa.BigInteger, nullable=False),
        sa.Column("rssi_5", sa.BigInteger, nullable=False),
        sa.Column("rssi_6", sa.BigInteger, nullable=False),
        sa.Column("rssi_7", sa.BigInteger, nullable=False),
        sa.Column("rssi_8", sa.BigInteger, nullable=False),
        sa.Column("rssi_9", sa.BigInteger, nullable=False),
        sa.Column("rssi_10", sa.BigInteger, nullable=False),
        sa.Column("rssi_11", sa.BigInteger, nullable=False),
        sa.Column("rssi_12", sa.BigInteger, nullable=False),
        sa.Column("rssi_13", sa.BigInteger, nullable=False),
        sa.Column("rssi_14", sa.BigInteger, nullable=False),
        sa.Column("rssi_15", sa.BigInteger, nullable=False),
        sa.Index(None, "community", "span", "start"),
        sa.Index(None, "span", "start"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "beacons",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("major", sa.Integer, nullable=False),
        sa.Column("minor", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("measured_power", sa.Integer, nullable=False),
        sa.Column("tag_class", sa.String(32), nullable=False),
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id")),
        sa.Column("groups", sa.String(400), nullable=False),
        sa.Column("comment", sa.String(300), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("edited_at", sa.BigInteger, nullable=False),
        sa.Column("edited_by", sa.String(64), nullable=False),
        sa.UniqueConstraint("place", "uuid", "major", "minor"),
        sa.Index(None, "uuid", "major", "minor"),
    )
    op.create_table(
        "boots",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("boot", sa.String(32), primary_key=True),
        sa.Column("monotonic_ns", sa.BigInteger, nullable=False),
        sa.Column("wall", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cosignatures",
        sa.Column("head", _COUNTED, sa.ForeignKey("heads.seq"), primary_key=True, autoincrement=False),
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("signature", sa.String(88), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "disbursements",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("environment", sa.String(8), nullable=False),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("purpose", sa.String(300), nullable=False),
        sa.Column("payee", sa.String(200), nullable=False),
        sa.Column("voucher", sa.String(64), sa.ForeignKey("vouchers.sha256")),
        sa.Column("spent_on", sa.Date, nullable=False),
        sa.Column("people", sa.Integer),
        sa.Column("to_project", sa.String(16), nullable=False),
        sa.Column("corrects", sa.String(32), sa.ForeignKey("disbursements.id")),
        sa.Column("covers", sa.Boolean(name="covers"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("requested_by", sa.String(64), nullable=False),
        sa.Column("requested_at", sa.BigInteger, nullable=False),
        sa.Column("decided_by", sa.String(64)),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Index(None, "community", "state"),
    )
    op.create_table(
        "enrolment_codes",
        sa.Column("code_hash", sa.String(64), primary_key=True),
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), nullable=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("made_by", sa.String(64), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("used_public", sa.String(43)),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Index(None, "gateway", "made_at"),
    )
    op.create_table(
        "gateway_figures",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("span", sa.String(4), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("stretches", sa.BigInteger, nullable=False),
        sa.Column("listened_ms", sa.BigInteger, nullable=False),
        sa.Column("sure_ms", sa.BigInteger, nullable=False),
        sa.Column("foreign_frames", sa.BigInteger, nullable=False),
        sa.Index(None, "community", "span", "start"),
        sa.Index(None, "span", "start"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gateway_keys",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("key", sa.String(16), primary_key=True),
        sa.Column("public", sa.String(43), nullable=False),
        sa.Column("added_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("replaces", sa.String(16)),
        sa.Column("first_used_at", sa.BigInteger),
        sa.Column("revoked_why", sa.String(16), nullable=False),
        sa.Index(None, "public"),
    )
    op.create_table(
        "gateway_reports",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("every_s", sa.Integer, nullable=False),
        sa.Column("hearing", sa.String(16), nullable=False),
        sa.Column("hearing_since", sa.BigInteger, nullable=False),
        sa.Column("radio", sa.String(32), nullable=False),
        sa.Column("advert", sa.String(32), nullable=False),
        sa.Column("off_air_since", sa.BigInteger),
        sa.Column("version", sa.String(32), nullable=False),
        sa.Column("waiting", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
        sa.Column("damaged", sa.BigInteger, nullable=False),
        sa.Column("catalogue_version", sa.BigInteger, nullable=False),
        sa.Column("clock_trusted", sa.Boolean, nullable=False),
        sa.Column("clock_off_s", sa.BigInteger, nullable=False),
        sa.Column("uptime_s", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.String(16), nullable=False),
        sa.Column("boot", sa.String(32), nullable=False),
        sa.Column("monotonic_ns", sa.BigInteger, nullable=False),
        sa.Index(None, "received_at"),
    )
    op.create_table(
        "reported_boots",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("boot", sa.String(32), primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "grants",
        sa.Column("account", sa.String(64), sa.ForeignKey("accounts.name"), primary_key=True),
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("granted_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "head_refusals",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("project", sa.String(16), primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("contradiction", sa.String(16), nullable=False),
        sa.Column("refused_at", sa.BigInteger, nullable=False),
        sa.Column("reported_at", sa.BigInteger, nullable=False),
        sa.Index(None, "community"),
    )
    op.create_table(
        "import_drafts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("account", sa.String(64), sa.ForeignKey("accounts.name"), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("place", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
        sa.Column("uploaded_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "intents",
        sa.Column("gateway", sa.String(16), primary_key=True),
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("community", sa.String(64), nullable=False),
        sa.Column("environment", sa.String(8), nullable=False),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("beacon", sa.String(48)),
        sa.Column("catalogue_version", sa.BigInteger, nullable=False),
        sa.Column("handoff", sa.String(16), nullable=False),
        sa.Column("door", sa.String(16)),
        sa.Column("first_seen_at", sa.BigInteger, nullable=False),
        sa.Column("first_seen_in", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("slip", sa.String(9), nullable=False),
        sa.Column("code", sa.String(9)),
        sa.ForeignKeyConstraint(["community"], ["places.id"]).ddl_if(dialect="sqlite"),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"]).ddl_if(dialect="sqlite"),
        _partial_index("ix_intents_code", "code IS NOT NULL", "code", unique=True),
        sa.Index(None, "community", "first_seen_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "moments",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("parcel", sa.String(32), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("sure", sa.Boolean(name="sure"), nullable=False),
        sa.Column("unsure_boot", sa.String(32)),
        sa.Index(None, "gateway", "at"),
        sa.Index(None, "gateway", "unsure_boot"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "personal_tokens",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("account", sa.String(64), sa.ForeignKey("accounts.name"), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("scopes", sa.String(200), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("last_used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.UniqueConstraint("token_hash"),
        sa.Index(None, "account"),
    )
    op.create_table(
        "screen_figures",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("span", sa.String(4), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("project", sa.String(16), primary_key=True),
        sa.Column("beacon", sa.String(48), primary_key=True),
        sa.Column("door", sa.String(8), primary_key=True),
        sa.Column("visits", sa.BigInteger, nullable=False),
        sa.Column("opened", sa.BigInteger, nullable=False),
        sa.Index(None, "community", "span", "start"),
        sa.Index(None, "span", "start"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sequences",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("epoch", sa.String(16), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("highest", sa.BigInteger, nullable=False),
        sa.Column("highest_before", sa.BigInteger, nullable=False),
        sa.Column("stored", sa.BigInteger, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger),
        sa.Column("forks", sa.BigInteger, nullable=False),
        sa.Column("forked_at", sa.BigInteger),
        sa.Column("forked_n", sa.BigInteger),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(64), primary_key=True),
        sa.Column("account", sa.String(64), sa.ForeignKey("accounts.name"), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger, nullable=False),
        sa.Column("factor_given", sa.Boolean, nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Index(None, "account"),
    )
    op.create_table(
        "stale_hours",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("mark", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "uncounted",
        sa.Column("seq", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), nullable=False),
        sa.Column("parcels", sa.Text, nullable=False),
    )
    op.create_table(
        "visit_figures",
        sa.Column("gateway", sa.String(16), sa.ForeignKey("gateways.id"), primary_key=True),
        sa.Column("span", sa.String(4), primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("tag_class", sa.String(32), primary_key=True),
        sa.Column("arrivals", sa.BigInteger, nullable=False),
        sa.Column("dwell_0", sa.BigInteger, nullable=False),
        sa.Column("dwell_1", sa.BigInteger, nullable=False),
        sa.Column("dwell_2", sa.BigInteger, nullable=False),
        sa.Column("dwell_3", sa.BigInteger, nullable=False),
        sa.Column("dwell_4", sa.BigInteger, nullable=False),
        sa.Column("dwell_5", sa.BigInteger, nullable=False),
        sa.Column("dwell_6", sa.BigInteger, nullable=False),
        sa.Column("dwell_7", sa.BigInteger, nullable=False),
        sa.Index(None, "community", "span", "start"),
        sa.Index(None, "span", "start"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("webhook", sa.String(32), sa.ForeignKey("webhooks.id"), nullable=False),
        sa.Column("event", sa.String(32), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("next_try_at", sa.BigInteger),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("delivered_at", sa.BigInteger),
        sa.Column("last_at", sa.BigInteger),
        sa.Column("last_status", sa.Integer),
        sa.Column("last_ms", sa.Integer),
        sa.Column("last_trouble", sa.String(200), nullable=False),
        sa.UniqueConstraint("webhook", "source", "seq"),
        sa.Index(None, "next_try_at"),
        sa.Index(None, "webhook", "made_at"),
    )
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("intent", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("environment", sa.String(8), nullable=False),
        sa.Column("bank", sa.String(32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("return_nonce", sa.String(43), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("queries", sa.Integer, nullable=False),
        sa.Column("next_query_at", sa.BigInteger),
        sa.Column("evidence", sa.String(64), nullable=False),
        sa.Column("flawed", sa.Boolean(name="flawed"), nullable=False),
        sa.Column("paid_at", sa.BigInteger),
        sa.Column("refundable_from", sa.BigInteger),
        sa.Column("statement", sa.BigInteger),
        sa.Column("statement_line", sa.Integer),
        sa.ForeignKeyConstraint(["gateway", "intent"], ["intents.gateway", "intents.id"]),
        sa.UniqueConstraint("gateway", "intent", "number"),
        sa.UniqueConstraint("return_nonce"),
        sa.Index(None, "community", "paid_at"),
        sa.Index(None, "next_query_at"),
    )
    op.create_table(
        "state_changes",
        sa.Column("seq", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("intent", sa.String(32), nullable=False),
        sa.Column("attempt", sa.String(32)),
        sa.Column("before", sa.String(16), nullable=False),
        sa.Column("after", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("evidence", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(["gateway", "intent"], ["intents.gateway", "intents.id"]),
        sa.Index(None, "community", "seq"),
        sa.Index(None, "gateway", "intent", "seq"),
    )
    op.create_table(
        "project_terms",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_table(
        "ledger_lines",
        sa.Column("seq", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("identity", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("environment", sa.String(8), nullable=False),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("n", sa.BigInteger, nullable=False),
        sa.Column("gateway", sa.String(16)),
        sa.Column("intent", sa.String(32)),
        sa.Column("attempt", sa.String(32), sa.ForeignKey("attempts.id")),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("slip", sa.String(9)),
        sa.Column("secret", sa.String(32), nullable=False),
        sa.Column("refers", sa.String(80), nullable=False),
        sa.Column("purpose", sa.String(300), nullable=False),
        sa.Column("people", sa.Integer),
        sa.Column("late", sa.Boolean(name="late"), nullable=False),
        sa.Column("outside_permit", sa.Boolean(name="outside_permit"), nullable=False),
        sa.Column("flawed", sa.Boolean(name="flawed"), nullable=False),
        sa.Column("evidence", sa.String(200), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("terms", sa.String(64), sa.ForeignKey("project_terms.digest")),
        sa.UniqueConstraint("community", "environment", "project", "n"),
        sa.UniqueConstraint("identity"),
        sa.UniqueConstraint("slip"),
        sa.Index(None, "attempt"),
        sa.Index(None, "community", "at"),
        sa.Index(None, "project", "environment"),
        sa.Index(None, "secret"),
    )
    op.create_table(
        "notifications",
        sa.Column("bank", sa.String(32), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("attempt", sa.String(32), sa.ForeignKey("attempts.id"), nullable=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "receipts",
        sa.Column("attempt", sa.String(32), sa.ForeignKey("attempts.id"), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("changed_by", sa.String(64), nullable=False),
        sa.Index(None, "community", "state"),
    )
    op.create_table(
        "refunds",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("attempt", sa.String(32), sa.ForeignKey("attempts.id"), nullable=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("environment", sa.String(8), nullable=False),
        sa.Column("project", sa.String(16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("requested_by", sa.String(64), nullable=False),
        sa.Column("requested_at", sa.BigInteger, nullable=False),
        sa.Column("decided_by", sa.String(64)),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("source_minor", sa.BigInteger, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("evidence", sa.String(200), nullable=False),
        sa.Column("queries", sa.Integer, nullable=False),
        sa.Column("next_query_at", sa.BigInteger),
        sa.Index(None, "attempt"),
        sa.Index(None, "community", "state"),
        sa.Index(None, "next_query_at"),
    )
    op.create_table(
        "purses",
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), primary_key=True),
        sa.Column("environment", sa.String(8), primary_key=True),
        sa.Column("project", sa.String(16), primary_key=True),
        sa.Column("lines", sa.BigInteger, nullable=False),
        sa.Column("balance_minor", sa.BigInteger, nullable=False),
        sa.Column("owed_minor", sa.BigInteger, nullable=False),
        sa.CheckConstraint("balance_minor >= 0", name="ck_purses_balance"),
        sa.CheckConstraint("owed_minor >= 0", name="ck_purses_owed"),
    )
    op.create_table(
        "published_lines",
        sa.Column("line", _COUNTED, sa.ForeignKey("ledger_lines.seq"), primary_key=True, autoincrement=False),
        sa.Column("head", _COUNTED, sa.ForeignKey("heads.seq"), nullable=False),
        sa.Index(None, "head"),
    )
    op.create_table(
        "quarantined",
        sa.Column("job", sa.String(16), primary_key=True),
        sa.Column("record", sa.String(80), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("gateway", sa.String(16), nullable=False),
        sa.Column("cause", sa.String(200), nullable=False),
        sa.Column("first_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Index(None, "job", "gateway"),
        sa.Index(None, "community", "last_at"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "receipt_donors",
        sa.Column("attempt", sa.String(32), sa.ForeignKey("receipts.attempt"), primary_key=True),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("key", sa.String(16), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("given_at", sa.BigInteger, nullable=False),
        sa.Column("delete_at", sa.BigInteger, nullable=False),
        sa.Index(None, "delete_at"),
    )
    op.create_table(
        "statement_rows",
        sa.Column("statement", _COUNTED, sa.ForeignKey("statements.id"), primary_key=True, autoincrement=False),
        sa.Column("line", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("movement", sa.String(16), nullable=False),
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("fee_minor", sa.BigInteger, nullable=False),
        sa.Column("evidence", sa.String(64), nullable=False),
        sa.Column("refers", sa.String(64), nullable=False),
        sa.Column("identity", sa.String(40), nullable=False),
        sa.Column("attempt", sa.String(32), sa.ForeignKey("attempts.id")),
        sa.Column("refund", sa.String(32), sa.ForeignKey("refunds.id")),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Index(None, "attempt"),
        sa.Index(None, "order_id"),
    )
    op.create_table(
        "differences",
        sa.Column("id", _COUNTED, primary_key=True, autoincrement=True),
        sa.Column("identity", sa.String(120), nullable=False),
        sa.Column("community", sa.String(64), sa.ForeignKey("places.id"), nullable=False),
        sa.Column("environment", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("bank", sa.String(32), nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("statement", _COUNTED),
        sa.Column("line", sa.Integer),
        sa.Column("attempt", sa.String(32), sa.ForeignKey("attempts.id")),
        sa.Column("refund", sa.String(32), sa.ForeignKey("refunds.id")),
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("ours_minor", sa.BigInteger),
        sa.Column("theirs_minor", sa.BigInteger),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("found_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.Column("settled_by", sa.String(64)),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.ForeignKeyConstraint(["statement", "line"], ["statement_rows.statement", "statement_rows.line"]),
        sa.UniqueConstraint("identity"),
        sa.Index(None, "community", "settled_at"),
    )
    _forbid_changes()
    _add_top_place()


def _partial_index(name: str, where: str, *columns: str, unique: bool = False) -> sa.Index:
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _forbid_changes() -> None:
    """Make the database refuse every UPDATE and DELETE of records of money, except in their changeable columns."""
    columns = {
        table: [each["name"] for each in sa.inspect(op.get_bind()).get_columns(table) if each["name"] not in changeable]
        for table, changeable in _CHANGEABLE.items()
    }
    updates = dict.fromkeys(_APPEND_ONLY, "UPDATE")
    updates |= {table: "UPDATE OF " + ", ".join(f'"{name}"' for name in fixed) for table, fixed in columns.items()}
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION only_added() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION '% is only added to', TG_TABLE_NAME; END $$"
        )
        for table, update in updates.items():
            op.execute(
                f"CREATE TRIGGER {table}_only_added BEFORE {update} OR DELETE ON {table}"
                " FOR EACH ROW EXECUTE FUNCTION only_added()"
            )
        return
    for table, update in updates.items():
        for change in (update, "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change.split()[0].lower()} BEFORE {change} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
            )


def _add_top_place() -> None:
    places = sa.table("places", *map(sa.column, ("id", "kind", "parent", "names", "added_at")))
    names = '{"zh-Hans": "全部", "zh-Hant": "全部", "en": "Everywhere"}'
    op.bulk_insert(places, [{"id": "all", "kind": "top", "parent": None, "names": names, "added_at": 0}])
    ancestors = sa.table("place_ancestors", sa.column("place"), sa.column("ancestor"))
    op.bulk_insert(ancestors, [{"place": "all", "ancestor": "all"}])


def downgrade() -> None:
    raise NotImplementedError("no schema precedes the first one")
