"""Compare fixed beacons with the levels that were accepted after the calibration walk.

A beacon on the wall does not move, so a lasting change has a cause: the hall, the antenna or the beacon's battery. The
level is followed by a running median (stochastic approximation: Robbins and Monro, Ann. Math. Statist. 22, 1951). It
moves by a fixed step per second of reception, so people who pass and impossible readings have little influence.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.hall_status import DriftCause, HallState, HallStatus, LevelDrift
from sync_contract.beacon_identity import BeaconId
from sync_contract.rssi import LEVELS

CHANGED_DB, AGAIN_DB = 8.0, 5.0
"""A difference is drift above the first, and no longer drift below the second."""
LASTING_S = 1800.0
"""A difference counts when it has lasted this long: a meeting before the beacon is no change of the hall."""
STEP_DB_PER_S = 0.02
"""The running median moves at most this fast: 8 dB take seven minutes."""
LONGEST_STEP_S = 10.0
MIN_FRAMES = 60
SILENT_S = 120.0
"""A beacon that is not received is a matter of the radio's own supervision, not of drift."""


@dataclass(slots=True)
class _Pair:
    """A beacon through an adapter. Times: monotonic seconds."""

    label: str
    adapter: str
    accepted_dbm: float
    median_dbm: float
    heard_at: float | None = None
    frames: int = 0
    since: float | None = None
    """Since when the level has been beyond the bound that applies."""
    drifted: bool = False

    def add(self, rssi: int, at: float) -> None:
        before, self.heard_at = self.heard_at, at
        self.frames += 1
        step_s = min(LONGEST_STEP_S, max(0.0, at - before)) if before is not None else 0.0
        step_db = STEP_DB_PER_S * step_s
        difference = rssi - self.median_dbm
        self.median_dbm += max(-step_db, min(step_db, difference))

    def judge(self, now: float) -> None:
        away_db = abs(self.median_dbm - self.accepted_dbm)
        beyond = away_db < AGAIN_DB if self.drifted else away_db > CHANGED_DB
        if not beyond:
            self.since = None
            return
        self.since = now if self.since is None or self.since > now else self.since
        if now - self.since >= LASTING_S:
            self.drifted, self.since = not self.drifted, None

    def is_heard(self, now: float) -> bool:
        return self.frames >= MIN_FRAMES and self.heard_at is not None and abs(now - self.heard_at) <= SILENT_S


@dataclass
class DriftWatch:
    """`accepted`: dBm by beacon and adapter; `labels`: names of the beacons."""

    accepted: Mapping[BeaconId, Mapping[str, float]]
    labels: Mapping[BeaconId, str]
    _pairs: dict[tuple[BeaconId, str], _Pair] = field(default_factory=dict)

    def add_frames(self, beacon: BeaconId, sightings: Sequence[Sighting]) -> None:
        """Take the frames of one beacon; those of beacons without an accepted level are ignored."""
        levels = self.accepted.get(beacon)
        if not levels:
            return
        for sighting in sightings:
            dbm = levels.get(sighting.adapter)
            if dbm is None or sighting.rssi is None or sighting.rssi not in LEVELS:
                continue
            pair = self._pairs.get((beacon, sighting.adapter))
            if pair is None:
                pair = _Pair(self.labels.get(beacon, ""), sighting.adapter, dbm, dbm)
                self._pairs[beacon, sighting.adapter] = pair
            pair.add(sighting.rssi, sighting.at)

    def judge(self, now: float) -> HallStatus:
        """Return the current status. Call it at least every few minutes."""
        if not self.accepted:
            return HallStatus(HallState.not_calibrated)
        heard = {key: pair for key, pair in sorted(self._pairs.items()) if pair.is_heard(now)}
        for pair in heard.values():
            pair.judge(now)
        if not heard:
            return HallStatus(HallState.waiting)
        drifted = [key for key, pair in heard.items() if pair.drifted]
        drifts = tuple(
            LevelDrift(pair.label, pair.adapter, pair.accepted_dbm, round(pair.median_dbm, 1))
            for pair in heard.values()
            if pair.drifted
        )
        if not drifts:
            return HallStatus(HallState.accepted, compared=len(heard))
        return HallStatus(HallState.changed, _find_cause(drifted, list(heard)), len(heard), drifts)


def _find_cause(drifted: Sequence[tuple[BeaconId, str]], heard: Sequence[tuple[BeaconId, str]]) -> DriftCause:
    beacons, adapters = {beacon for beacon, _ in drifted}, {adapter for _, adapter in drifted}
    if len({beacon for beacon, _ in heard}) > 1 and len(beacons) == 1:
        return DriftCause.beacon
    of_adapter = [key for key in heard if key[1] in adapters]
    if len(adapters) == 1 and len({adapter for _, adapter in heard}) > 1 and len(drifted) == len(of_adapter):
        return DriftCause.adapter
    return DriftCause.beacon if len(beacons) == 1 else DriftCause.hall
