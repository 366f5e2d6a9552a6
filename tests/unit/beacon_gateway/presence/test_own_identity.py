"""Tests of our own identity received by our own radio: counted, checked for clones, and not shown."""

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
from beacon_gateway.presence.visit_tracker import Tracker
from tests.unit.beacon_gateway.presence.people import heard, place
from tests.unit.beacon_gateway.presence.test_statistics import START

OWN = replace(place(1, "lunch"), own=True)
ANOTHERS = place(2, "books")
INTERVAL_MS = 100


def deciding(choice: Choice) -> DecisionEngine:
    known = [OWN, ANOTHERS]
    return DecisionEngine(Tracker(known, PresenceRules()), choice, Trace(known), lambda: {OWN.id: "lunch"})


@pytest.mark.parametrize("rssi", [-38, -50, None])
def test_the_own_advert_shows_no_project(rssi: int | None) -> None:
    decide = deciding(Choice(ChoiceRules()))
    for sighting in heard(OWN, rssi, since=0, until=20):
        decide.hear(sighting)
        assert decide.chosen.project is None
    assert OWN.id in decide.tracker.visits, "but its visit is tracked"


def test_a_farther_beacon_is_shown_instead() -> None:
    decide = deciding(Choice(ChoiceRules(), ProjectRules(several={OWN.id: ("lunch", "aid")})))
    both = sorted([*heard(OWN, -38, since=0, until=20), *heard(ANOTHERS, -66, since=0, until=20)], key=lambda s: s.at)
    for sighting in both:
        decide.hear(sighting)
    assert decide.chosen.project == "books"


def test_too_many_frames_of_the_own_identity_are_reported() -> None:
    collector = Collector([OWN], interval_ms={OWN.id: INTERVAL_MS}, expected=())
    decide = deciding(build_choice(ChoiceRules(), ProjectRules(), collector, official=lambda _: None))
    for sighting in heard(OWN, -60, since=0, until=20, every=0.02):
        collector.add_frame(sighting)
        decide.hear(sighting)
    assert isinstance(collector.cloned(20.0)[OWN.id], TooManyFrames)
    assert decide.chosen.project is None


def test_foreign_frames_of_the_own_identity_are_suspect() -> None:
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
def test_the_own_advert_alone_is_no_clone(every: float) -> None:
    collector = Collector([OWN], interval_ms={OWN.id: INTERVAL_MS}, expected=())
    for sighting in heard(OWN, -60, since=0, until=120, every=every):
        collector.add_frame(sighting)
    assert collector.describe(120.0)["cloned"] == 0
    statistics = collector.harvest(START, 120)
    assert statistics is not None
    [row] = statistics.places
    assert (row.frames > 300, row.expected_frames, row.heard_of_expected) == (True, 0, 0), (
        "no adapter is expected to receive it"
    )
