"""`/live`: server-sent events; each is the whole of what this session should see, never a difference.

`{"view": "attract", "html": …}` replaces the content of the page that shows that view; `{"go": "/thanks"}` leaves it.
"""

import json
from collections.abc import AsyncIterator

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Giving, Projects
from beacon_gateway.kiosk.answer import COOKIE, SESSION, Answer
from beacon_gateway.kiosk.pages.attract import attract_view
from beacon_gateway.kiosk.pages.handoff import handoff_view
from beacon_gateway.kiosk.stage import Stage
from daemonkit.web import event_stream
from kiosk_ui.views import Attract, Handoff, Thanks


def live(answer: Answer, stage: Stage, projects: Projects, giving: Giving) -> Handler:
    """`?view=` names the view of the page that follows; without it a session that holds a gift follows the gift."""

    def now(request: web.Request) -> dict[str, str] | None:
        session, wanted = request[SESSION], request.query.get("view")
        gift = session.gift
        known = handoff_view(gift, giving) if gift is not None else None
        if isinstance(known, Thanks):
            return {"go": "/thanks"}
        if isinstance(known, Handoff) and wanted != Attract.template:
            return {"view": Handoff.template, "html": answer.part(request, known)}
        if wanted == Handoff.template:  # its session is gone (we were restarted): the code on the screen still holds
            return None
        if request.cookies.get(COOKIE, session.id) != session.id:  # gone as well: that page's forms are void
            return {"go": "/"}
        view = attract_view(session, stage, projects)
        return {"view": Attract.template, "html": answer.part(request, view)}

    async def messages(request: web.Request) -> AsyncIterator[str]:
        said = None
        with request[SESSION].followed():
            async for _ in stage.changes():
                say = now(request)
                if say is not None and say != said:
                    said = say
                    yield json.dumps(say, ensure_ascii=False)

    async def get(request: web.Request) -> web.StreamResponse:
        return await event_stream(request, messages(request))

    return get
