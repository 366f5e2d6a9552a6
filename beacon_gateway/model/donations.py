"""A registered gift, as it is recorded before anything is handed over."""

from dataclasses import dataclass

from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.records import Door, HandoffKind
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class Intent:
    """`id`: UUIDv7, made here; `catalogue_version`: 0 when the project came from the TOML."""

    id: str
    environment: Environment
    project: str
    amount: Money
    beacon: BeaconId | None
    door: Door
    handoff: HandoffKind
    catalogue_version: int
