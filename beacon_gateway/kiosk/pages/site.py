"""`/site`: the status of this device, for staff at its screen, and with a PIN for the local network."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from markupsafe import Markup

from beacon_gateway.kiosk.client_origin import ClientOrigin, classify_client
from beacon_gateway.kiosk.decision_view import STYLESHEET
from beacon_gateway.kiosk.pages.acceptance import build_sheet_page
from beacon_gateway.kiosk.pages.decision_trace import trace_css, trace_json, trace_svg
from beacon_gateway.kiosk.pin import Guest, Guests, Pins
from beacon_gateway.kiosk.reason_wording import build_clauses
from beacon_gateway.kiosk.responder import SESSION, Responder, see_other
from beacon_gateway.kiosk.screen_health import ScreenHealth
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.site_status import SiteStatus
from beacon_gateway.presence.explain.decision_wording import word_inputs
from beacon_gateway.presence.trace import Decision, DecisionKind
from daemonkit.web import stream_events
from daemonkit.web.web_rules import identify_peer
from kiosk_ui.site_views import Connected, DecisionLine, SiteDoorPage, SitePage, SitePinPage, SiteWhyPage

log = structlog.get_logger()
COOKIE = "site_guest"
_SHOWN_DECISIONS = 30


@dataclass(frozen=True, slots=True)
class SitePages:
    """Handlers of the pages. `refresh_s`: interval of the live status in seconds."""

    site: SiteStatus
    responder: Responder
    screen: ScreenHealth
    sessions: Sessions
    pins: Pins = field(default_factory=Pins)
    guests: Guests = field(default_factory=Guests)
    refresh_s: float = 2.0
    classify: Callable[[web.Request], ClientOrigin] = classify_client

    def routes(self) -> list[web.RouteDef]:
        routes = [
            web.get("/site", self.show_status),
            web.get("/site/live", self.stream_status),
            web.get("/site/why", self.show_decisions),
            web.get("/site/sheet", self.show_sheet),
            web.get("/site/trace.json", self._guarded(trace_json(self.site.why))),
            web.get("/site/trace.svg", self._guarded(trace_svg(self.site.why, self._may_see_people))),
            web.get(STYLESHEET, self._guarded(trace_css())),
        ]
        if self.site.lan:
            routes += [
                web.get("/site/pin", self.show_pin),
                web.post("/site/pin", self.create_pin),
                web.post("/site/enter", self.log_in),
                web.post("/site/leave", self.log_out),
            ]
        return routes

    async def show_status(self, request: web.Request) -> web.StreamResponse:
        if self.site.lan and self.classify(request) is ClientOrigin.network and self._guest(request) is None:
            return self.responder.render_page(request, SiteDoorPage())
        self._require_access(request)
        return self.responder.render_page(request, await self._view(request))

    async def stream_status(self, request: web.Request) -> web.StreamResponse:
        """Send the complete page every `refresh_s` seconds while the client has access."""

        async def messages() -> AsyncGenerator[str]:
            with request[SESSION].following():
                while not self._is_denied(request):
                    html = self.responder.render_main(request, await self._view(request))
                    yield json.dumps({"view": SitePage.template, "html": html}, ensure_ascii=False)
                    await asyncio.sleep(self.refresh_s)
                yield json.dumps({"go": "/site"})

        self._require_access(request)
        return await stream_events(request, messages())

    async def show_decisions(self, request: web.Request) -> web.StreamResponse:
        self._require_access(request)
        why = self.site.why
        picture = Markup(why.draw_picture(people=self._may_see_people(request)))  # noqa: S704  # it escapes all texts
        decisions = reversed(why.trace.decisions[-_SHOWN_DECISIONS:])
        page = SiteWhyPage(
            self._guest(request) is not None,
            picture,
            STYLESHEET,
            tuple(self._decision_line(each) for each in decisions),
        )
        return self.responder.render_page(request, page)

    async def show_sheet(self, request: web.Request) -> web.StreamResponse:
        """Show the acceptance sheet for print."""
        self._require_access(request)
        signed = await asyncio.to_thread(self.site.read_sheet)
        return self.responder.render_page(request, build_sheet_page(signed, self.site.central))

    async def show_pin(self, request: web.Request) -> web.StreamResponse:
        """Only on the screen: a person who reads the PIN is at the device."""
        self._require_device(request)
        digits, left_s = self.pins.current() or ("", 0.0)
        return self.responder.render_page(request, SitePinPage(digits, -int(-left_s // 60), self.site.addresses))

    async def create_pin(self, request: web.Request) -> web.StreamResponse:
        self._require_device(request)
        await self.responder.read_form(request)
        self.pins.create()
        return see_other("/site/pin")

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        if self.classify(request) is not ClientOrigin.network:
            raise web.HTTPNotFound
        form = await self.responder.read_form(request)
        address = request.remote or ""
        peer = identify_peer(address)
        if not self.pins.accept("".join(form.get("pin", "").split()), peer):
            return self.responder.render_page(request, SiteDoorPage(wrong=True), 403)
        guest = self.guests.open(address)
        log.info("site.entered", client=peer)
        response = see_other("/site")
        response.headers.add("Set-Cookie", f"{COOKIE}={guest.token}; Path=/site; HttpOnly; SameSite=Strict")
        return response

    async def log_out(self, request: web.Request) -> web.StreamResponse:
        await self.responder.read_form(request)
        if (guest := self._guest(request)) is not None:
            self.guests.drop(guest)
        return see_other("/site")

    async def _view(self, request: web.Request) -> SitePage:
        site = self.site
        screen = self.screen.status()
        now = self.guests.now()
        staff = tuple((each.address, int((now - each.since) // 60)) for each in self.guests.all())
        return SitePage(
            guest=self._guest(request) is not None,
            versions=site.versions,
            at=datetime.now().astimezone(),
            shown=site.title(site.why.chosen().project),
            why=build_clauses(site.why.chosen().reason),
            screen_lock=build_clauses(site.why.screen_lock()),
            radio=site.radio_now(),
            sync=await site.sync_now(),
            stages=site.failed_stages(),
            connected=Connected(int(screen.silent_s), screen.behind_s > 0, self.sessions.count_followers(), staff),
            pin=site.lan and self.classify(request) is ClientOrigin.device,
            settings_faults=tuple(site.settings_refused()),
        )

    def _decision_line(self, decision: Decision) -> DecisionLine:
        shown = decision.kind is DecisionKind.shown
        labels = {each.id: each.label for each in self.site.why.trace.beacons}
        before, after = (
            (self.site.title(word) if shown else word or None) for word in (decision.before, decision.after)
        )
        return DecisionLine(
            ago_s=int(max(0.0, self.site.clock() - decision.at)),
            what=decision.kind.value,
            who="" if decision.beacon is None else labels.get(decision.beacon, str(decision.beacon)),
            tag_class=decision.tag_class,
            before=before,
            after=after,
            numbers=word_inputs(decision),
            why=build_clauses(decision.reason),
        )

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            self._require_access(request)
            return await handler(request)

        return guarded

    def _require_access(self, request: web.Request) -> None:
        if self._is_denied(request):
            raise web.HTTPNotFound

    def _is_denied(self, request: web.Request) -> bool:
        return self.classify(request) is not ClientOrigin.device and self._guest(request) is None

    def _require_device(self, request: web.Request) -> None:
        if self.classify(request) is not ClientOrigin.device:
            raise web.HTTPNotFound

    def _guest(self, request: web.Request) -> Guest | None:
        if not self.site.lan or self.classify(request) is not ClientOrigin.network:
            return None
        return self.guests.find(request.cookies.get(COOKIE, ""), request.remote or "")

    def _may_see_people(self, request: web.Request) -> bool:
        """Samples of people's tags are shown only on the device's own screen, never sent over the network."""
        return self.classify(request) is ClientOrigin.device
