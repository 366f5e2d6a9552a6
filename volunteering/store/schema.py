"""Name the schema of this part and its revisions."""

from pathlib import Path

from central_server.store.engine.part_schema import PartSchema
from volunteering.store.tables import metadata

SCHEMA = PartSchema(
    prefix="vol_",
    metadata=metadata,
    revisions=("0001",),
    migrations=Path(__file__).parent / "migrations",
    append_only=(
        "vol_address_looks",
        "vol_claim_decisions",
        "vol_service_records",
        "vol_state_changes",
    ),
    unchanged=("vol_attendances",),
)
