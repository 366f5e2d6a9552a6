"""Test of the zones on recorded walks with true positions, beside the best peer (./dev bench presence air)."""

import pytest

from tests.bench.presence.contestants import OURS
from tests.bench.presence.recorded_air import CALIBRATED, EDGES_M, Edges, score_air


@pytest.mark.parametrize("edges", EDGES_M)
def test_zones_on_recorded_walks_are_right_for_longer_and_change_less_than_those_of_the_best_peer(edges: Edges) -> None:
    ours, peers = score_air(OURS, edges), [score_air(name, edges) for name in CALIBRATED]
    assert ours.immediate_while_far <= 0.005
    assert ours.mean_error <= 0.93 * min(peer.mean_error for peer in peers)
    assert ours.extra_changes_per_hour <= 0.7 * min(peer.extra_changes_per_hour for peer in peers)
    assert ours.missed_share <= min(peer.missed_share for peer in peers)
