"""Test the decision trace for staff: its content, and that it identifies no tag."""

import json
from collections.abc import AsyncIterator
from xml.etree import ElementTree

import aiohttp
import pytest
from aiohttp import web

from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.decision_view import STYLESHEET, Why
from beacon_gateway.kiosk.pages.decision_trace import trace_css, trace_json, trace_svg
from beacon_gateway.kiosk.scene_driver import SceneDriver
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_tracker import Tracker
from daemonkit.web import WebRules, guarded_app, serving
from tests.unit.beacon_gateway.presence.people import heard, person, place

CARD, WALL = person(7, "volunteer", "lunch"), place(1, "books")
NOW = 30.0


def walked() -> tuple[SceneDriver, Why]:
    """The card came, and is here still."""
    trace, choice = Trace((CARD, WALL)), Choice(ChoiceRules())
    tracker = Tracker((CARD, WALL), PresenceRules())
    follow = SceneDriver(tracker, choice, Collector((CARD, WALL)), CurrentScene(), bindings=dict, trace=trace)
    for sighting in sorted((*heard(WALL, -80, since=0, until=25), *heard(CARD, -50, since=20, until=25))):
        follow.hear(sighting)
    follow.update_figures()
    return follow, Why(trace, PresenceRules(), lambda: follow.chosen, lambda: choice.screen_lock, clock=lambda: NOW)


def _all(_: web.Request) -> bool:
    return True


@pytest.fixture
async def url() -> AsyncIterator[str]:
    why = walked()[1]
    app = guarded_app(WebRules(allowed_hosts=frozenset({"127.0.0.1"}), secret=b"only for tests"))
    app.add_routes([web.get("/site/trace.json", trace_json(why)), web.get("/site/trace.svg", trace_svg(why, _all))])
    app.add_routes([web.get(STYLESHEET, trace_css())])
    async with serving(app, "127.0.0.1", 0) as address:
        yield address


async def get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.status, await answer.text()


async def test_each_decision_has_its_inputs_reason_and_result(url: str) -> None:
    status, text = await get(f"{url}/site/trace.json")
    assert status == 200
    response = json.loads(text)
    assert response["screen"]["project"] == "lunch"
    assert response["screen"]["reason"]["zone"] == "immediate"
    shown = next(each for each in response["decisions"] if each["kind"] == "shown")
    assert (shown["before"], shown["after"], shown["reason"]) == ("", "lunch", response["screen"]["reason"])
    came = next(each for each in response["decisions"] if each["kind"] == "arrived" and each["tag_class"])
    assert (came["rssi"], came["level_db"], came["distance_m"]) == (-50, 9.0, pytest.approx(0.39, abs=0.01))
    assert came["ago_s"] == pytest.approx(10.0)
    assert {each["label"] for each in response["decisions"]} == {"", "corner 1"}


async def test_the_json_contains_only_the_class_of_a_tag(url: str) -> None:
    _, text = await get(f"{url}/site/trace.json?last=1000")
    assert str(CARD.id) not in text
    assert CARD.label not in text
    assert "volunteer" in text


async def test_last_limits_the_decisions_and_invalid_values_are_refused(url: str) -> None:
    _, text = await get(f"{url}/site/trace.json?last=1")
    assert len(json.loads(text)["decisions"]) == 1
    for word in ("-1", "x", "1001", "99999", "٣", ""):
        assert (await get(f"{url}/site/trace.json?last={word}"))[0] == 400


async def test_the_picture_carries_no_style_of_its_own_and_names_the_sheet(url: str) -> None:
    _, text = await get(f"{url}/site/trace.svg")
    assert f'href="{STYLESHEET}"' in text
    assert "<style" not in text
    ElementTree.fromstring(text)
    assert ".immediate" in (await get(url + STYLESHEET))[1]


def test_the_card_leaves_the_picture_when_it_leaves_and_is_never_in_that_of_others() -> None:
    follow, why = walked()
    panel = ">随身卡 tag of class volunteer</text>"
    assert panel in why.draw_picture()
    assert panel not in why.draw_picture(people=False)
    follow._decide.tick(60.0)
    assert panel not in why.draw_picture()
    assert why.build_trace_response(1000)["decisions"], "what was decided stays, by class"
