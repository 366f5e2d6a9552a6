"""Tests of an unattended site for some hours; tests/soak runs a month."""

from itertools import islice

import pytest

from sync_contract.records import BeaconStatistics
from sync_contract.statistics import loss
from tests.unit.beacon_gateway.presence.month import AIRS, SHELF, Alarms, run_unattended
from tests.unit.sync_contract.made_reports import merge_all

pytestmark = pytest.mark.thorough

LONGEST_PAUSE_S = 9.0
"""With an exit period of 10 s; lost adverts often make the silence longer."""


def loss_by_beacon(records: list[BeaconStatistics]) -> dict[str, float]:
    """Return the loss by beacon over all periods."""
    places = merge_all(records).places.items()
    return {str(beacon): share for beacon, place in places if (share := loss(place)) is not None}


def check(alarms: Alarms) -> None:
    assert alarms.left == [], "a visit ended"
    assert alarms.shown == [None, "lunch"], "the screen shows the shelf's project all the time"
    assert alarms.lost == 0, "reception was not proved at some time"
    assert alarms.troubles == set(), "a fault was reported to a person"
    assert alarms.silent == 0, "a beacon had no frame in five minutes"
    assert alarms.cloned == 0, "a clone was reported"
    assert alarms.suspect <= alarms.frames / 100
    day = 24 * 12
    for start in range(0, len(alarms.statistics), day):
        for beacon, share in loss_by_beacon([*islice(alarms.statistics, start, start + day)]).items():
            meant = next(air.loss for id_, (_, _, air) in AIRS.items() if str(id_) == beacon)
            assert share == pytest.approx(meant, abs=0.03), beacon


def test_short_radio_pauses_for_six_hours_change_no_decision_and_raise_no_alarm() -> None:
    alarms = run_unattended(6 * 3600.0, longest_pause_s=LONGEST_PAUSE_S, seed=7)
    assert alarms.pauses > 20
    check(alarms)


def test_a_pause_longer_than_the_exit_period_ends_the_visit() -> None:
    alarms = run_unattended(2 * 3600.0, longest_pause_s=400.0, seed=7)
    assert SHELF.label in alarms.left
    assert alarms.lost > 0
    assert "deaf" in alarms.troubles
    assert SHELF.project in alarms.shown[2:]
