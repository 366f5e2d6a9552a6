"""What was accepted is kept a batch at a time; a parcel is one narrow row, and the sync log tells of the rest."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_COUNTED = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT_A_TIME = 500


def upgrade() -> None:
    batches = _make_batches()
    op.rename_table("parcels", "parcels_before")
    for name in ("gateway", "gateway_epoch_n"):
        op.execute(f"DROP INDEX IF EXISTS ix_parcels_{name}")
    parcels = op.create_table(
        "parcels",
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "id", name=_key_name()),
        sqlite_with_rowid=False,
    )
    seq = 0
    for rows in _as_they_came():
        seq += 1
        first = rows[0]
        op.bulk_insert(batches, [_batch(seq, rows)])
        op.bulk_insert(
            parcels,
            [
                {"gateway": first.gateway, "id": row.id, "batch": seq, "position": position}
                for position, row in enumerate(rows)
            ],
        )
    op.drop_table("parcels_before")
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE parcels RENAME CONSTRAINT pk_parcels_new TO pk_parcels")
        op.execute(f"SELECT setval('batches_seq_seq', {max(seq, 1)}, {'true' if seq else 'false'})")
    op.add_column("sequences", sa.Column("highest_before", sa.BigInteger(), nullable=False, server_default="0"))
    _say_nothing_twice()
    rare, coded = sa.text("result <> 'duplicate'"), sa.text("code IS NOT NULL")
    op.drop_index("ix_arrivals_rare_results", "arrivals")
    op.create_index(
        "ix_arrivals_rare_results",
        "arrivals",
        ["result", "last_at", "seq"],
        sqlite_where=rare,
        postgresql_where=rare,
    )
    op.drop_index("ix_intents_code", "intents")
    op.create_index("ix_intents_code", "intents", ["code"], unique=True, sqlite_where=coded, postgresql_where=coded)
    if op.get_context().dialect.name == "postgresql":
        for column in ("gateway", "community"):
            op.drop_constraint(op.f(f"fk_intents_{column}"), "intents", type_="foreignkey")


def _say_nothing_twice() -> None:
    """What the batches and the intents' own rows tell."""
    op.execute("DELETE FROM arrivals WHERE result = 'accepted'")
    op.execute(
        "DELETE FROM state_changes WHERE attempt IS NULL AND (before = '' AND cause = 'parcel'"
        " OR before = 'registered' AND cause = 'link')"
    )


def _key_name() -> str:
    """In PostgreSQL the old table still has the name of the key."""
    return op.f("pk_parcels_new" if op.get_context().dialect.name == "postgresql" else "pk_parcels")


def _make_batches() -> sa.Table:
    made = op.create_table(
        "batches",
        sa.Column("seq", _COUNTED, autoincrement=True, nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.String(length=16), nullable=False),
        sa.Column("lowest", sa.BigInteger(), nullable=False),
        sa.Column("highest", sa.BigInteger(), nullable=False),
        sa.Column("numbers", sa.Text(), nullable=False),
        sa.Column("intents", sa.Integer(), nullable=False),
        sa.Column("statistics", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_batches_community")),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_batches_gateway")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_batches")),
    )
    for columns in (
        ["received_at", "seq"],
        ["community", "received_at", "seq"],
        ["gateway", "received_at", "seq"],
        ["gateway", "epoch", "highest", "lowest"],
    ):
        op.create_index(op.f(f"ix_batches_{'_'.join(columns)}"), "batches", columns)
    gifts = sa.text("intents > 0")
    op.create_index("ix_batches_intents", "batches", ["received_at", "seq"], sqlite_where=gifts, postgresql_where=gifts)
    assert made is not None
    return made


def _as_they_came() -> Iterator[list[Any]]:
    """Those that follow on each other and came at one moment, of one gateway and epoch. Few at a time are in memory."""
    together: list[Any] = []
    for row in _by_key():
        if together and (_request(together[0]) != _request(row) or len(together) == _AT_A_TIME):
            yield together
            together = []
        together.append(row)
    if together:
        yield together


def _by_key() -> Iterator[Any]:
    some = sa.text(
        "SELECT gateway, id, community, kind, epoch, n, content, received_at FROM parcels_before"
        " WHERE (gateway, id) > (:gateway, :id) ORDER BY gateway, id LIMIT :limit"
    )
    last = {"gateway": "", "id": ""}
    while rows := op.get_bind().execute(some, last | {"limit": _AT_A_TIME}).all():
        yield from rows
        last = {"gateway": rows[-1].gateway, "id": rows[-1].id}


def _request(row: Any) -> tuple[object, ...]:  # noqa: ANN401  (a row)
    return row.received_at, row.gateway, row.community, row.epoch


def _batch(seq: int, rows: list[Any]) -> dict[str, object]:
    numbers = sorted(row.n for row in rows)
    intents = sum(row.kind == "intent" for row in rows)
    content = '{"contract":1,"parcels":[' + ",".join(_body_first(row.content) for row in rows) + "]}"
    first = rows[0]
    return {
        "seq": seq,
        "gateway": first.gateway,
        "community": first.community,
        "epoch": first.epoch,
        "lowest": numbers[0],
        "highest": numbers[-1],
        "numbers": " ".join(map(str, numbers)),
        "intents": intents,
        "statistics": len(rows) - intents,
        "content": gzip.compress(content.encode(), 6, mtime=0),
        "received_at": first.received_at,
    }


def _body_first(content: str) -> str:
    """Canonical JSON: `body` is the first of a parcel's names, and there are no spaces."""
    return json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def downgrade() -> None:
    raise NotImplementedError("an older program does not know what newer ones wrote")
