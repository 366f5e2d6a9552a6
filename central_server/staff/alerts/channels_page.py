"""Manage the channels that get alerts: mail addresses and WeCom groups, each for a place and all below it."""

import re
from dataclasses import dataclass

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.notifier import AlertNotifier
from central_server.staff.alerts.alert_wording import write_test_message
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.staff.frame.render import StaffTemplates
from central_server.staff.places import place_tree
from central_server.store.accounts import audit_actions
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Channel
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.placeholders import has_placeholder
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id

_AT = "/staff/channels"
_MAX_AT_PLACE = 20
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{4,180}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""A valid e-mail address of HTML (WHATWG); it cannot contain a line break, which would end a mail header."""
_KEY = re.compile(r"(?:.*[?&]key=)?([0-9a-fA-F-]{16,64})")
"""The robot's key, or the complete address that WeCom shows."""


@dataclass(frozen=True, slots=True)
class ChannelsPage:
    """`real`: gifts are real, so addresses that come with the software are refused."""

    frame: PageFrame
    templates: StaffTemplates
    notifier: AlertNotifier
    real: bool

    def routes(self) -> list[web.RouteDef]:
        frame = self.frame
        return [
            frame.page(_AT, self._list, Right.govern),
            frame.form(_AT, self._make, Right.govern),
            frame.form(_AT + "/{channel:[0-9a-f]{32}}", self._change, Right.govern),
        ]

    async def _list(self, visitor: Visitor, fault: str = "", tested: str = "", error: str = "") -> HtmlPage:
        async with visitor.database.read() as connection:
            every = await alerts.channels(connection, visitor.tops)
            around = await places.every(connection, visitor.tops)
        names = ("kind", "address", "place", "language", "money", "families")
        values = {
            "channels": every,
            "kinds": sorted(self.notifier.senders),
            "places": place_tree.rows(around),
            "names": {place.id: place.names for place in around},
            "typed": {name: visitor.form.get(name, "") for name in names},
            "fault": fault,
            "tested": tested,
            "error": error,
            "masked": masked,
            "may_see_families": visitor.access.has(Right.families),
            "may_see_money": visitor.access.has(Right.money),
        }
        return HtmlPage("channels.html", values, 422 if fault or error else 200)

    async def _make(self, visitor: Visitor) -> HtmlPage | Redirect:
        form = visitor.form
        kind, place, language = form.get("kind", ""), form.get("place", ""), form.get("language", "")
        if kind not in self.notifier.senders or language not in list(Language):
            return await self._list(visitor, "kind")
        address = form.get("address", "").strip()
        found = _MAIL.fullmatch(address) if kind == "mail" else _KEY.fullmatch(address)
        if found is None:
            return await self._list(visitor, f"address_{kind}")
        if self.real and has_placeholder([address]):
            return await self._list(visitor, "placeholder")
        address = address if kind == "mail" else found[1]
        money, families = form.get("money") == "on", form.get("families") == "on"
        account = visitor.access.account
        new = Channel(new_id(), place, kind, address, language, money, families, visitor.now, account)
        async with visitor.database.write() as connection:
            await visitor.demand(connection, place)
            above = await places.ancestors(connection, place)
            for subject, asked in ((Right.money, money), (Right.families, families)):
                if asked and not visitor.access.may(subject, above):
                    return await self._list(visitor, subject.value)
            await connection.alone("alerts")
            existing = [each for each in await alerts.channels(connection, [place]) if each.place == place]
            if len(existing) >= _MAX_AT_PLACE:
                return await self._list(visitor, "too_many")
            if any((each.kind, each.address) == (kind, address) for each in existing):
                return await self._list(visitor, "twice")
            await alerts.add_channel(connection, new)
            await visitor.record(connection, place, audit_actions.ChannelAdded(new.id, kind, masked(new)))
        return Redirect(_AT)

    async def _change(self, visitor: Visitor) -> HtmlPage | Redirect:
        match visitor.form.get("action", ""):
            case "test":
                async with visitor.database.read() as connection:
                    channel = await _requested_channel(connection, visitor)
                    place = await places.get(connection, channel.place)
                names = None if place is None or place.id == TOP else place.names
                message = write_test_message(self.templates, Language(channel.language), names)
                error = await self.notifier.send_test(channel, message, visitor.now)
                action = audit_actions.ChannelTried(channel.id, channel.kind, masked(channel))
                async with visitor.database.write() as connection:
                    await visitor.record(connection, channel.place, action)
                return await self._list(visitor, tested=channel.id, error=error)
            case "remove":
                async with visitor.database.write() as connection:
                    channel = await _requested_channel(connection, visitor)
                    await connection.alone("alerts")
                    await alerts.remove_channel(connection, channel.id)
                    removed = audit_actions.ChannelRemoved(channel.id, channel.kind, masked(channel))
                    await visitor.record(connection, channel.place, removed)
                return Redirect(_AT)
        raise web.HTTPBadRequest


def masked(channel: Channel) -> str:
    """Hide a robot's key, which is a secret, except its last four characters."""
    return channel.address if channel.kind == "mail" else f"…{channel.address[-4:]}"


async def _requested_channel(connection: Connection, visitor: Visitor) -> Channel:
    """Raises HTTPNotFound."""
    channel = await alerts.channel(connection, visitor.request.match_info["channel"])
    if channel is None:
        raise web.HTTPNotFound
    await visitor.demand(connection, channel.place)
    return channel
