"""One gateway: how it is, its keys, and the deeds upon it, each asked for twice."""

import json
from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.tasks import Matter, Task
from central_server.enrolment import enrolment_codes, gateway_keys
from central_server.enrolment.enrolment_codes import LASTS, Inviting
from central_server.enrolment.gateway_status import survey_one
from central_server.staff.enrolment.gateways_page import fits_label
from central_server.staff.frame.overview_page import state
from central_server.staff.frame.page_frame import Desk, Onward, Sent, Shown, Visitor
from central_server.store.accounts import audit_trail
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways, issued_codes, rejected_requests
from central_server.store.enrolment.gateways import Gateway
from central_server.store.enrolment.rejected_requests import RejectedParcel
from central_server.store.parcels import parcels
from central_server.store.places import places
from central_server.store.places.places import Place, PlaceKind
from sync_contract.enrolment import grouped

_ONE = "/staff/gateways/{gateway:[0-9a-f]{16}}"
_KEY = _ONE + "/keys/{key:[0-9a-f]{16}}/revoke"


class GatewayPage:
    def __init__(self, desk: Desk, inviting: Inviting) -> None:
        self._desk = desk
        self._inviting = inviting

    def routes(self) -> list[web.RouteDef]:
        return [
            self._desk.page(_ONE, self._show),
            self._desk.page(f"{_ONE}/code", self._ask_code, Right.edit),
            self._desk.form(f"{_ONE}/code", self._make_code, Right.edit),
            self._desk.page(f"{_ONE}/code/state", self._code_state, Right.edit),
            self._desk.page(f"{_ONE}/revoke", self._ask_revoke, Right.edit),
            self._desk.form(f"{_ONE}/revoke", self._revoke, Right.edit),
            self._desk.page(f"{_ONE}/change", self._ask_change, Right.edit),
            self._desk.form(f"{_ONE}/change", self._change, Right.edit),
            self._desk.page(f"{_ONE}/retire", self._ask_retire, Right.edit),
            self._desk.form(f"{_ONE}/retire", self._retire, Right.edit),
            self._desk.page(_KEY, self._ask_revoke_key, Right.edit),
            self._desk.form(_KEY, self._revoke_key, Right.edit),
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            gateway = await asked(connection, visitor)
            here = await survey_one(connection, gateway, visitor.now)
            place = await places.get(connection, gateway.site or gateway.community)
            above = await places.ancestors(connection, gateway.community)
            code = await issued_codes.newest(connection, gateway.id)
            noticed = await rejected_requests.lately(connection, visitor.now, gateway.id)
            twins: tuple[str, ...] = ()
            if here.fork is not None and here.fork.forked_n is not None:
                twins = await parcels.of_number(connection, gateway.id, here.fork.epoch, here.fork.forked_n)
        return Shown(
            "gateway.html",
            {
                "now": visitor.now,
                "here": here,
                "gateway": gateway,
                "place": place,
                "state": state(here),
                "twins": twins,
                "noticed": [_task(gateway, each) for each in noticed],
                "code": code if code is not None and code.waits(visitor.now) else None,
                "edits": visitor.access.may(Right.edit, above),
                "clock_off": timedelta(seconds=abs(here.report.clock_off_s) if here.report else 0),
                "uptime": timedelta(seconds=here.report.uptime_s if here.report else 0),
            },
        )

    async def _ask_code(self, visitor: Visitor) -> Shown:
        return await self._ask(visitor, "code")

    async def _make_code(self, visitor: Visitor) -> Shown:
        """The code stands on this one answer and nowhere else."""
        async with visitor.database.write() as connection:
            gateway = await asked(connection, visitor)
            if gateway.retired_at is not None:
                raise web.HTTPNotFound
            code = await enrolment_codes.make_code(connection, gateway, visitor.access.account, visitor.now)
            line = visitor.did("gateway.invite", gateway.community, gateway.id, f"label: {gateway.label}")
            await audit_trail.record(connection, line)
        import segno  # seldom: one in a gateway's life

        invitation = self._inviting.invitation(code)
        picture = segno.make(invitation.text(), error="m", micro=False)
        return Shown(
            "gateway_code.html",
            {
                "gateway": gateway,
                "code": grouped(code),
                "url": invitation.url,
                "near": not invitation.url.startswith("https://"),
                "fingerprint": grouped(invitation.fingerprint),
                "picture": picture.svg_data_uri(scale=4, border=4, dark="#2b211b", light="#ffffff"),
                "seconds": int(LASTS.total_seconds()),
                "ends_at": visitor.now + LASTS,
            },
        )

    async def _code_state(self, visitor: Visitor) -> Sent:
        """What became of the newest code: for the open page that shows it."""
        async with visitor.database.read() as connection:
            gateway = await asked(connection, visitor)
            code = await issued_codes.newest(connection, gateway.id)
        word = "none" if code is None else "used" if code.used_at else "waits" if code.waits(visitor.now) else "ended"
        return Sent("code.json", "application/json", json.dumps({"state": word}).encode())

    async def _ask_revoke(self, visitor: Visitor) -> Shown:
        return await self._ask(visitor, "revoke")

    async def _revoke(self, visitor: Visitor) -> Onward:
        async with visitor.database.write() as connection:
            gateway = await asked(connection, visitor)
            count = await gateway_keys.revoke(connection, gateway.id, visitor.now)
            line = visitor.did("gateway.revoke", gateway.community, gateway.id, f"keys: {count}")
            await audit_trail.record(connection, line)
        return Onward(f"/staff/gateways/{gateway.id}")

    async def _ask_change(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            gateway = await asked(connection, visitor)
            given = {"label": gateway.label, "place": gateway.site or gateway.community}
            return await _change_form(connection, visitor, gateway, given)

    async def _change(self, visitor: Visitor) -> Shown | Onward:
        """What it delivered belongs to its community for good: it moves there alone, and not to another one."""
        label, wanted = visitor.form.get("label", "").strip(), visitor.form.get("place", "")
        given = {"label": label, "place": wanted}
        async with visitor.database.write() as connection:
            gateway = await asked(connection, visitor)
            await gateways.lock(connection, gateway.id)
            if not fits_label(label):
                return await _change_form(connection, visitor, gateway, given, "label")
            if wanted not in {place.id for place in await _stands(connection, gateway)}:
                return await _change_form(connection, visitor, gateway, given, "place")
            site = None if wanted == gateway.community else wanted
            if (label, site) != (gateway.label, gateway.site):
                await gateways.change(connection, gateway.id, label, site)
                detail = f"label: {gateway.label} → {label}; place: {gateway.site or gateway.community} → {wanted}"
                await audit_trail.record(
                    connection, visitor.did("gateway.change", gateway.community, gateway.id, detail)
                )
        return Onward(f"/staff/gateways/{gateway.id}")

    async def _ask_retire(self, visitor: Visitor) -> Shown:
        return await self._ask(visitor, "retire")

    async def _retire(self, visitor: Visitor) -> Onward:
        """Locked out and out of the way; or, when it was retired, in service again, to be enrolled with a new code."""
        async with visitor.database.write() as connection:
            gateway = await asked(connection, visitor)
            if gateway.retired_at is None:
                await gateway_keys.revoke(connection, gateway.id, visitor.now)
                await gateways.retire(connection, gateway.id, visitor.now)
            else:
                await gateways.retire(connection, gateway.id, None)
            action = "gateway.retire" if gateway.retired_at is None else "gateway.return"
            line = visitor.did(action, gateway.community, gateway.id, f"label: {gateway.label}")
            await audit_trail.record(connection, line)
        return Onward(f"/staff/gateways/{gateway.id}")

    async def _ask_revoke_key(self, visitor: Visitor) -> Shown:
        return await self._ask(visitor, "key", visitor.request.match_info["key"])

    async def _revoke_key(self, visitor: Visitor) -> Onward:
        key = visitor.request.match_info["key"]
        async with visitor.database.write() as connection:
            gateway = await asked(connection, visitor)
            await gateways.lock(connection, gateway.id)
            if await gateways.holder(connection, gateway.id, key) is None:
                raise web.HTTPNotFound
            await gateways.revoke_key(connection, gateway.id, key, visitor.now, "staff")
            await audit_trail.record(
                connection, visitor.did("key.revoke", gateway.community, gateway.id, f"key: {key}")
            )
        return Onward(f"/staff/gateways/{gateway.id}")

    async def _ask(self, visitor: Visitor, deed: str, key: str = "") -> Shown:
        """What the deed will do, before it is done."""
        async with visitor.database.read() as connection:
            gateway = await asked(connection, visitor)
            here = await survey_one(connection, gateway, visitor.now)
        if key and key not in {each.key for each in here.keys}:
            raise web.HTTPNotFound
        return Shown("gateway_deed.html", {"here": here, "gateway": gateway, "deed": deed, "key": key})


def _task(gateway: Gateway, seen: RejectedParcel) -> Task:
    link = f"/staff/gateways/{gateway.id}"
    about = (gateway.community, gateway.id, gateway.label, link)
    return Task(Matter(seen.what), *about, seen.times, seen.last_at)


async def _stands(connection: Connection, gateway: Gateway) -> list[Place]:
    """Where it may stand: at its community, or at one of its sites."""
    around = await places.every(connection, [gateway.community])
    return [place for place in around if place.kind in (PlaceKind.community, PlaceKind.site)]


async def _change_form(
    connection: Connection, visitor: Visitor, gateway: Gateway, given: Mapping[str, str], fault: str = ""
) -> Shown:
    stands = await _stands(connection, gateway)
    values = {"gateway": gateway, "places": stands, "given": given, "fault": fault}
    return Shown("gateway_change.html", values, 422 if fault else 200)


async def asked(connection: Connection, visitor: Visitor) -> Gateway:
    """Raises HTTPNotFound."""
    gateway = await gateways.get(connection, visitor.request.match_info["gateway"])
    if gateway is None or gateway.kind != gateways.DEVICE:
        raise web.HTTPNotFound
    await visitor.demand(connection, gateway.community)
    return gateway
