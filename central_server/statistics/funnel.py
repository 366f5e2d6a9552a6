"""The way from near to spent, by step and door. Doors are never added up."""

from collections.abc import Collection, Mapping

from central_server.store.statistics.figure_filter import Row
from sync_contract.records import Door

STEPS = ("near", "page", "registered", "handed", "paid", "reconciled", "spent")
UNTOLD = ""
"""The door of a gift of which only the ticket is known so far."""


def funnel(
    sums: Mapping[str, int | None], gifts: Collection[Row], spent: Mapping[str | None, int]
) -> dict[str, dict[str, int | None]]:
    """By step and door."""
    doors = [door.value for door in Door]
    steps: dict[str, dict[str, int | None]] = {step: dict.fromkeys(doors) for step in STEPS}
    # Who touches an NFC tag stands before it; a poster's code may also be opened from a photograph of it.
    steps["near"] |= {"touch": sums["touches"], "tag": sums["tags"]}
    steps["near"] |= {"phone": sums["shakes"], "nfc": sums["tags_touched"]}
    steps["page"] |= {"touch": sums["touch_pages"], "tag": sums["tag_pages"]}
    steps["page"] |= {"phone": sums["clicks"], "qr": sums["posters"], "nfc": sums["tags_touched"]}
    for name in ("registered", "handed", "paid", "reconciled"):
        by_door = {door: sum(row[name] for row in gifts if row["door"] == door) for door in doors}
        untold = sum(row[name] for row in gifts if row["door"] is None)
        steps[name] = {**by_door, UNTOLD: untold}
    steps["spent"] = {**{door: spent.get(door, 0) for door in doors}, UNTOLD: spent.get(None, 0)}
    return steps
