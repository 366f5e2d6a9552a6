"""The sandbox's pay page for donors."""

import secrets
import time
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from central_server.bank_emulator.notification_sender import NotificationSender
from central_server.bank_emulator.orders import Order, OrderBook
from central_server.bank_emulator.page_style import language, render, serve_style
from central_server.bank_emulator.texts import TEXTS
from daemonkit.web import RULES, csrf_token, read_form
from kiosk_ui.number_format import money
from sync_contract.money import Money


@dataclass(frozen=True, slots=True)
class PayPages:
    orders: OrderBook
    notifications: NotificationSender

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/pay/{order}", self._show),
            web.post("/pay/{order}", self._decide),
            web.get("/static/bank.css", serve_style),
        ]

    async def _show(self, request: web.Request) -> web.Response:
        order = self.orders.get(request.match_info["order"])
        if order is None:
            return page(request, 404, message="unknown")
        order = order.at(time.time())
        token = csrf_token(request.config_dict[RULES], order.id)
        amount = money(Money(order.amount_minor, order.currency), language(request))
        message = "" if order.state == "open" else order.state
        return page(request, 200, order=order, csrf=token, amount=amount, message=message)

    async def _decide(self, request: web.Request) -> web.Response:
        order = self.orders.get(request.match_info["order"])
        if order is None:
            return page(request, 404, message="unknown")
        form = await read_form(request, request.config_dict[RULES], order.id)
        if order.at(time.time()).state == "open":
            self._settle(order, form.get("decision", ""))
        raise web.HTTPSeeOther(order.return_url)

    def _settle(self, order: Order, decision: str) -> None:
        if decision == "confirm":
            paid = replace(order, state="paid", payment=f"P{secrets.randbelow(10**12):012d}")
            self.orders.save(paid)
            self.notifications.begin(paid)
        elif decision == "cancel":
            self.orders.save(replace(order, state="failed"))
        else:
            raise web.HTTPBadRequest


def page(request: web.Request, status: int, *, message: str, **facts: Any) -> web.Response:  # noqa: ANN401  (the template's own)
    values = {"order": None, "csrf": "", "amount": ""} | facts
    return render(request, status, "pay.html", TEXTS, message=message, **values)
