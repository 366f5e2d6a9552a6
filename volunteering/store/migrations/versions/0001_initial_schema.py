"""The first schema of this part: `part_schema` creates it, and the next revision begins with it."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    raise NotImplementedError("no schema precedes the first one")
