"""What is counted, by hour and day; indexes for a long sync log."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_GAPS = [f"gap_{number}" for number in range(9)]
_RSSIS = [f"rssi_{number}" for number in range(16)]
_DWELLS = [f"dwell_{number}" for number in range(8)]


def upgrade() -> None:
    op.create_table(
        "uncounted",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("parcels", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_uncounted_gateway")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_uncounted")),
    )
    # What arrived before there were figures is counted too.
    op.execute("INSERT INTO uncounted (gateway, parcels) SELECT gateway, id FROM parcels ORDER BY gateway, id")
    _keyed(
        "moments",
        {"gateway": 16, "parcel": 32},
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("unsure_boot", sa.String(length=32), nullable=True),
        community=True,
    )
    op.create_index(op.f("ix_moments_gateway_at"), "moments", ["gateway", "at"])
    op.create_index(op.f("ix_moments_gateway_unsure_boot"), "moments", ["gateway", "unsure_boot"])
    _keyed("boots", {"gateway": 16, "boot": 32}, *_counts("monotonic_ns", "wall"))
    figures: dict[str, int | None] = {"gateway": 16, "span": 4, "start": None, "community": 64}
    _figures("gateway_figures", figures, *_counts("stretches", "listened_ms", "sure_ms", "foreign_frames"))
    _figures(
        "beacon_figures",
        figures | {"beacon": 48},
        *_counts("frames", "frames_without_rssi", "frames_suspect", "expected_frames", "heard_of_expected"),
        *_counts("longest_gap_ms", "rssi_sum", "advertised_ms", "reports"),
        sa.Column("rssi_min", sa.Integer(), nullable=True),
        sa.Column("rssi_max", sa.Integer(), nullable=True),
        *_counts(*_GAPS, *_RSSIS),
    )
    _figures("visit_figures", figures | {"tag_class": 32}, *_counts("arrivals", *_DWELLS))
    op.create_table(
        "visitor_registers",
        sa.Column("hour", sa.BigInteger(), nullable=False),
        *(
            sa.Column(name, sa.String(length=length), nullable=False)
            for name, length in (("community", 64), ("beacon", 48), ("project", 16), ("door", 8), ("kind", 8))
        ),
        sa.Column("register", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_visitor_registers_community")),
        sa.PrimaryKeyConstraint(
            "hour",
            "community",
            "beacon",
            "project",
            "door",
            "kind",
            "register",
            name=op.f("pk_visitor_registers"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "salt_offers",
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.String(length=32), nullable=False),
        sa.Column("public", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("day", "process", name=op.f("pk_salt_offers")),
        sqlite_with_rowid=False,
    )
    _index_the_log()


def _index_the_log() -> None:
    """Few lines are gifts, and few are not simply accepted: an index of those alone costs intake next to nothing."""
    op.create_index(op.f("ix_arrivals_gateway_last_at_seq"), "arrivals", ["gateway", "last_at", "seq"])
    for name, column, usual in (("rare_kinds", "kind", "statistics"), ("rare_results", "result", "accepted")):
        where = sa.text(f"{column} <> '{usual}'")
        op.create_index(
            f"ix_arrivals_{name}",
            "arrivals",
            [column, "last_at", "seq"],
            sqlite_where=where,
            postgresql_where=where,
        )
    op.create_index(op.f("ix_intents_community_first_seen_at"), "intents", ["community", "first_seen_at"])
    op.create_index(op.f("ix_state_changes_community_seq"), "state_changes", ["community", "seq"])
    op.create_index(op.f("ix_ledger_lines_community_at"), "ledger_lines", ["community", "at"])


def _figures(name: str, key: dict[str, int | None], *columns: sa.Column[Any]) -> None:
    _keyed(name, key, *columns, community=True)
    op.create_index(op.f(f"ix_{name}_community_span_start"), name, ["community", "span", "start"])
    op.create_index(op.f(f"ix_{name}_span_start"), name, ["span", "start"])


def _keyed(name: str, key: dict[str, int | None], *columns: sa.Column[Any], community: bool = False) -> None:
    """A table under `key` (lengths of texts; None for a point in time), whose first part is the gateway."""
    op.create_table(
        name,
        *(
            sa.Column(part, sa.BigInteger() if length is None else sa.String(length=length), nullable=False)
            for part, length in key.items()
        ),
        *columns,
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f(f"fk_{name}_gateway")),
        *(
            [sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f(f"fk_{name}_community"))]
            if community
            else []
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
        sqlite_with_rowid=False,
    )


def _counts(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]
