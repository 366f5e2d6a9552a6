"""`/handoff` and `/thanks`: the session's gift, from its code to the bank's confirmation."""

import math
from dataclasses import replace
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Gift, Giving
from beacon_gateway.kiosk.responder import SESSION, Responder, see_other
from beacon_gateway.kiosk.sessions import Session, Sessions
from kiosk_ui.giving_views import Handoff, Thanks
from kiosk_ui.idle_times import IDLE_AT_BANK_S
from sync_contract.records import IntentState
from sync_contract.ticket import FRESH_FOR

WAITING = "waiting"
"""In the query of a page that a browser without JavaScript reloads by itself; a touch never sends it."""
_WARNING_S = 30


def handoff_view(gift: Gift, giving: Giving, age_s: float) -> Handoff | Thanks:
    """Return Thanks only after the bank's confirmation. `age_s`: since the gift began."""
    known = giving.state(gift.intent)
    if known.state is IntentState.paid:
        return Thanks(gift.project, gift.amount, known.slip)
    minutes = max(0, math.ceil((FRESH_FOR.total_seconds() - age_s) / 60))
    code_at = f"{urlsplit(gift.url).netloc.lower()}/t" if known.code else ""
    return Handoff(
        gift.project, gift.amount, gift.url, known.state, gift.handoff, minutes, known.code, code_at, known.ended
    )


def handoff_page(responder: Responder, giving: Giving, sessions: Sessions) -> Handler:
    """Without JavaScript the page cannot ask whether somebody is present: the server then resets an idle session."""

    async def get(request: web.Request) -> web.StreamResponse:
        session = request[SESSION]
        gift = session.gift
        if gift is None:
            return see_other("/")
        age_s = responder.now() - session.gift_at
        view = handoff_view(gift, giving, age_s)
        if isinstance(view, Thanks):
            return see_other("/thanks")
        if WAITING not in request.query or (view.at_bank and age_s < IDLE_AT_BANK_S):
            session.touched_at = responder.now()
        left_s = view.idle_s - (responder.now() - session.touched_at)
        if left_s <= 0:
            return _reset(request, session, sessions)
        closes_in_s = math.ceil(left_s) if left_s <= _WARNING_S else 0
        return responder.render_page(request, replace(view, closes_in_s=closes_in_s), path="/handoff")

    return get


def thanks_page(responder: Responder, giving: Giving, sessions: Sessions) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        session = request[SESSION]
        gift = session.gift
        if gift is None:
            return see_other("/")
        view = handoff_view(gift, giving, responder.now() - session.gift_at)
        if not isinstance(view, Thanks):
            return see_other("/handoff")
        if WAITING in request.query:
            return _reset(request, session, sessions)
        return responder.render_page(request, view)

    return get


def _reset(request: web.Request, session: Session, sessions: Sessions) -> web.Response:
    sessions.drop(session)
    request[SESSION] = sessions.open()
    return see_other("/")
