"""Our own identity, heard by our own radio: counted, watched for another sender, and never on our own screen."""

from dataclasses import replace

import pytest

from beacon_gateway.model.reasons import OwnIdentityHeard, TooManyFrames
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.choice_factory import build_choice
from beacon_gateway.presence.decision_engine import DecisionEngine
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import ProjectRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.tracker import Tracker
from tests.unit.beacon_gateway.presence.people import heard, place
from tests.unit.beacon_gateway.presence.test_statistics import START

OWN = replace(place(1, "lunch"), own=True)
ANOTHERS = place(2, "books")
INTERVAL_MS = 100


def deciding(choice: Choice) -> DecisionEngine:
    known = [OWN, ANOTHERS]
    return DecisionEngine(Tracker(known, PresenceRules()), choice, Trace(known), lambda: {OWN.id: "lunch"})


@pytest.mark.parametrize("rssi", [-38, -50, None])
def test_it_brings_no_project_here_however_near_it_is(rssi: int | None) -> None:
    decide = deciding(Choice(ChoiceRules()))
    for sighting in heard(OWN, rssi, since=0, until=20):
        decide.hear(sighting)
        assert decide.chosen.project is None
    assert OWN.id in decide.tracker.visits, "it is heard all the same"


def test_a_farther_beacon_of_another_is_shown_beside_it() -> None:
    decide = deciding(Choice(ChoiceRules(), ProjectRules(several={OWN.id: ("lunch", "aid")})))
    both = sorted([*heard(OWN, -38, since=0, until=20), *heard(ANOTHERS, -66, since=0, until=20)], key=lambda s: s.at)
    for sighting in both:
        decide.hear(sighting)
    assert decide.chosen.project == "books"


def test_who_sends_it_far_more_often_than_we_is_reported_and_shows_nothing() -> None:
    collector = Collector([OWN], interval_ms={OWN.id: INTERVAL_MS}, expected=())
    decide = deciding(build_choice(ChoiceRules(), ProjectRules(), collector, official=lambda _: None))
    for sighting in heard(OWN, -60, since=0, until=20, every=0.02):
        collector.add_frame(sighting)
        decide.hear(sighting)
    assert isinstance(collector.cloned(20.0)[OWN.id], TooManyFrames)
    assert decide.chosen.project is None


def test_what_the_radio_knows_to_be_anothers_is_suspect_from_frame_to_frame_and_shows_nothing() -> None:
    foreign = {OWN.id}
    collector = Collector([OWN, ANOTHERS], interval_ms={OWN.id: INTERVAL_MS}, expected=(), foreign=lambda: foreign)
    decide = deciding(build_choice(ChoiceRules(), ProjectRules(), collector, official=lambda _: None))
    for sighting in (*heard(OWN, -60, since=0, until=9.5), *heard(ANOTHERS, -90, since=0, until=9.5)):
        collector.add_frame(sighting)
        decide.hear(sighting)
    assert collector.cloned(10.0) == {OWN.id: OwnIdentityHeard()}
    assert collector.describe(10.0)["cloned_places"] == {str(OWN.id): {"kind": "own_identity_heard"}}
    assert decide.chosen.project is None
    statistics = collector.harvest(START, 10)
    assert statistics is not None
    assert {row.beacon: row.frames_suspect for row in statistics.places} == {OWN.id: 96, ANOTHERS.id: 0}
    foreign.clear()
    assert collector.describe(10.0)["cloned"] == 0


@pytest.mark.parametrize("every", [0.1, 0.05, 0.3])
def test_ours_alone_is_no_clone_also_in_turns_and_with_scan_responses(every: float) -> None:
    collector = Collector([OWN], interval_ms={OWN.id: INTERVAL_MS}, expected=())
    for sighting in heard(OWN, -60, since=0, until=120, every=every):
        collector.add_frame(sighting)
    assert collector.describe(120.0)["cloned"] == 0
    statistics = collector.harvest(START, 120)
    assert statistics is not None
    [row] = statistics.places
    assert (row.frames > 300, row.expected_frames, row.heard_of_expected) == (True, 0, 0), "nobody is bound to hear it"
