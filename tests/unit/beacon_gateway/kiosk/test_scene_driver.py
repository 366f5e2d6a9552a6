"""Test the path from an advert to the scene and its trace."""

import asyncio
import time

from structlog.testing import capture_logs

from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.scene_driver import SceneDriver
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import DecisionKind, Trace
from beacon_gateway.presence.visit_tracker import Tracker
from tests.unit.beacon_gateway.presence.people import heard, person, place

CARD = person(1, "volunteer", "lunch")
WALL = place(3, "books")


def following(current_scene: CurrentScene, trace: Trace | None = None) -> SceneDriver:
    tracker = Tracker([CARD, WALL], PresenceRules())
    return SceneDriver(
        tracker, Choice(ChoiceRules()), Collector([CARD, WALL]), current_scene, bindings=dict, trace=trace
    )


def test_each_scene_has_its_decision_and_the_decision_its_reason() -> None:
    current_scene = CurrentScene()
    follow = following(current_scene, Trace([CARD]))
    for sighting in heard(CARD, -50, since=0, until=3):
        follow.hear(sighting)
    follow.update_figures()
    assert current_scene.scene.project == "lunch"
    shown = [decision for decision in follow.trace.decisions if decision.kind is DecisionKind.shown]
    assert [(d.before, d.after, d.reason) for d in shown] == [("", "lunch", current_scene.scene.reason)]
    assert follow.trace.running_samples


async def test_silence_alone_ends_the_scene_and_takes_the_samples_of_the_person_along() -> None:
    current_scene, rounds = CurrentScene(), asyncio.Event()
    follow = following(current_scene, Trace([CARD]))
    for sighting in heard(CARD, -50, since=0, until=3):  # long before any monotonic now: the next tick finds silence
        follow.hear(sighting)
    follow.update_figures()
    assert time.monotonic() > 13
    assert follow.trace.running_samples
    ticking = asyncio.create_task(follow.tick(rounds.set))
    async with asyncio.timeout(60):
        while follow.trace.running_samples:
            rounds.clear()
            await rounds.wait()
    ticking.cancel()
    assert [d.kind for d in follow.trace.decisions][-2:] == [DecisionKind.left, DecisionKind.shown]
    assert current_scene.scene.project is None


def test_the_journal_never_contains_a_persons_visits() -> None:
    current_scene = CurrentScene()
    follow = following(current_scene)
    with capture_logs() as logged:
        for sighting in (*heard(CARD, -50, since=0, until=3), *heard(WALL, -50, since=20, until=23)):
            follow.hear(sighting)
        for sighting in heard(CARD, -50, since=40, until=43):  # its second visit
            follow.hear(sighting)
    assert current_scene.scene.project == "lunch"
    assert {entry["beacon"] for entry in logged} == {str(WALL.id)}
    assert "volunteer" not in str(logged)


def test_without_a_trace_the_scene_is_the_same() -> None:
    current_scene = CurrentScene()
    follow = following(current_scene)
    for sighting in heard(CARD, -50, since=0, until=3):
        follow.hear(sighting)
    assert current_scene.scene.project == "lunch"
    assert follow.trace.running_samples == ()
