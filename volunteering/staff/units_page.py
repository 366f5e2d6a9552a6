"""Let stewards add units and name the accounts that act for them."""

from aiohttp import web

from central_server.accounts.access import RIGHTS, Right, Role
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor
from central_server.store.accounts import accounts
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Environment
from sync_contract.uuid7 import new_id
from volunteering.pool.unit_form import read_unit
from volunteering.store import units
from volunteering.store.units import Unit, UnitKind

_AT = "/staff/volunteers/units"
_ONE = _AT + "/{unit:[0-9a-f]{32}}"
_KINDS = {UnitKind.partner: _("partner unit"), UnitKind.employer: _("employer"), UnitKind.team: _("team")}
_FAULTY = _("Write a name of at most 60 characters, and a short word of small letters, digits and hyphens.")
_TAKEN = _("Another unit has this code.")
_NO_CONTACT = _("No account with this name is a contact of a unit in this community. An administrator adds it first.")


class UnitsPage:
    def __init__(self, frame: PageFrame, environment: Environment) -> None:
        self._frame = frame
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show, Right.people),
            frame.form(_AT, self._add, Right.people),
            frame.form(f"{_ONE}/contact", self._name, Right.people),
            frame.form(f"{_ONE}/contact/remove", self._remove, Right.people),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._page(visitor)

    async def _page(self, visitor: Visitor, fault: str = "") -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await units.below(connection, visitor.tops, self._environment)
            contacts = await units.contacts(connection, [each.id for each in found])
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
        values = {
            "rows": [(each, contacts.get(each.id, [])) for each in found],
            "communities": communities,
            "community_of": {each.id: each.names for each in communities} if len(communities) > 1 else {},
            "kinds": _KINDS,
            "typed": dict(visitor.form) if fault else {},
            "fault": fault,
            "section": _AT,
        }
        return HtmlPage("volunteer_units.html", values, 422 if fault else 200)

    async def _add(self, visitor: Visitor) -> HtmlPage | Redirect:
        new, community = read_unit(visitor.form), visitor.form.get("place", "")
        if new is None:
            return await self._page(visitor, _FAULTY)
        async with visitor.database.write() as connection:
            await visitor.demand(connection, community)
            place = await places.get(connection, community)
            if place is None or place.kind is not PlaceKind.community:
                raise web.HTTPNotFound
            names, by = new.names.model_dump_json(by_alias=True), visitor.access.account
            unit = Unit(new_id(), community, self._environment, new.kind.value, new.code, names, by, visitor.now)
            added = await units.add(connection, unit)
        return Redirect(_AT) if added else await self._page(visitor, _TAKEN)

    async def _name(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Name an account that has the right at the unit's community, whatever else it may do."""
        account = visitor.form.get("account", "").strip()
        async with visitor.database.write() as connection:
            unit = await self._requested(connection, visitor)
            roles = await accounts.roles(connection, account)
            above = await places.ancestors(connection, unit.community)
            fits = any(place in above and Right.unit in RIGHTS[Role(role)] for place, role in roles.items())
            if fits:
                await units.name_contact(connection, unit, account, visitor.access.account, visitor.now)
        return Redirect(_AT) if fits else await self._page(visitor, _NO_CONTACT)

    async def _remove(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            unit = await self._requested(connection, visitor)
            await units.remove_contact(connection, unit, visitor.form.get("account", ""))
        return Redirect(_AT)

    async def _requested(self, connection: Connection, visitor: Visitor) -> Unit:
        """Raises HTTPNotFound."""
        unit = await units.get(connection, visitor.request.match_info["unit"], self._environment)
        if unit is None:
            raise web.HTTPNotFound
        await visitor.demand(connection, unit.community)
        return unit
