"""Arrange counts as steps from near to spent, by door. Doors are never added up."""

from collections.abc import Collection, Mapping

from central_server.store.statistics.figure_filter import Row
from sync_contract.records import Door

STEPS = ("near", "page", "registered", "handed", "paid", "reconciled", "spent")
UNKNOWN_DOOR = ""
"""The door of a gift of which only the ticket is known so far."""


def funnel(
    sums: Mapping[str, int | None], gifts: Collection[Row], spent: Mapping[str | None, int]
) -> dict[str, dict[str, int | None]]:
    """Return counts by step and door; None where a door is not counted at that step."""
    doors = [door.value for door in Door]
    steps: dict[str, dict[str, int | None]] = {step: dict.fromkeys(doors) for step in STEPS}
    # Touching an NFC tag means near it; a poster's code may also be opened from a photograph.
    steps["near"] |= {door: sums[f"near_{door}"] for door in ("touch", "tag", "phone", "nfc")}
    steps["page"] |= {door: sums[f"page_{door}"] for door in ("touch", "tag", "phone", "qr")} | {
        "nfc": sums["near_nfc"]
    }
    for name in ("registered", "handed", "paid", "reconciled"):
        by_door = {door: sum(row[name] for row in gifts if row["door"] == door) for door in doors}
        steps[name] = {**by_door, UNKNOWN_DOOR: sum(row[name] for row in gifts if row["door"] is None)}
    steps["spent"] = {**{door: spent.get(door, 0) for door in doors}, UNKNOWN_DOOR: spent.get(None, 0)}
    return steps
