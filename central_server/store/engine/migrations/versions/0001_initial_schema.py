"""The schema of release 0.1.0: `schema_creation` creates it, and the next revision begins with it."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    raise NotImplementedError("no schema precedes the first one")
