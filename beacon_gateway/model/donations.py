"""The intent of a donation, recorded before the handoff."""

from dataclasses import dataclass

from sync_contract.beacon_identity import BeaconId
from sync_contract.money import Money
from sync_contract.records import Door, HandoffKind
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class Intent:
    """`id`: UUIDv7, created on this gateway; `catalogue_version`: 0 if the project is from the TOML."""

    id: str
    environment: Environment
    project: str
    amount: Money
    beacon: BeaconId | None
    door: Door
    handoff: HandoffKind
    catalogue_version: int
