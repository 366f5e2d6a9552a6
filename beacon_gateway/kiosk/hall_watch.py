"""Compare the hall with its calibration while the gateway runs, and log when that changes."""

from collections.abc import Sequence

import structlog

from beacon_gateway.calibration.drift import DriftWatch
from beacon_gateway.calibration.drift_wording import word_hall
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.hall_status import HallState
from sync_contract.beacon_identity import BeaconId

log = structlog.get_logger()
_JUDGED_EVERY_S = 60.0


class HallWatch:
    """`status`: the last result."""

    def __init__(self, watch: DriftWatch, *, now: float) -> None:
        self._watch, self._judged_at = watch, now
        self.status = watch.judge(now)

    def add_frames(self, beacon: BeaconId, sightings: Sequence[Sighting]) -> None:
        self._watch.add_frames(beacon, sightings)

    def judge_when_due(self, now: float) -> None:
        """Judge once a minute. `now`: monotonic seconds."""
        if abs(now - self._judged_at) < _JUDGED_EVERY_S:
            return
        self._judged_at = now
        before, self.status = self.status, self._watch.judge(now)
        if self.status.state is HallState.changed and before.cause is not self.status.cause:
            drifts = [f"{drift.label} {drift.adapter}" for drift in self.status.drifts]
            log.warning("hall.changed", cause=self.status.cause, beacons=drifts, words=word_hall(self.status)["en"])
        elif before.state is HallState.changed and self.status.state is HallState.accepted:
            log.info("hall.as_accepted")

    def describe(self) -> dict[str, object]:
        """Return the status for /healthz."""
        status = self.status
        drifts = [
            {"beacon": d.label, "adapter": d.adapter, "accepted_dbm": d.accepted_dbm, "now_dbm": d.now_dbm}
            for d in status.drifts
        ]
        return {
            "state": status.state,
            "cause": status.cause,
            "compared": status.compared,
            "drifts": drifts,
            "words": word_hall(status),
        }
