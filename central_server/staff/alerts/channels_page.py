"""Who is told when something waits: mail addresses and 企業微信 groups, each for a place and all below it."""

import re
from dataclasses import dataclass

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.notifier import Telling
from central_server.staff.alerts.alert_wording import trial
from central_server.staff.frame.page_frame import Desk, Onward, Shown, Visitor
from central_server.staff.frame.render import StaffTemplates
from central_server.staff.places import place_tree
from central_server.store.accounts import audit_trail
from central_server.store.alerts import alerts
from central_server.store.alerts.alerts import Channel
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.strict_model import Language
from sync_contract.uuid7 import new_id

_AT = "/staff/channels"
_MOST_AT_A_PLACE = 20
_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{4,180}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""What HTML takes for a mail address (WHATWG, valid e-mail address); nothing that could end a line of a header."""
_KEY = re.compile(r"(?:.*[?&]key=)?([0-9a-fA-F-]{16,64})")
"""The robot's key, or the whole address that 企業微信 shows."""


@dataclass(frozen=True, slots=True)
class ChannelsPage:
    desk: Desk
    templates: StaffTemplates
    telling: Telling

    def routes(self) -> list[web.RouteDef]:
        desk = self.desk
        return [
            desk.page(_AT, self._list, Right.govern),
            desk.form(_AT, self._make, Right.govern),
            desk.form(_AT + "/{channel:[0-9a-f]{32}}", self._change, Right.govern),
        ]

    async def _list(self, visitor: Visitor) -> Shown:
        return await self._listed(visitor)

    async def _listed(self, visitor: Visitor, fault: str = "", tried: str = "", trouble: str = "") -> Shown:
        async with visitor.database.read() as connection:
            every = await alerts.channels(connection, visitor.tops)
            around = await places.every(connection, visitor.tops)
        names = ("kind", "address", "place", "language", "money")
        values = {
            "channels": every,
            "kinds": sorted(self.telling.senders),
            "places": place_tree.rows(around),
            "names": {place.id: place.names for place in around},
            "typed": {name: visitor.form.get(name, "") for name in names},
            "fault": fault,
            "tried": tried,
            "trouble": trouble,
            "masked": masked,
        }
        return Shown("channels.html", values, 422 if fault or trouble else 200)

    async def _make(self, visitor: Visitor) -> Shown | Onward:
        form = visitor.form
        kind, place, language = form.get("kind", ""), form.get("place", ""), form.get("language", "")
        if kind not in self.telling.senders or language not in list(Language):
            return await self._listed(visitor, "kind")
        address = form.get("address", "").strip()
        found = _MAIL.fullmatch(address) if kind == "mail" else _KEY.fullmatch(address)
        if found is None:
            return await self._listed(visitor, f"address_{kind}")
        address = address if kind == "mail" else found[1]
        money = form.get("money") == "on"
        account = visitor.access.account
        new = Channel(new_id(), place, kind, address, language, money, visitor.now, account)
        async with visitor.database.write() as connection:
            await visitor.demand(connection, place)
            await connection.alone("alerts")
            here = [each for each in await alerts.channels(connection, [place]) if each.place == place]
            if len(here) >= _MOST_AT_A_PLACE:
                return await self._listed(visitor, "too_many")
            if any((each.kind, each.address) == (kind, address) for each in here):
                return await self._listed(visitor, "twice")
            await alerts.add_channel(connection, new)
            await audit_trail.record(connection, visitor.did("channel.add", place, new.id, f"{kind} {masked(new)}"))
        return Onward(_AT)

    async def _change(self, visitor: Visitor) -> Shown | Onward:
        match visitor.form.get("deed", ""):
            case "try":
                async with visitor.database.read() as connection:
                    channel = await _mine(connection, visitor)
                    place = await places.get(connection, channel.place)
                called = None if place is None or place.id == TOP else place.names
                message = trial(self.templates, Language(channel.language), called)
                trouble = await self.telling.try_out(channel, message, visitor.now)
                told = f"{channel.kind} {masked(channel)}"
                async with visitor.database.write() as connection:
                    await audit_trail.record(connection, visitor.did("channel.try", channel.place, channel.id, told))
                return await self._listed(visitor, tried=channel.id, trouble=trouble)
            case "remove":
                async with visitor.database.write() as connection:
                    channel = await _mine(connection, visitor)
                    await connection.alone("alerts")
                    await alerts.remove_channel(connection, channel.id)
                    told = f"{channel.kind} {masked(channel)}"
                    await audit_trail.record(connection, visitor.did("channel.remove", channel.place, channel.id, told))
                return Onward(_AT)
        raise web.HTTPBadRequest


def masked(channel: Channel) -> str:
    """A robot's key is a secret: its end is enough to know it by."""
    return channel.address if channel.kind == "mail" else f"…{channel.address[-4:]}"


async def _mine(connection: Connection, visitor: Visitor) -> Channel:
    """Raises HTTPNotFound."""
    channel = await alerts.channel(connection, visitor.request.match_info["channel"])
    if channel is None:
        raise web.HTTPNotFound
    await visitor.demand(connection, channel.place)
    return channel
