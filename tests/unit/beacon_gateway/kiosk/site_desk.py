"""A kiosk with its staff pages, and the origin of its requests."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import aiohttp
from aiohttp import web

from beacon_gateway.kiosk.app import kiosk_app
from beacon_gateway.kiosk.client_origin import ClientOrigin
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.site_status import SiteStatus
from beacon_gateway.model.radio_status import AdapterStatus, AdvertStatus, LivenessStatus, RadioStatus
from beacon_gateway.model.sync_state import SyncLine, SyncState
from daemonkit.web import WebRules, serving
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from sync_contract.strict_model import Environment
from tests.browser.fake_giving import FakeGiving, FakeProjects
from tests.browser.projects import LUNCH, SITE
from tests.unit.beacon_gateway.kiosk.resident import Resident
from tests.unit.beacon_gateway.kiosk.test_decision_trace import CARD, NOW, WALL, walked

AT = datetime(2026, 11, 24, 4, 5, 6, tzinfo=UTC)
STATE = SyncState(
    central="https://give.example.org",
    parcels={"waiting": 7, "refused": 2, "delivered": 900},
    delivered_at=AT,
    reachable=False,
    lines=(SyncLine(AT, "unreachable", "", "name_unknown"), SyncLine(AT, "accepted", "intent", "")),
)
RADIO = RadioStatus(
    "hearing",
    liveness=LivenessStatus(by=("wall",), expected=1),
    adapters={"hci0": AdapterStatus("hearing"), "hci1": AdapterStatus("hearing")},
)
STAGES = {
    "sync": {"state": "waiting", "for_s": 4.2, "restarts": 3, "error": "CentralUnreachable"},
    "presence": {"state": "running", "for_s": 9.0, "restarts": 0, "error": ""},
}


async def synced() -> SyncState:
    return STATE


def made(**changed: object) -> SiteStatus:
    follow, why = walked()
    site = SiteStatus(
        why=why,
        radio_status=lambda: RADIO,
        advert_status=lambda: AdvertStatus("on_air"),
        stage_health=lambda: STAGES,
        visits=lambda: follow.visits,
        foreign=lambda: 42,
        bindings=lambda: {CARD.id: LUNCH.id, WALL.id: LUNCH.id},
        projects=FakeProjects(),
        sync=synced,
        versions={"beacon-gateway": "1.2.3"},
        lan=True,
        addresses=("http://192.168.1.20:8080/site",),
        clock=lambda: NOW,
    )
    return replace(site, **changed)  # type: ignore[arg-type]  # a field each


class Asking:
    """ClientOrigin where the next requests come."""

    where = ClientOrigin.device


def build_app(
    site: SiteStatus | None, asking: Asking, giving: FakeGiving, sessions: Sessions | None = None
) -> web.Application:
    return kiosk_app(
        current_scene=CurrentScene(),
        projects=FakeProjects(),
        giving=giving,
        pages=Pages(environment=Environment.drill, site=SITE, surface=Surface.kiosk),
        rules=WebRules(frozenset({"127.0.0.1"}), b"only for tests", requests_per_second=1000, burst=1000),
        health=lambda: {"ok": True},
        site=site,
        classify=lambda _: asking.where,
        sessions=sessions,
    )


async def browse(app: web.Application) -> AsyncIterator[Resident]:
    jar = aiohttp.CookieJar(unsafe=True)
    async with serving(app, "127.0.0.1", 0) as url, aiohttp.ClientSession(cookie_jar=jar) as http:
        yield Resident(http, url)


async def served(site: SiteStatus | None, asking: Asking) -> AsyncIterator[Resident]:
    async for resident in browse(build_app(site, asking, FakeGiving(FakeProjects()))):
        yield resident


ALL = ("/site", "/site/live", "/site/why", "/site/trace.json", "/site/trace.svg", "/site/trace.css")


async def pin_of(staff: Resident, asking: Asking) -> str:
    asking.where = ClientOrigin.device
    await staff.get("/site/pin")
    page = await staff.post("/site/pin")
    found = re.search(r"<span>(\d{3})</span> <span>(\d{3})</span>", page)
    assert found, page
    asking.where = ClientOrigin.network
    return found[1] + found[2]
