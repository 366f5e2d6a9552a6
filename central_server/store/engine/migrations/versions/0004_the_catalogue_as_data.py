"""Organisations, projects, beacons and bindings as staff edit them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _offered()
    _beacons()
    _published()


def _offered() -> None:
    op.create_table(
        "organisations",
        _place(),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("certificate", sa.String(length=120), nullable=False),
        sa.Column("certificate_until", sa.Date(), nullable=True),
        sa.Column("platform_url", sa.String(length=300), nullable=False),
        *_edited(),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_organisations_place")),
        sa.PrimaryKeyConstraint("place", "id", name=op.f("pk_organisations")),
    )
    op.create_table(
        "pictures",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=16), nullable=False),
        sa.Column("octets", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_pictures")),
    )
    op.create_table(
        "projects",
        _place(),
        sa.Column("id", sa.String(length=16), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("story", sa.Text(), nullable=False),
        sa.Column("payee", sa.Text(), nullable=False),
        sa.Column("amounts_fen", sa.String(length=100), nullable=False),
        sa.Column("min_fen", sa.BigInteger(), nullable=False),
        sa.Column("max_fen", sa.BigInteger(), nullable=False),
        sa.Column("goal_fen", sa.BigInteger(), nullable=True),
        sa.Column("organisation", sa.String(length=16), nullable=False),
        sa.Column("filing", sa.String(length=120), nullable=False),
        sa.Column("area", sa.String(length=120), nullable=False),
        sa.Column("opens", sa.Date(), nullable=True),
        sa.Column("closes", sa.Date(), nullable=True),
        sa.Column("picture", sa.String(length=64), nullable=True),
        sa.Column("withdrawn", sa.Boolean(name="withdrawn"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *_edited(),
        sa.ForeignKeyConstraint(["picture"], ["pictures.sha256"], name=op.f("fk_projects_picture")),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_projects_place")),
        sa.PrimaryKeyConstraint("place", "id", name=op.f("pk_projects")),
    )


def _beacons() -> None:
    op.create_table(
        "beacons",
        sa.Column("id", sa.String(length=32), nullable=False),
        _place(),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("major", sa.Integer(), nullable=False),
        sa.Column("minor", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("label", sa.String(length=60), nullable=False),
        sa.Column("measured_power", sa.Integer(), nullable=False),
        sa.Column("tag_class", sa.String(length=32), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=True),
        sa.Column("groups", sa.String(length=400), nullable=False),
        sa.Column("comment", sa.String(length=300), nullable=False),
        *_edited(),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_beacons_gateway")),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_beacons_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beacons")),
        sa.UniqueConstraint("place", "uuid", "major", "minor", name=op.f("uq_beacons_place_uuid_major_minor")),
    )
    op.create_index(op.f("ix_beacons_uuid_major_minor"), "beacons", ["uuid", "major", "minor"])
    op.create_table(
        "bindings",
        sa.Column("id", sa.String(length=32), nullable=False),
        _place(),
        sa.Column("target", sa.String(length=8), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=True),
        sa.Column("major", sa.Integer(), nullable=True),
        sa.Column("minor", sa.Integer(), nullable=True),
        sa.Column("in_group", sa.String(length=32), nullable=False),
        sa.Column("project", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("hours", sa.String(length=200), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("zone", sa.String(length=10), nullable=False),
        sa.Column("while_needed", sa.Boolean(name="while_needed"), nullable=False),
        *_edited(),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_bindings_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bindings")),
    )
    op.create_index(op.f("ix_bindings_place"), "bindings", ["place"])
    op.create_table(
        "beacon_activity",
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("major", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("minor", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("community", sa.String(length=64), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("advertised", sa.Boolean(name="advertised"), nullable=False),
        sa.ForeignKeyConstraint(["community"], ["places.id"], name=op.f("fk_beacon_activity_community")),
        sa.ForeignKeyConstraint(["gateway"], ["gateways.id"], name=op.f("fk_beacon_activity_gateway")),
        sa.PrimaryKeyConstraint("gateway", "uuid", "major", "minor", name=op.f("pk_beacon_activity")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_beacon_activity_uuid_major_minor"), "beacon_activity", ["uuid", "major", "minor"])


def _published() -> None:
    op.create_table(
        "catalogue_edits",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        _place(),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_catalogue_edits_place")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_catalogue_edits")),
    )
    op.create_index(op.f("ix_catalogue_edits_place_seq"), "catalogue_edits", ["place", "seq"])
    # Those from before were for every gateway. Versions go on rising over all communities, so that a gateway that
    # moves to another one never meets an older number. (Alembic adds no constraint to a table of SQLite.)
    op.execute(
        "ALTER TABLE catalogues ADD COLUMN community VARCHAR(64)"
        " CONSTRAINT fk_catalogues_community REFERENCES places (id)"
    )
    op.create_index(op.f("ix_catalogues_community_version"), "catalogues", ["community", "version"])
    op.create_index(op.f("ix_ledger_lines_project_environment"), "ledger_lines", ["project", "environment"])
    op.create_table(
        "catalogue_seeds",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_catalogue_seeds")),
    )
    op.create_table(
        "import_drafts",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        _place(),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=op.f("fk_import_drafts_account")),
        sa.ForeignKeyConstraint(["place"], ["places.id"], name=op.f("fk_import_drafts_place")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_drafts")),
    )


def _place() -> sa.Column[str]:
    return sa.Column("place", sa.String(length=64), nullable=False)


def _edited() -> tuple[sa.Column[int], sa.Column[int], sa.Column[str]]:
    return (
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_by", sa.String(length=64), nullable=False),
    )
