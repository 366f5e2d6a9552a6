"""Hours at a site that is left to itself raise no alarm; a month does so in tests/soak."""

from itertools import islice

import pytest

from sync_contract.records import BeaconStatistics
from sync_contract.statistics import loss, merge_all
from tests.unit.beacon_gateway.presence.month import AIRS, SHELF, Alarms, left_alone

LONGEST_HICCUP_S = 9.0
"""Of an exit period of 10 s: with the adverts that are lost beside it the silence is often longer."""


def rows(told: list[BeaconStatistics]) -> dict[str, float]:
    """Loss by beacon, all stretches together."""
    places = merge_all(told).places.items()
    return {str(beacon): share for beacon, place in places if (share := loss(place)) is not None}


def check(alarms: Alarms) -> None:
    assert alarms.left == [], "a visit ended"
    assert alarms.shown == [None, "lunch"], "the screen turned to the shelf's project, and stayed"
    assert alarms.lost == 0, "hearing was not proved for a moment"
    assert alarms.troubles == set(), "a person was asked to see to a radio or a tag"
    assert alarms.silent == 0, "a beacon had no frame in five minutes"
    assert alarms.cloned == 0, "a clone was seen where there is none"
    assert alarms.suspect <= alarms.frames / 100
    day = 24 * 12
    for start in range(0, len(alarms.statistics), day):
        for beacon, share in rows([*islice(alarms.statistics, start, start + day)]).items():
            meant = next(air.loss for id_, (_, _, air) in AIRS.items() if str(id_) == beacon)
            assert share == pytest.approx(meant, abs=0.03), beacon


def test_a_radio_that_hiccups_for_six_hours_changes_no_decision_and_raises_no_alarm() -> None:
    alarms = left_alone(6 * 3600.0, longest_hiccup_s=LONGEST_HICCUP_S, seed=7)
    assert alarms.hiccups > 20
    check(alarms)


def test_a_hiccup_longer_than_any_exit_period_does_end_the_visit() -> None:
    """The month above would be easy for something that never notices anything."""
    alarms = left_alone(2 * 3600.0, longest_hiccup_s=400.0, seed=7)
    assert SHELF.label in alarms.left
    assert alarms.lost > 0
    assert "deaf" in alarms.troubles
    assert SHELF.project in alarms.shown[2:]
