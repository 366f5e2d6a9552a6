"""Every gateway: how it is, and a place for a new one."""

from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.enrolment import enrolment_codes
from central_server.enrolment.gateway_status import Surveyed, survey
from central_server.staff.enrolment.gateway_select import called
from central_server.staff.frame.community_filter import whose
from central_server.staff.frame.overview_page import state
from central_server.staff.frame.page_frame import Desk, Onward, Shown, Visitor
from central_server.staff.places import place_tree
from central_server.store.accounts import audit_trail
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import issued_codes, rejected_requests
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from sync_contract.project import Texts

_LONGEST_LABEL = 120
_LOOKED_BACK = timedelta(hours=24)
PAGE = 50
STATES = (
    "fork",
    "late",
    "revoked",
    "awaited",
    "deaf",
    "off_air",
    "not_proved",
    "simulated",
    "new",
    "up",
    "retired",
)
"""What a gateway can be, in the order in which they ask for somebody."""


class GatewaysPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        return [
            self._desk.page("/staff/gateways", self._show),
            self._desk.page("/staff/gateways/new", self._ask, Right.edit),
            self._desk.form("/staff/gateways/new", self._add, Right.edit),
        ]

    async def _show(self, visitor: Visitor) -> Shown:
        query = visitor.request.query
        chosen = {"words": query.get("words", "").strip()[:_LONGEST_LABEL], "state": query.get("state", "")}
        async with visitor.database.read() as connection:
            retired = chosen["state"] == "retired"
            around = await places.every(connection, visitor.tops)
            of = whose(around, visitor.tops, query.get("place", ""))
            surveyed = await survey(connection, of.tops, visitor.now, retired=retired)
            wrong = await issued_codes.wrong_since(connection, visitor.now - _LOOKED_BACK)
            strangers = await rejected_requests.lately(connection, visitor.now, "") if TOP in visitor.tops else ()
        names = {place.id: place.names for place in around} | dict(of.names)
        wanted = [each for each in surveyed if _fits(each, chosen, names)]
        after = query.get("after", "")
        begin = next((number for number, each in enumerate(wanted, 1) if each.gateway.id == after), 0)
        shown = wanted[begin : begin + PAGE]
        filters = {name: value for name, value in {**chosen, "place": of.chosen}.items() if value}
        more = filters | {"after": shown[-1].gateway.id} if begin + PAGE < len(wanted) else {}
        return Shown(
            "gateways.html",
            {
                "now": visitor.now,
                "gateways": shown,
                "count": len(wanted),
                "states": STATES,
                "chosen": chosen,
                "filtered": bool(filters),
                "first": f"/staff/gateways?{urlencode(filters)}" if begin else "",
                "more": f"/staff/gateways?{urlencode(more)}" if more else "",
                "names": names,
                "whose": of,
                "state": state,
                "wrong": wrong,
                "strangers": sum(each.times for each in strangers),
                "edits": visitor.access.has(Right.edit),
            },
        )

    async def _ask(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            return await _form(connection, visitor)

    async def _add(self, visitor: Visitor) -> Shown | Onward:
        """Onward to the page that makes the code: the code itself stands on no page that can be loaded again."""
        label, wanted = visitor.form.get("label", "").strip(), visitor.form.get("place", "")
        async with visitor.database.write() as connection:
            await visitor.demand(connection, wanted)
            place = await places.get(connection, wanted)
            community = _community(place)
            if place is None or community is None:
                return await _form(connection, visitor, "place")
            if not fits_label(label):
                return await _form(connection, visitor, "label")
            site = place.id if place.kind is PlaceKind.site else None
            gateway = await enrolment_codes.add_gateway(connection, community, label, site, visitor.now)
            detail = f"label: {label}; place: {place.id}"
            await audit_trail.record(connection, visitor.did("gateway.add", community, gateway.id, detail))
        return Onward(f"/staff/gateways/{gateway.id}/code")


def fits_label(label: str) -> bool:
    return 1 <= len(label) <= _LONGEST_LABEL and label.isprintable()


def _fits(each: Surveyed, chosen: Mapping[str, str], names: Mapping[str, Texts]) -> bool:
    """By what it is called, its number, and what its community and site are called in any language."""
    if chosen["state"] and state(each) != chosen["state"]:
        return False
    return called(each.gateway, names, chosen["words"].casefold())


def _community(place: Place | None) -> str | None:
    """The community at which a gateway is when it stands at this place."""
    if place is None or place.kind not in (PlaceKind.community, PlaceKind.site):
        return None
    return place.id if place.kind is PlaceKind.community else place.parent


async def _form(connection: Connection, visitor: Visitor, fault: str = "") -> Shown:
    rows = place_tree.rows(await places.every(connection, visitor.tops))
    fits = [row.place for row in rows if row.place.kind in (PlaceKind.community, PlaceKind.site)]
    given = {name: visitor.form.get(name, visitor.request.query.get(name, "")) for name in ("label", "place")}
    values = {"places": fits, "given": given, "fault": fault}
    return Shown("gateway_new.html", values, 422 if fault else 200)
