"""`/handoff` and `/thanks`: the gift that this session holds, from the code to the bank's word."""

from aiohttp import web
from aiohttp.typedefs import Handler

from beacon_gateway.donations.ports import Gift, Giving
from beacon_gateway.kiosk.answer import SESSION, Answer, see_other
from kiosk_ui.views import Handoff, Thanks
from sync_contract.records import IntentState


def handoff_view(gift: Gift, giving: Giving) -> Handoff | Thanks:
    """Thanks come only with the bank's word."""
    known = giving.state(gift.intent)
    if known.state is IntentState.paid:
        return Thanks(gift.project, gift.amount, known.slip)
    return Handoff(gift.project, gift.amount, gift.url, known.state, gift.handoff)


def handoff_page(answer: Answer, giving: Giving) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        gift = request[SESSION].gift
        if gift is None:
            return see_other("/")
        view = handoff_view(gift, giving)
        return see_other("/thanks") if isinstance(view, Thanks) else answer.page(request, view)

    return get


def thanks_page(answer: Answer, giving: Giving) -> Handler:
    async def get(request: web.Request) -> web.StreamResponse:
        gift = request[SESSION].gift
        if gift is None:
            return see_other("/")
        view = handoff_view(gift, giving)
        return answer.page(request, view) if isinstance(view, Thanks) else see_other("/handoff")

    return get
