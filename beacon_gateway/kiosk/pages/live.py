"""`/live`: server-sent events; each is the whole of what this session should see, never a difference.

`{"view": "attract", "html": …}` replaces the content of the page that shows that view; `{"go": "/thanks"}` leaves it;
`{"news": …}` fills the banner of a page on which somebody is busy while another scene waits.
"""

import json
from collections.abc import AsyncGenerator

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Giving, Projects
from beacon_gateway.kiosk.pages.attract import attract_view
from beacon_gateway.kiosk.pages.handoff import handoff_view
from beacon_gateway.kiosk.responder import COOKIE, SESSION, Answer
from beacon_gateway.kiosk.stage import Stage
from daemonkit.web import event_stream
from kiosk_ui.giving_views import Handoff, Thanks
from kiosk_ui.hall_views import Attract, News
from sync_contract.records import Door

MINUTES_S = 10.0
"""Seconds after which a page with a code is looked at anew: its minutes pass in a quiet hall, too."""


def live(answer: Answer, stage: Stage, projects: Projects, giving: Giving) -> Handler:
    """`?view=` names the view of the page that follows, `project=` what it is about.

    Without a view, a session that holds a gift follows the gift.
    """

    def now(request: web.Request) -> dict[str, str] | None:
        session = request[SESSION]
        gift = session.gift
        wanted = request.query.get("view", Attract.template if gift is None else Handoff.template)
        known = handoff_view(gift, giving, answer.now() - session.gift_at) if gift is not None else None
        if isinstance(known, Thanks) and wanted in (Attract.template, Handoff.template):
            return {"go": "/thanks"}
        if wanted == Handoff.template:
            if isinstance(known, Handoff):
                return {"view": Handoff.template, "html": answer.part(request, known), "news": news(request)}
            return None  # its session is gone (we were restarted): the code on the screen still holds
        if wanted != Attract.template:
            return {"news": news(request)}
        if request.cookies.get(COOKIE, session.id) != session.id:  # gone as well: that page's forms are void
            return {"go": "/"}
        view = attract_view(session, stage, projects, giving, answer.now())
        about = ("" if view.shown is None else view.shown.id) + (" held" if view.held else "")
        return {"view": Attract.template, "html": answer.kept_part(request, view, about)}

    def news(request: web.Request) -> str:
        """A scene that somebody walked up to, behind a page that is about something else."""
        scene = stage.scene
        waiting = projects.get(scene.project) if scene.project is not None else None
        if waiting is None or scene.door is Door.touch or waiting.id == request.query.get("project"):
            return answer.news(request, None)
        return answer.news(request, News(waiting, scene.door))

    async def messages(request: web.Request) -> AsyncGenerator[str]:
        said = None
        counts = request[SESSION].gift is not None
        with request[SESSION].followed():
            async for _ in stage.changes(every_s=MINUTES_S if counts else None):
                say = now(request)
                if say is not None and say != said:
                    said = say
                    yield json.dumps(say, ensure_ascii=False)

    async def get(request: web.Request) -> web.StreamResponse:
        return await event_stream(request, messages(request))

    return get
