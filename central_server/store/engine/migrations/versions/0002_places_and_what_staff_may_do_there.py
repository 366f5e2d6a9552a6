"""A tree of places in the place of a list of communities; roles at places; what staff did."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TOP = "all"


def upgrade() -> None:
    op.rename_table("communities", "places")
    op.add_column("places", sa.Column("kind", sa.String(length=16), nullable=False, server_default="community"))
    # Alembic adds no constraint to a table of SQLite; the statement is the same in both databases.
    op.execute("ALTER TABLE places ADD COLUMN parent VARCHAR(64) CONSTRAINT fk_places_parent REFERENCES places (id)")
    op.add_column("places", sa.Column("names", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "place_ancestors",
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("ancestor", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["ancestor"], ["places.id"], name=op.f("fk_place_ancestors_ancestor")),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_place_ancestors_place")),
        sa.PrimaryKeyConstraint("place", "ancestor", name=op.f("pk_place_ancestors")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_place_ancestors_ancestor"), "place_ancestors", ["ancestor"])
    _plant()
    op.create_table(
        "audit_lines",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_audit_lines_place")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit_lines")),
    )
    op.create_index(op.f("ix_audit_lines_place_seq"), "audit_lines", ["place", "seq"])
    _grant()


def _plant() -> None:
    """Everything that is there stands under the top."""
    connection = op.get_bind()
    communities = connection.execute(sa.text("SELECT id FROM places")).scalars().all()
    connection.execute(
        sa.text("INSERT INTO places (id, kind, names, added_at) VALUES (:id, 'top', :names, 0)"),
        {"id": _TOP, "names": _names("全部", "全部", "Everywhere")},
    )
    for place in communities:
        connection.execute(
            sa.text("UPDATE places SET parent = :top, names = :names WHERE id = :id"),
            {"top": _TOP, "names": _names(place, place, place), "id": place},
        )
    for place in (_TOP, *communities):
        for ancestor in {place, _TOP}:
            connection.execute(
                sa.text("INSERT INTO place_ancestors (place, ancestor) VALUES (:place, :ancestor)"),
                {"place": place, "ancestor": ancestor},
            )


def _grant() -> None:
    """Whoever could log in could do all that there was, in a community or everywhere: an admin there."""
    connection = op.get_bind()
    known = connection.execute(sa.text("SELECT name, community, added_at FROM accounts")).all()
    # SQLite makes the table anew to drop a foreign key, and may not while sessions point at it.
    connection.execute(sa.text("DELETE FROM sessions"))
    with op.batch_alter_table("accounts") as accounts:
        accounts.drop_constraint("fk_accounts_community", type_="foreignkey")
        accounts.drop_column("community")
    op.create_table(
        "grants",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("granted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_grants_account")),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_grants_place")),
        sa.PrimaryKeyConstraint("account", "place", name=op.f("pk_grants")),
        sqlite_with_rowid=False,
    )
    for account in known:
        connection.execute(
            sa.text(
                "INSERT INTO grants (account, place, role, granted_at) VALUES (:account, :place, 'admin', :granted_at)"
            ),
            {"account": account.name, "place": account.community or _TOP, "granted_at": account.added_at},
        )


def _names(hans: str, hant: str, english: str) -> str:
    return json.dumps({"zh-Hans": hans, "zh-Hant": hant, "en": english}, ensure_ascii=False)
