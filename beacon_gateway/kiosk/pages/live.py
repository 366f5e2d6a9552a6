"""`/live`: server-sent events; each contains everything that this session should see, never a difference.

`{"view": "attract", "html": …}` replaces the content of the page that shows that view; `{"go": "/thanks"}` leaves it;
`{"idle": …}` sets the seconds without a touch until any page is reset, 0 for the page's own;
`{"news": …}` fills the banner of a page that is in use while another scene waits.
"""

import json
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Giving, Projects
from beacon_gateway.kiosk.current_scene import CurrentScene
from beacon_gateway.kiosk.pages.attract import attract_view
from beacon_gateway.kiosk.pages.check_in import ShowCode, check_in_view, seconds_to_next
from beacon_gateway.kiosk.pages.handoff import handoff_view
from beacon_gateway.kiosk.responder import COOKIE, SESSION, Responder
from beacon_gateway.kiosk.sessions import Session, Sessions
from daemonkit.web import stream_events
from kiosk_ui.check_in_views import CheckInPage
from kiosk_ui.giving_views import Handoff, Thanks
from kiosk_ui.hall_views import Attract, News
from kiosk_ui.idle_times import IDLE_AT_BANK_S
from kiosk_ui.notice_views import NoticeKind, NoticePage
from sync_contract.records import Door


@dataclass(frozen=True, slots=True)
class LiveTimings:
    """`minutes_s`: interval in seconds at which a page with a code, or with the way back to one, is updated."""

    minutes_s: float = 10.0

    def interval_s(self, session: Session) -> float | None:
        """Return the interval of the session's page; None where time alone changes nothing."""
        return self.minutes_s if session.gift is not None or session.declined is not None else None


def live_stream(
    responder: Responder,
    sessions: Sessions,
    current_scene: CurrentScene,
    projects: Projects,
    giving: Giving,
    timings: LiveTimings,
    show_code: ShowCode | None = None,
) -> Handler:
    """`?view=` names the view of the page that follows, `project=` its project.

    Without a view, a session with a gift follows the gift.
    """

    def build_message(request: web.Request) -> dict[str, str | int] | None:
        session = request[SESSION]
        gift = session.gift
        followed = request.query.get("view", Attract.template if gift is None else Handoff.template)
        known = handoff_view(gift, giving, responder.now() - session.gift_at) if gift is not None else None
        idle = IDLE_AT_BANK_S if isinstance(known, Handoff) and known.at_bank else 0
        if isinstance(known, Thanks) and followed in (Attract.template, Handoff.template):
            return {"go": "/thanks"}
        if followed == Handoff.template:
            shown = known if isinstance(known, Handoff) else NoticePage(NoticeKind.restarted)
            html = responder.render_main(request, shown)
            news = render_news(request)
            return {"view": Handoff.template, "html": html, "idle": idle, "news": news}
        if followed == CheckInPage.template and show_code is not None:
            html = responder.render_main(request, check_in_view(show_code()))
            return {"view": CheckInPage.template, "html": html, "idle": idle, "news": render_news(request)}
        if followed != Attract.template:
            return {"idle": idle, "news": render_news(request)}
        if request.cookies.get(COOKIE, session.id) != session.id:  # lost too: the forms of that page are void
            return {"go": "/"}
        view = attract_view(session, sessions, current_scene, projects, giving)
        return {"view": Attract.template, "html": responder.render_main(request, view), "idle": idle}

    def render_news(request: web.Request) -> str:
        """Announce a scene that somebody caused behind a page about another project."""
        scene = current_scene.scene
        waiting = projects.get(scene.project) if scene.project is not None else None
        if waiting is None or scene.door is Door.touch or waiting.id == request.query.get("project"):
            return responder.render_news(request, None)
        return responder.render_news(request, News(waiting, scene.door))

    async def messages(request: web.Request) -> AsyncGenerator[str]:
        last = None
        with request[SESSION].following():
            async for _ in current_scene.changes(lambda: _interval_s(request, timings, show_code)):
                message = build_message(request)
                if message is not None and message != last:
                    last = message
                    yield json.dumps(message, ensure_ascii=False)

    async def get(request: web.Request) -> web.StreamResponse:
        return await stream_events(request, messages(request))

    return get


def _interval_s(request: web.Request, timings: LiveTimings, show_code: ShowCode | None) -> float | None:
    """Return after how many seconds the request's page is updated though nothing happened; None: never."""
    if show_code is not None and request.query.get("view") == CheckInPage.template:
        return seconds_to_next(show_code())
    return timings.interval_s(request[SESSION])
