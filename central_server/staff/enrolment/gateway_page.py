"""Show one gateway with its status and keys; change, revoke and retire it after a confirmation."""

import json
from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.task_kinds import TaskKind
from central_server.alerts.tasks import gateway_task
from central_server.enrolment import enrolment_codes, key_roll_and_revocation
from central_server.enrolment.acceptance_drift import find_drift
from central_server.enrolment.enrolment_codes import CODE_LIFETIME, Inviting
from central_server.enrolment.gateway_status import survey_one
from central_server.staff.enrolment.gateways_page import fits_label
from central_server.staff.frame.overview_page import state
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import audit_actions
from central_server.store.accounts.audit_records import changed_fields
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import acceptance_sheets, gateways, issued_codes, rejected_requests
from central_server.store.enrolment.gateways import Gateway
from central_server.store.parcels import parcels
from central_server.store.places import places
from central_server.store.places.places import Place, PlaceKind
from sync_contract.enrolment import group_code

_ONE = "/staff/gateways/{gateway:[0-9a-f]{16}}"
_KEY = _ONE + "/keys/{key:[0-9a-f]{16}}/revoke"


class GatewayPage:
    def __init__(self, frame: PageFrame, inviting: Inviting) -> None:
        self._frame = frame
        self._inviting = inviting

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page(_ONE, self._show),
            self._frame.page(f"{_ONE}/code", self._ask_code, Right.edit),
            self._frame.form(f"{_ONE}/code", self._make_code, Right.edit),
            self._frame.page(f"{_ONE}/code/state", self._code_state, Right.edit),
            self._frame.page(f"{_ONE}/revoke", self._ask_revoke, Right.edit),
            self._frame.form(f"{_ONE}/revoke", self._revoke, Right.edit),
            self._frame.page(f"{_ONE}/change", self._ask_change, Right.edit),
            self._frame.form(f"{_ONE}/change", self._change, Right.edit),
            self._frame.page(f"{_ONE}/retire", self._ask_retire, Right.edit),
            self._frame.form(f"{_ONE}/retire", self._retire, Right.edit),
            self._frame.page(_KEY, self._ask_revoke_key, Right.edit),
            self._frame.form(_KEY, self._revoke_key, Right.edit),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            gateway = await requested_gateway(connection, visitor)
            surveyed = await survey_one(connection, gateway, visitor.now)
            place = await places.get(connection, gateway.site or gateway.community)
            above = await places.ancestors(connection, gateway.community)
            code = await issued_codes.newest(connection, gateway.id)
            sheet = await acceptance_sheets.newest(connection, gateway.id)
            noticed = await rejected_requests.lately(connection, visitor.now, gateway.id)
            twins: tuple[str, ...] = ()
            if surveyed.fork is not None and surveyed.fork.forked_n is not None:
                twins = await parcels.of_number(connection, gateway.id, surveyed.fork.epoch, surveyed.fork.forked_n)
        return HtmlPage(
            "gateway.html",
            {
                "now": visitor.now,
                "surveyed": surveyed,
                "gateway": gateway,
                "place": place,
                "state": state(surveyed),
                "twins": twins,
                "sheet": sheet,
                "drift": find_drift(sheet, surveyed.report),
                "noticed": [gateway_task(TaskKind(each.what), gateway, each.times, each.last_at) for each in noticed],
                "code": code if code is not None and code.waits(visitor.now) else None,
                "edits": visitor.access.may(Right.edit, above),
                "clock_off": timedelta(seconds=abs(surveyed.report.clock_off_s) if surveyed.report else 0),
                "uptime": timedelta(seconds=surveyed.report.uptime_s if surveyed.report else 0),
            },
        )

    async def _ask_code(self, visitor: Visitor) -> HtmlPage:
        return await self._ask(visitor, "code")

    async def _make_code(self, visitor: Visitor) -> HtmlPage:
        """Show the code once, in this response."""
        async with visitor.database.write() as connection:
            gateway = await requested_gateway(connection, visitor)
            if gateway.retired_at is not None:
                raise web.HTTPNotFound
            code = await enrolment_codes.make_code(connection, gateway, visitor.access.account, visitor.now)
            await visitor.record(connection, gateway.community, audit_actions.GatewayInvited(gateway.id, gateway.label))
        import segno  # imported late: rarely used

        invitation = self._inviting.invitation(code)
        picture = segno.make(invitation.text(), error="m", micro=False)
        return HtmlPage(
            "gateway_code.html",
            {
                "gateway": gateway,
                "code": group_code(code),
                "url": invitation.url,
                "near": not invitation.url.startswith("https://"),
                "fingerprint": group_code(invitation.fingerprint),
                "picture": picture.svg_data_uri(scale=4, border=4, dark="#2b211b", light="#ffffff"),
                "seconds": int(CODE_LIFETIME.total_seconds()),
                "ends_at": visitor.now + CODE_LIFETIME,
            },
        )

    async def _code_state(self, visitor: Visitor) -> FileDownload:
        """Return the state of the newest code, for the open page that shows it."""
        async with visitor.database.read() as connection:
            gateway = await requested_gateway(connection, visitor)
            code = await issued_codes.newest(connection, gateway.id)
        word = "none" if code is None else "used" if code.used_at else "waits" if code.waits(visitor.now) else "ended"
        return FileDownload("code.json", "application/json", json.dumps({"state": word}).encode())

    async def _ask_revoke(self, visitor: Visitor) -> HtmlPage:
        return await self._ask(visitor, "revoke")

    async def _revoke(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            gateway = await requested_gateway(connection, visitor)
            count = await key_roll_and_revocation.revoke(connection, gateway.id, visitor.now)
            await visitor.record(connection, gateway.community, audit_actions.GatewayRevoked(gateway.id, count))
        return Redirect(f"/staff/gateways/{gateway.id}")

    async def _ask_change(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            gateway = await requested_gateway(connection, visitor)
            given = {"label": gateway.label, "place": gateway.site or gateway.community}
            return await _change_form(connection, visitor, gateway, given)

    async def _change(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Change label and site. A gateway moves only within its community, to which its records belong."""
        label, wanted = visitor.form.get("label", "").strip(), visitor.form.get("place", "")
        given = {"label": label, "place": wanted}
        async with visitor.database.write() as connection:
            gateway = await requested_gateway(connection, visitor)
            await gateways.lock(connection, gateway.id)
            if not fits_label(label):
                return await _change_form(connection, visitor, gateway, given, "label")
            if wanted not in {place.id for place in await _possible_places(connection, gateway)}:
                return await _change_form(connection, visitor, gateway, given, "place")
            site = None if wanted == gateway.community else wanted
            if (label, site) != (gateway.label, gateway.site):
                await gateways.change(connection, gateway.id, label, site)
                changes = changed_fields(
                    {"label": gateway.label, "place": gateway.site or gateway.community},
                    {"label": label, "place": wanted},
                )
                await visitor.record(connection, gateway.community, audit_actions.GatewayChanged(gateway.id, changes))
        return Redirect(f"/staff/gateways/{gateway.id}")

    async def _ask_retire(self, visitor: Visitor) -> HtmlPage:
        return await self._ask(visitor, "retire")

    async def _retire(self, visitor: Visitor) -> Redirect:
        """Retire the gateway and revoke its keys; a retired one returns to service, to be enrolled with a new code."""
        async with visitor.database.write() as connection:
            gateway = await requested_gateway(connection, visitor)
            if gateway.retired_at is None:
                await key_roll_and_revocation.revoke(connection, gateway.id, visitor.now)
                await gateways.retire(connection, gateway.id, visitor.now)
            else:
                await gateways.retire(connection, gateway.id, None)
            done = audit_actions.GatewayRetired if gateway.retired_at is None else audit_actions.GatewayReturned
            await visitor.record(connection, gateway.community, done(gateway.id, gateway.label))
        return Redirect(f"/staff/gateways/{gateway.id}")

    async def _ask_revoke_key(self, visitor: Visitor) -> HtmlPage:
        return await self._ask(visitor, "key", visitor.request.match_info["key"])

    async def _revoke_key(self, visitor: Visitor) -> Redirect:
        key = visitor.request.match_info["key"]
        async with visitor.database.write() as connection:
            gateway = await requested_gateway(connection, visitor)
            await gateways.lock(connection, gateway.id)
            found = await gateways.by_key(connection, key)
            if found is None or found[0].id != gateway.id:
                raise web.HTTPNotFound
            await gateways.revoke_key(connection, gateway.id, key, visitor.now, "staff")
            await visitor.record(connection, gateway.community, audit_actions.KeyRevoked(gateway.id, key))
        return Redirect(f"/staff/gateways/{gateway.id}")

    async def _ask(self, visitor: Visitor, action: str, key: str = "") -> HtmlPage:
        """Show what the action will do, with a button to confirm it."""
        async with visitor.database.read() as connection:
            gateway = await requested_gateway(connection, visitor)
            surveyed = await survey_one(connection, gateway, visitor.now)
        if key and key not in {each.key for each in surveyed.keys}:
            raise web.HTTPNotFound
        return HtmlPage(
            "gateway_confirm.html", {"surveyed": surveyed, "gateway": gateway, "action": action, "key": key}
        )


async def _possible_places(connection: Connection, gateway: Gateway) -> list[Place]:
    """Return its community and the sites of that community."""
    around = await places.every(connection, [gateway.community])
    return [place for place in around if place.kind in (PlaceKind.community, PlaceKind.site)]


async def _change_form(
    connection: Connection, visitor: Visitor, gateway: Gateway, given: Mapping[str, str], fault: str = ""
) -> HtmlPage:
    possible = await _possible_places(connection, gateway)
    values = {"gateway": gateway, "places": possible, "given": given, "fault": fault}
    return HtmlPage("gateway_change.html", values, 422 if fault else 200)


async def requested_gateway(connection: Connection, visitor: Visitor) -> Gateway:
    """Raises HTTPNotFound."""
    gateway = await gateways.get(connection, visitor.request.match_info["gateway"])
    if gateway is None or gateway.kind != gateways.DEVICE:
        raise web.HTTPNotFound
    await visitor.demand(connection, gateway.community)
    return gateway
