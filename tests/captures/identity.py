"""Who is heard in the captures, and where they lie. The identities are of our own making and belong to nobody."""

from pathlib import Path
from typing import Final
from uuid import UUID

from beacon_gateway.frames.ibeacon import IBeacon

FOLDER: Final = Path(__file__).parent / "ibeacon"

PERSON_TAG: Final = IBeacon(UUID("7c9f1f0e-52d6-4b8e-9a37-1f6f0a2d4c81"), major=100, minor=7, measured_power=-59)
"""The volunteer's card that walks up."""

PLACE_BEACON: Final = IBeacon(UUID("7c9f1f0e-52d6-4b8e-9a37-1f6f0a2d4c81"), major=1, minor=1, measured_power=-59)
"""The wall beacon of a neighbouring corner, always far."""

WALK: Final = FOLDER / "walk_up_and_away.btsnoop"
"""Made by make.py: the card comes from 12 m to 0.7 m, stays, and leaves; the wall beacon and strangers beside it."""

LAB: Final = FOLDER / "lab_recording.btsnoop"
"""Recorded by `btmon -w` in the radio lab (record.py): the card on the air for some seconds, RSSI not available."""
