"""Run a server with two beacons, each bound to a project, and ask it as a phone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from sync_contract.beacon_identity import BeaconId
from tests.fakes.central_process import CONFIG, RunningBank, running_central

OURS = UUID("7f0c0b1e-52a4-4a0f-9a55-3f6c3b1d9e10")
UNBOUND = BeaconId(OURS, 1, 9)
"""An own beacon without a current project."""
NOW = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)
BINDINGS = f"""
[[bindings]]
uuid = "{OURS}"
major = 1
minor = 1
project = "lunch"
[[bindings]]
uuid = "{OURS}"
major = 1
minor = 2
project = "ended"
"""


@pytest.fixture
async def bound(tmp_path: Path, bank: RunningBank) -> Any:
    async with running_central(tmp_path / "central", bank, config=CONFIG + BINDINGS) as central:
        yield central


def question(*minors: int) -> dict[str, Any]:
    return {"beacons": [{"uuid": str(OURS), "major": 1, "minor": minor, "rssi": -60 - minor} for minor in minors]}
