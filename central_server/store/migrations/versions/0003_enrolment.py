"""Codes with which a gateway enrols, and the lives of its keys."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
