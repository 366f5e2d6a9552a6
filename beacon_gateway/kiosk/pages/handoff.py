"""`/handoff` and `/thanks`: the gift that this session holds, from the code to the bank's word."""

import math
from dataclasses import replace
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Gift, Giving
from beacon_gateway.kiosk.responder import SESSION, Answer, see_other
from beacon_gateway.kiosk.sessions import Session, Sessions
from kiosk_ui.giving_views import Handoff, Thanks
from kiosk_ui.idle_time import IDLE_WITH_CODE_S
from sync_contract.records import IntentState
from sync_contract.ticket import FRESH_FOR

WAITING = "waiting"
"""In the query of a page that a browser without JavaScript asks for by itself, not because somebody touched it."""
_ASKED_BEFORE_S = 30


def handoff_view(gift: Gift, giving: Giving, age_s: float) -> Handoff | Thanks:
    """Thanks come only with the bank's word. `age_s`: since the gift began."""
    known = giving.state(gift.intent)
    if known.state is IntentState.paid:
        return Thanks(gift.project, gift.amount, known.slip)
    minutes = max(0, math.ceil((FRESH_FOR.total_seconds() - age_s) / 60))
    where = f"{urlsplit(gift.url).netloc.lower()}/t" if known.code else ""
    return Handoff(
        gift.project, gift.amount, gift.url, known.state, gift.handoff, minutes, known.code, where, known.ended
    )


def handoff_page(answer: Answer, giving: Giving, sessions: Sessions) -> Handler:
    """Without JavaScript nobody asks in the page whether somebody is still there: then the server does."""

    async def get(request: web.Request) -> web.StreamResponse:
        session = request[SESSION]
        gift = session.gift
        if gift is None:
            return see_other("/")
        view = handoff_view(gift, giving, answer.now() - session.gift_at)
        if isinstance(view, Thanks):
            return see_other("/thanks")
        if WAITING not in request.query:
            session.touched_at = answer.now()
        left_s = IDLE_WITH_CODE_S - (answer.now() - session.touched_at)
        if left_s <= 0:
            return _forget(request, session, sessions)
        asks_s = math.ceil(left_s) if left_s <= _ASKED_BEFORE_S else 0
        return answer.page(request, replace(view, asks_s=asks_s), path="/handoff")

    return get


def thanks_page(answer: Answer, giving: Giving, sessions: Sessions) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        session = request[SESSION]
        gift = session.gift
        if gift is None:
            return see_other("/")
        view = handoff_view(gift, giving, answer.now() - session.gift_at)
        if not isinstance(view, Thanks):
            return see_other("/handoff")
        return _forget(request, session, sessions) if WAITING in request.query else answer.page(request, view)

    return get


def _forget(request: web.Request, session: Session, sessions: Sessions) -> web.Response:
    sessions.drop(session)
    request[SESSION] = sessions.open()
    return see_other("/")
