"""Whether the hall is as it was when its calibration was accepted."""

from dataclasses import dataclass
from enum import StrEnum


class HallState(StrEnum):
    """`not_calibrated`: no level was accepted; `waiting`: too few frames so far."""

    not_calibrated = "not_calibrated"
    waiting = "waiting"
    accepted = "accepted"
    changed = "changed"


class DriftCause(StrEnum):
    """`beacon`: one beacon differs through all adapters: its battery is low, or it was moved or covered.

    `adapter`: all beacons differ through one adapter only: its antenna. `hall`: several differ through all adapters.
    """

    beacon = "beacon"
    adapter = "adapter"
    hall = "hall"


@dataclass(frozen=True, slots=True)
class LevelDrift:
    """A fixed beacon that is received differently from the accepted level, through one adapter. dBm."""

    label: str
    adapter: str
    accepted_dbm: float
    now_dbm: float


@dataclass(frozen=True, slots=True)
class HallStatus:
    """`cause`: only when changed. `compared`: pairs of beacon and adapter with enough frames."""

    state: HallState
    cause: DriftCause | None = None
    compared: int = 0
    drifts: tuple[LevelDrift, ...] = ()
