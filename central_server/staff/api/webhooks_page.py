"""Serve webhooks: receivers, events, deliveries and secrets."""

import secrets

from aiohttp import web

from central_server.accounts.access import Right
from central_server.accounts.money_visibility import sees_money
from central_server.api.webhooks.event_collector import build_trial
from central_server.api.webhooks.events import EVENTS, Event
from central_server.api.webhooks.receiver_addresses import AddressRefused, AddressRules
from central_server.api.webhooks.signature import secret_of
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.staff.places import place_tree
from central_server.store.accounts.audit_actions import (
    DeliveryRepeated,
    WebhookMade,
    WebhookRemoved,
    WebhookSecretChanged,
    WebhookStarted,
    WebhookStopped,
    WebhookTried,
)
from central_server.store.api import deliveries, webhooks
from central_server.store.api.webhooks import Webhook
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from sync_contract.uuid7 import new_id

MAX_AT_PLACE = 20
_MAX_LOG = 50
_OFFERED = tuple(event for event in Event if event is not Event.trial)
_ONE = "/staff/webhooks/{webhook:[0-9a-f]{32}}"


class WebhooksPage:
    """`secret`: the webhooks' own secrets are derived from it."""

    def __init__(self, frame: PageFrame, rules: AddressRules, secret: bytes) -> None:
        self._frame = frame
        self._rules = rules
        self._secret = secret

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page("/staff/webhooks", self._list, Right.govern),
            self._frame.form("/staff/webhooks", self._make, Right.govern),
            self._frame.page(_ONE, self._show, Right.govern),
            self._frame.form(_ONE, self._change, Right.govern),
            self._frame.form(f"{_ONE}/again", self._again, Right.govern),
        ]

    async def _list(self, visitor: Visitor, fault: str = "") -> HtmlPage:
        async with visitor.database.read() as connection:
            known = await webhooks.every(connection, visitor.tops)
            around = await places.every(connection, visitor.tops)
        typed = {name: visitor.form.get(name, "") for name in ("url", "place")}
        chosen = [event for event in _OFFERED if visitor.form.get(f"event-{event.name}") == "on"]
        values = {
            "webhooks": known,
            "places": place_tree.rows(around),
            "names": {place.id: place.names for place in around},
            "events": {event: EVENTS[event] for event in _OFFERED},
            "typed": typed,
            "chosen": chosen,
            "fault": fault,
        }
        return HtmlPage("webhooks.html", values, 422 if fault else 200)

    async def _make(self, visitor: Visitor) -> HtmlPage | Redirect:
        url, place = visitor.form.get("url", "").strip(), visitor.form.get("place", "")
        events = [event.value for event in _OFFERED if visitor.form.get(f"event-{event.name}") == "on"]
        if not events:
            return await self._list(visitor, "events")
        try:
            self._rules.check(url)
        except AddressRefused as error:
            return await self._list(visitor, error.word)
        new = Webhook(new_id(), place, url, " ".join(events), secrets.token_hex(32), visitor.now)
        async with visitor.database.write() as connection:
            await visitor.demand(connection, place)
            if Event.donation_paid in events and not await sees_money(connection, visitor.access, [place]):
                raise web.HTTPNotFound  # it sends single gifts
            await connection.alone("webhooks.make")
            full = sum(each.place == place for each in await webhooks.every(connection, [place])) >= MAX_AT_PLACE
            if not full:
                await webhooks.add(connection, new)
                action = WebhookMade(new.id, url, tuple(new.events.split()))
                await visitor.record(connection, place, action)
        return await self._list(visitor, "too_many") if full else Redirect(f"/staff/webhooks/{new.id}")

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            webhook = await _mine(connection, visitor)
            place = await places.get(connection, webhook.place)
            log = await deliveries.log(connection, webhook.id, _MAX_LOG)
        assert place is not None  # a foreign key
        values = {
            "webhook": webhook,
            "place": place,
            "log": log,
            "events": {event.value: words for event, words in EVENTS.items()},
            "secret": secret_of(self._secret, webhook.salt),
            "now": visitor.now,
        }
        return HtmlPage("webhook.html", values)

    async def _change(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            webhook = await _mine(connection, visitor, lock=True)
            target = f"/staff/webhooks/{webhook.id}"
            match visitor.form.get("action", ""):
                case "stop":
                    if await webhooks.stop(connection, webhook.id, visitor.now, "staff"):
                        await visitor.record(connection, webhook.place, WebhookStopped(webhook.id, webhook.url))
                case "start":
                    if await webhooks.start(connection, webhook.id, visitor.now):
                        await visitor.record(connection, webhook.place, WebhookStarted(webhook.id, webhook.url))
                case "try" if webhook.stopped_at is None:
                    await deliveries.put(connection, [build_trial(webhook, visitor.now)])
                    await visitor.record(connection, webhook.place, WebhookTried(webhook.id, webhook.url))
                case "secret":
                    await webhooks.give_salt(connection, webhook.id, secrets.token_hex(32))
                    await visitor.record(connection, webhook.place, WebhookSecretChanged(webhook.id, webhook.url))
                case "remove":
                    await webhooks.remove(connection, webhook.id)
                    await visitor.record(connection, webhook.place, WebhookRemoved(webhook.id, webhook.url))
                    target = "/staff/webhooks"
                case _:
                    raise web.HTTPBadRequest
        return Redirect(target)

    async def _again(self, visitor: Visitor) -> Redirect:
        delivery = visitor.form.get("delivery", "")
        async with visitor.database.write() as connection:
            webhook = await _mine(connection, visitor, lock=True)
            if webhook.stopped_at is None and await deliveries.again(connection, webhook.id, delivery, visitor.now):
                action = DeliveryRepeated(webhook.id, webhook.url, delivery)
                await visitor.record(connection, webhook.place, action)
        return Redirect(f"/staff/webhooks/{webhook.id}")


async def _mine(connection: Connection, visitor: Visitor, *, lock: bool = False) -> Webhook:
    """Raises HTTPNotFound."""
    webhook = await webhooks.get(connection, visitor.request.match_info["webhook"], lock=lock)
    if webhook is None:
        raise web.HTTPNotFound
    await visitor.demand(connection, webhook.place)
    return webhook
