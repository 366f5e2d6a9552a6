"""`/site`: how this device is, for those who stand beside it; for the local network only behind a PIN of its screen."""

import asyncio
import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from markupsafe import Markup

from beacon_gateway.kiosk.client_origin import From, asked_from
from beacon_gateway.kiosk.decision_view import STYLESHEET
from beacon_gateway.kiosk.pages.decision_trace import trace_css, trace_json, trace_svg
from beacon_gateway.kiosk.pin import Guest, Guests, Pins
from beacon_gateway.kiosk.reason_wording import clauses
from beacon_gateway.kiosk.responder import SESSION, Answer, see_other
from beacon_gateway.kiosk.screen_health import Screen
from beacon_gateway.kiosk.sessions import Sessions
from beacon_gateway.kiosk.site_status import Site
from beacon_gateway.presence.explain.decision_wording import numbers
from beacon_gateway.presence.trace import Decision, What
from daemonkit.web import event_stream
from daemonkit.web.web_rules import peer
from kiosk_ui.site_views import Connected, DecisionLine, SiteDoorPage, SitePage, SitePinPage, SiteWhyPage

log = structlog.get_logger()
COOKIE = "site_guest"
_EVERY_S = 2.0
_DECISIONS = 30


@dataclass(frozen=True, slots=True)
class SitePages:
    site: Site
    answer: Answer
    screen: Screen
    sessions: Sessions
    pins: Pins = field(default_factory=Pins)
    guests: Guests = field(default_factory=Guests)

    def routes(self) -> list[web.RouteDef]:
        routes = [
            web.get("/site", self.show),
            web.get("/site/live", self.live),
            web.get("/site/why", self.why),
            web.get("/site/trace.json", self._inside(trace_json(self.site.why))),
            web.get("/site/trace.svg", self._inside(trace_svg(self.site.why, self._people))),
            web.get(STYLESHEET, self._inside(trace_css())),
        ]
        if self.site.lan:
            routes += [
                web.get("/site/pin", self.pin),
                web.post("/site/pin", self.make_pin),
                web.post("/site/enter", self.enter),
                web.post("/site/leave", self.leave),
            ]
        return routes

    async def show(self, request: web.Request) -> web.StreamResponse:
        if self.site.lan and asked_from(request) is From.network and self._guest(request) is None:
            return self.answer.page(request, SiteDoorPage())
        self._demand(request)
        return self.answer.page(request, await self._view(request))

    async def live(self, request: web.Request) -> web.StreamResponse:
        """The whole of the page every two seconds, for as long as the guest may see it."""

        async def messages() -> AsyncGenerator[str]:
            with request[SESSION].followed():
                while not self._shut(request):
                    html = self.answer.part(request, await self._view(request))
                    yield json.dumps({"view": SitePage.template, "html": html}, ensure_ascii=False)
                    await asyncio.sleep(_EVERY_S)
                yield json.dumps({"go": "/site"})

        self._demand(request)
        return await event_stream(request, messages())

    async def why(self, request: web.Request) -> web.StreamResponse:
        self._demand(request)
        why = self.site.why
        picture = Markup(why.picture(people=self._people(request)))  # noqa: S704  # it escapes what it is told
        decisions = reversed(why.trace.decisions[-_DECISIONS:])
        page = SiteWhyPage(
            self._guest(request) is not None, picture, STYLESHEET, tuple(self._line(each) for each in decisions)
        )
        return self.answer.page(request, page)

    async def pin(self, request: web.Request) -> web.StreamResponse:
        """On the screen alone: whoever reads it stands there."""
        self._on_the_device(request)
        digits, left_s = self.pins.shown() or ("", 0.0)
        return self.answer.page(request, SitePinPage(digits, -int(-left_s // 60), self.site.addresses))

    async def make_pin(self, request: web.Request) -> web.StreamResponse:
        self._on_the_device(request)
        await self.answer.form(request)
        self.pins.make()
        return see_other("/site/pin")

    async def enter(self, request: web.Request) -> web.StreamResponse:
        if asked_from(request) is not From.network:
            raise web.HTTPNotFound
        form = await self.answer.form(request)
        address = request.remote or ""
        if wait := self.pins.wait(peer(address)):
            return self.answer.page(request, SiteDoorPage(wait_s=int(wait) + 1), 429)
        if not self.pins.right("".join(form.get("pin", "").split())):
            return self.answer.page(request, SiteDoorPage(wrong=True), 403)
        guest = self.guests.open(address)
        log.info("site.entered", client=peer(address))
        onward = see_other("/site")
        onward.headers.add("Set-Cookie", f"{COOKIE}={guest.token}; Path=/site; HttpOnly; SameSite=Strict")
        return onward

    async def leave(self, request: web.Request) -> web.StreamResponse:
        await self.answer.form(request)
        if (guest := self._guest(request)) is not None:
            self.guests.drop(guest)
        return see_other("/site")

    async def _view(self, request: web.Request) -> SitePage:
        site = self.site
        screen = self.screen.describe()
        now = self.guests.now()
        staff = tuple((each.address, int((now - each.since) // 60)) for each in self.guests.all())
        return SitePage(
            guest=self._guest(request) is not None,
            versions=site.versions,
            at=datetime.now().astimezone(),
            shown=site.title(site.why.chosen().project),
            why=clauses(site.why.chosen().reason),
            held=clauses(site.why.held()),
            radio=site.radio(),
            sync=await site.sync_now(),
            stages=site.stages(),
            connected=Connected(int(screen["silent_s"]), screen["behind_s"] > 0, self.sessions.followed(), staff),
            pin=site.lan and asked_from(request) is From.device,
        )

    def _line(self, decision: Decision) -> DecisionLine:
        shown = decision.what is What.shown
        labels = {each.id: each.label for each in self.site.why.trace.beacons}
        before, after = (
            (self.site.title(word) if shown else word or None) for word in (decision.before, decision.after)
        )
        return DecisionLine(
            ago_s=int(max(0.0, self.site.clock() - decision.at)),
            what=decision.what.value,
            who="" if decision.beacon is None else labels.get(decision.beacon, str(decision.beacon)),
            tag_class=decision.tag_class,
            before=before,
            after=after,
            numbers=numbers(decision),
            why=clauses(decision.rule) if shown else (),
        )

    def _inside(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            self._demand(request)
            return await handler(request)

        return guarded

    def _demand(self, request: web.Request) -> None:
        if self._shut(request):
            raise web.HTTPNotFound

    def _shut(self, request: web.Request) -> bool:
        return asked_from(request) is not From.device and self._guest(request) is None

    def _on_the_device(self, request: web.Request) -> None:
        if asked_from(request) is not From.device:
            raise web.HTTPNotFound

    def _guest(self, request: web.Request) -> Guest | None:
        if not self.site.lan or asked_from(request) is not From.network:
            return None
        return self.guests.find(request.cookies.get(COOKIE, ""), request.remote or "")

    @staticmethod
    def _people(request: web.Request) -> bool:
        """Samples of people's tags are for the screen beside which they stand, never for the wire."""
        return asked_from(request) is From.device
