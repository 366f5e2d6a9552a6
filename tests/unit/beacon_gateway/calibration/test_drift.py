"""Tests of the comparison of fixed beacons with their accepted levels."""

from random import Random
from uuid import UUID

import pytest

from beacon_gateway.calibration.drift import DriftWatch
from beacon_gateway.calibration.drift_wording import word_hall
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.model.hall_status import DriftCause, HallState, HallStatus
from sync_contract.beacon_identity import BeaconId

GATE, STAIRS = (BeaconId(UUID(int=7), 1, minor) for minor in (1, 2))
LEVELS = {(GATE, "hci0"): -70.0, (GATE, "hci1"): -76.0, (STAIRS, "hci0"): -80.0, (STAIRS, "hci1"): -84.0}
HOUR_S = 3600.0


class Hall:
    """Two fixed beacons that two adapters receive each second, with people who pass and impossible readings."""

    def __init__(self) -> None:
        accepted = {GATE: {"hci0": -70.0, "hci1": -76.0}, STAIRS: {"hci0": -80.0, "hci1": -84.0}}
        self.watch = DriftWatch(accepted, {GATE: "gate", STAIRS: "stairs"})
        self.now, self.source = 100.0, Random(5)

    def last(self, hours: float, **change_db: float) -> HallStatus:
        """Let time pass. `change_db`: by name of the beacon, `hci1` for an adapter, or `all`."""
        status = self.watch.judge(self.now)
        for second in range(int(hours * HOUR_S)):
            self.now += 1.0
            for (beacon, adapter), dbm in LEVELS.items():
                name = "gate" if beacon is GATE else "stairs"
                change = sum(change_db.get(key, 0.0) for key in (name, adapter, "all"))
                body = 12.0 if second // 40 % 3 == 0 else 0.0
                rssi = 20 if second % 97 == 0 else round(self.source.gauss(dbm + change - body, 4.0))
                self.watch.add_frames(beacon, [Sighting(beacon, rssi, self.now, None, adapter)])
            if second % 60 == 0:
                status = self.watch.judge(self.now)
        return status


def test_a_hall_in_use_is_as_accepted_and_a_meeting_before_the_beacons_is_no_change() -> None:
    hall = Hall()
    assert hall.watch.judge(0.0).state is HallState.waiting
    assert hall.last(1).state is HallState.accepted
    assert hall.last(0.4, all=-15).state is HallState.accepted
    status = hall.last(1)
    assert (status.state, status.compared) == (HallState.accepted, 4)


@pytest.mark.parametrize(
    ("change", "cause", "words"),
    [
        ({"gate": -15}, DriftCause.beacon, "its battery is low"),
        ({"hci1": -15}, DriftCause.adapter, "check its antenna"),
        ({"all": -15}, DriftCause.hall, "the hall changed"),
    ],
)
def test_a_lasting_change_is_reported_with_its_likely_cause_and_ends_by_itself(
    change: dict[str, float], cause: DriftCause, words: str
) -> None:
    hall = Hall()
    hall.last(0.1)
    status = hall.last(1.2, **change)
    assert (status.state, status.cause) == (HallState.changed, cause)
    assert words in word_hall(status)["en"]
    assert hall.last(1.2).state is HallState.accepted


def test_without_accepted_levels_the_hall_is_not_calibrated() -> None:
    watch = DriftWatch({}, {})
    watch.add_frames(GATE, [Sighting(GATE, -60, 1.0, None, "hci0")])
    assert watch.judge(2.0).state is HallState.not_calibrated
