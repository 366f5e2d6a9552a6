"""Write the picture of a calibrated hall for the docs: the real command in a simulated hall.

python -m tests.browser.calibrated_hall docs/pictures
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from beacon_gateway.calibration.measurement import Spot, SpotKind
from beacon_gateway.commands.calibrate import WalkOptions, calibrate
from beacon_gateway.commands.decision_inputs import read_inputs
from beacon_gateway.simulation.air import Air
from sync_contract.catalogue import BeaconKind
from tests.fakes.calibration_hall import WalkingInstaller
from tests.paths import ROOT

PICTURE = "hall-after-calibration.svg"
_AIR = Air(sigma_db=3.0, path_loss_exponent=2.1, loss=0.3)
_DOOR_M, _WALL_M, _OTHER_M = 5.5, 9.0, 6.0


def write_hall(folder: Path) -> str:
    """Write the picture and return what the command printed."""
    with tempfile.TemporaryDirectory() as state:
        settings = Path(state, "gateway.toml")
        settings.write_bytes((ROOT / "config/gateway.toml").read_bytes())
        inputs = read_inputs(settings, Path(state))
        tag = next(beacon for beacon in inputs.beacons if beacon.kind is BeaconKind.person)
        wall = next(beacon for beacon in inputs.beacons if beacon.kind is BeaconKind.place and not beacon.own)
        spots = (
            Spot(SpotKind.door, _DOOR_M),
            Spot(SpotKind.far_wall, _WALL_M),
            Spot(SpotKind.neighbour, _OTHER_M, "B"),
        )
        installer = WalkingInstaller(
            tag,
            [(1.0, ""), (_DOOR_M, ""), (_WALL_M, ""), (_OTHER_M, "")],
            air=_AIR,
            fixed=[(wall, 4.0)],
            seed="docs",
        )
        options = WalkOptions(spots=spots, accept=True, picture=folder / PICTURE)
        asyncio.run(calibrate(inputs, settings, Path(state), installer.receive, installer, options))
    return installer.text


if __name__ == "__main__":
    print(write_hall(Path(sys.argv[1])))
