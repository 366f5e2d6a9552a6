"""Compute the gateway's decisions on a walk in simulated time, without radio and clock."""

from collections.abc import Sequence
from itertools import takewhile

from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import DecisionEngine, replay
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.trace import Decision, Trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.room import Walker, simulate_sightings


def decide(
    walkers: Sequence[Walker], *, seed: int, for_s: float, presence: PresenceRules, choice: ChoiceRules
) -> tuple[Decision, ...]:
    """Return the decisions about people and the screen within `for_s`. `at`: seconds since the start."""
    beacons = [walker.beacon for walker in walkers]
    core = DecisionEngine(Tracker(beacons, presence), Choice(choice), Trace(beacons), dict)
    heard = takewhile(lambda sighting: sighting.at < for_s, simulate_sightings(walkers, seed=seed))
    replay(heard, core)
    return tuple(decision for decision in core.trace.decisions if decision.beacon is None)
