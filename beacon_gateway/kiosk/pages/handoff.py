"""`/handoff` and `/thanks`: the gift that this session holds, from the code to the bank's word."""

import math
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Gift, Giving
from beacon_gateway.kiosk.answer import SESSION, Answer, see_other
from kiosk_ui.views import Handoff, Thanks
from sync_contract.records import IntentState
from sync_contract.ticket import FRESH_FOR


def handoff_view(gift: Gift, giving: Giving, age_s: float) -> Handoff | Thanks:
    """Thanks come only with the bank's word. `age_s`: since the gift began."""
    known = giving.state(gift.intent)
    if known.state is IntentState.paid:
        return Thanks(gift.project, gift.amount, known.slip)
    minutes = max(0, math.ceil((FRESH_FOR.total_seconds() - age_s) / 60))
    where = f"{urlsplit(gift.url).netloc.lower()}/t" if known.code else ""
    return Handoff(gift.project, gift.amount, gift.url, known.state, gift.handoff, minutes, known.code, where)


def handoff_page(answer: Answer, giving: Giving) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        session = request[SESSION]
        gift = session.gift
        if gift is None:
            return see_other("/")
        view = handoff_view(gift, giving, answer.now() - session.gift_at)
        return see_other("/thanks") if isinstance(view, Thanks) else answer.page(request, view)

    return get


def thanks_page(answer: Answer, giving: Giving) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        session = request[SESSION]
        gift = session.gift
        if gift is None:
            return see_other("/")
        view = handoff_view(gift, giving, answer.now() - session.gift_at)
        return answer.page(request, view) if isinstance(view, Thanks) else see_other("/handoff")

    return get
