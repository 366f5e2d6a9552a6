"""Tests of the simulated room, and of the room of the demo."""

from dataclasses import replace
from itertools import islice, pairwise, takewhile
from uuid import UUID

from beacon_gateway.model.beacons import POWER_UNSET, USUAL_POWER, Beacon, Sighting, Zone
from beacon_gateway.model.visits import Arrived, Left, ZoneChanged
from beacon_gateway.presence.presence_rules import PresenceRules
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.simulation.demo import TURN_S, build_demo_room
from beacon_gateway.simulation.room import Walker, simulate_sightings
from beacon_gateway.simulation.walk import parse_walk
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

SITE = UUID("f0e1d2c3-b4a5-4687-9978-695a4b3c2d1e")


def beacon(minor: int, kind: BeaconKind) -> Beacon:
    return Beacon(BeaconId(SITE, 1, minor), kind, f"beacon {minor}")


OWN, NEIGHBOUR = beacon(1, BeaconKind.place), beacon(2, BeaconKind.place)
FIRST_CARD, SECOND_CARD = beacon(3, BeaconKind.person), beacon(4, BeaconKind.person)
WALKERS = [Walker(FIRST_CARD, parse_walk("8m 2s; walk to 1m; away 3s")), Walker(SECOND_CARD, parse_walk("1m 5s"))]


def until(seconds: float, walkers: list[Walker] | tuple[Walker, ...], seed: int) -> list[Sighting]:
    return list(takewhile(lambda sighting: sighting.at < seconds, simulate_sightings(walkers, seed=seed)))


def test_the_same_seed_gives_the_same_sightings() -> None:
    assert until(60, WALKERS, 1) == until(60, WALKERS, 1)
    assert until(60, WALKERS, 1) != until(60, WALKERS, 2)


def test_the_streams_are_merged_in_time_order() -> None:
    heard = until(60, WALKERS, 1)
    assert all(before.at <= after.at for before, after in pairwise(heard))
    assert {sighting.beacon for sighting in heard} == {FIRST_CARD.id, SECOND_CARD.id}
    assert {sighting.adapter for sighting in heard} == {"simulated"}


def test_another_walker_does_not_change_the_others() -> None:
    alone = until(60, WALKERS[:1], 1)
    assert [sighting for sighting in until(60, WALKERS, 1) if sighting.beacon == FIRST_CARD.id] == alone


def test_a_beacon_without_a_set_power_sends_with_the_usual_one() -> None:
    unset = Walker(replace(FIRST_CARD, measured_power=POWER_UNSET), WALKERS[0].walk)
    usual = Walker(replace(FIRST_CARD, measured_power=USUAL_POWER), WALKERS[0].walk)
    assert until(20, [unset], 1) == until(20, [usual], 1)


def test_in_the_demo_our_own_beacon_stays_near_and_the_neighbour_far() -> None:
    tracker = Tracker([OWN, NEIGHBOUR], PresenceRules())
    events = [
        event
        for sighting in until(1800, build_demo_room([OWN, NEIGHBOUR], OWN.id), 1)
        for event in tracker.hear(sighting)
    ]  # fmt: skip
    assert [type(event) for event in events if event.beacon == NEIGHBOUR] == [Arrived]
    changes = [event.after for event in events if isinstance(event, ZoneChanged)]
    assert changes[0] is Zone.near
    assert Zone.far not in changes


def test_in_the_demo_cards_walk_up_in_turns_and_every_visit_ends() -> None:
    tracker = Tracker([FIRST_CARD, SECOND_CARD], PresenceRules())
    arrivals: list[tuple[Beacon, int]] = []
    for sighting in until(TURN_S * 4, build_demo_room([FIRST_CARD, SECOND_CARD], None), 1):
        for event in (*tracker.tick(sighting.at), *tracker.hear(sighting)):
            if isinstance(event, ZoneChanged) and event.after is Zone.immediate:
                arrivals.append((event.beacon, int(event.at // TURN_S)))
            if isinstance(event, Left):
                assert 25 < event.in_range_s < 36
    assert arrivals == [(FIRST_CARD, 0), (SECOND_CARD, 1), (FIRST_CARD, 2), (SECOND_CARD, 3)]


def test_walks_repeat_without_end() -> None:
    assert len(list(islice(simulate_sightings(build_demo_room([OWN, FIRST_CARD], OWN.id), seed=3), 20_000))) == 20_000
