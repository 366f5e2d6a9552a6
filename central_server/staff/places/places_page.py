"""The tree of places: looked at, grown, renamed and rearranged by whoever governs there."""

import secrets
from collections.abc import Mapping
from urllib.parse import quote

from aiohttp import web
from pydantic import ValidationError

from central_server.accounts.access import Right
from central_server.catalogue.contact_lookup import ContactLookup
from central_server.staff.frame.page_frame import Desk, Onward, Shown, Visitor, parts
from central_server.staff.places import place_tree
from central_server.staff.places.contact_form import ContactFault, changes, read_contact
from central_server.store.accounts import audit_trail
from central_server.store.engine.connection import Connection
from central_server.store.places import contacts, places
from central_server.store.places.places import MAX_NAME, PLACE_ID, UNDER, Place, PlaceKind, PlaceRefused
from sync_contract.project import Texts
from sync_contract.strict_model import Language

_PAGE = 100


class PlacesPage:
    def __init__(self, desk: Desk, call: ContactLookup) -> None:
        self._desk = desk
        self._call = call

    def routes(self) -> list[web.RouteDef]:
        one = "/staff/places/{place:[^/]{1,64}}"
        return [
            self._desk.page("/staff/places", self._show_all, Right.govern),
            self._desk.page(one, self._show, Right.govern),
            self._desk.form(f"{one}/names", self._rename, Right.govern),
            self._desk.form(f"{one}/contact", self._publish, Right.govern),
            self._desk.form(f"{one}/below", self._add, Right.govern),
            self._desk.form(f"{one}/move", self._move, Right.govern),
        ]

    async def _show_all(self, visitor: Visitor) -> Shown:
        query = visitor.request.query
        words, after = query.get("words", "").strip()[:MAX_NAME], query.get("after", "")[:64]
        async with visitor.database.read() as connection:
            rows = place_tree.rows(await places.every(connection, visitor.tops))
        shown, last = place_tree.part(place_tree.found(rows, words) if words else rows, after, _PAGE)
        return Shown("places.html", {"rows": shown, "words": words, **parts("/staff/places", words, after, last)})

    async def _show(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            return await self._page(connection, visitor, await _asked(connection, visitor))

    async def _rename(self, visitor: Visitor) -> Shown | Onward:
        async with visitor.database.write() as connection:
            place = await _asked(connection, visitor)
            names = _names(visitor.form)
            if names is None:
                return await self._page(connection, visitor, place, "names", "rename")
            if names != place.names:
                await places.rename(connection, place.id, names)
                changed = [
                    f"{code}: {place.names[code]} → {names[code]}"
                    for code in Language
                    if place.names[code] != names[code]
                ]
                await audit_trail.record(
                    connection, visitor.did("place.rename", place.id, place.id, "; ".join(changed))
                )
        return Onward(address(place.id))

    async def _publish(self, visitor: Visitor) -> Shown | Onward:
        """Whom residents of the place may call."""
        async with visitor.database.write() as connection:
            place = await _asked(connection, visitor)
            typed = read_contact(visitor.form)
            if isinstance(typed, ContactFault):
                return await self._page(connection, visitor, place, typed.value, "contact")
            if changed := changes(await contacts.lock(connection, place.id), typed):
                if typed is None:
                    await contacts.remove(connection, place.id)
                else:
                    await contacts.put(connection, place.id, typed)
                await audit_trail.record(connection, visitor.did("place.contact", place.id, place.id, changed))
        return Onward(address(place.id))

    async def _add(self, visitor: Visitor) -> Shown | Onward:
        async with visitor.database.write() as connection:
            parent = await _asked(connection, visitor)
            kind, names = visitor.form.get("kind", ""), _names(visitor.form)
            key = visitor.form.get("id", "").strip() or f"place-{secrets.token_hex(4)}"
            fault = "names" if names is None else "" if PLACE_ID.fullmatch(key) else "id"
            if names is None or fault or kind not in _kinds_below(parent):
                return await self._page(connection, visitor, parent, fault or "kind", "add")
            place = Place(key, PlaceKind(kind), parent.id, names)
            if not await places.plant(connection, place, visitor.now):
                return await self._page(connection, visitor, parent, "taken", "add")
            detail = f"{kind}: {names[Language.zh_hans]} < {parent.id}"
            await audit_trail.record(connection, visitor.did("place.add", parent.id, place.id, detail))
        return Onward(address(place.id))

    async def _move(self, visitor: Visitor) -> Shown | Onward:
        """The visitor governs the place, where it stands and where it will stand."""
        async with visitor.database.write() as connection:
            place = await _asked(connection, visitor)
            parent = visitor.form.get("parent", "")
            await visitor.demand(connection, parent)
            if place.parent is None:
                raise web.HTTPNotFound
            await visitor.demand(connection, place.parent)
            if parent != place.parent:
                try:
                    await places.move(connection, place, parent)
                except PlaceRefused:
                    return await self._page(connection, visitor, place, "parent", "move")
                line = visitor.did("place.move", place.id, place.id, f"{place.parent} → {parent}")
                await audit_trail.record(connection, line)
        return Onward(address(place.id))

    async def _page(
        self, connection: Connection, visitor: Visitor, place: Place, fault: str = "", form: str = ""
    ) -> Shown:
        """`fault`: of which of the page's forms; what was typed into it comes back."""
        known = await places.every(connection, visitor.tops)
        above = await places.ancestors(connection, place.id)
        parent = place.parent
        movable = parent is not None and any(other.id == parent for other in known)
        said = await contacts.above(connection, place.id)
        own = said[0].contact if said and said[0].place == place else None
        values = {
            "place": place,
            "over": [
                row.place for row in place_tree.rows(other for other in known if other.id in above and other != place)
            ],
            "below": [other for other in known if other.parent == place.id],
            "kinds": _kinds_below(place),
            "parents": [other for other in known if movable and other.kind in UNDER.get(place.kind, ())],
            "governed": {other.id for other in known},
            "own": own,
            "inherited": next((each for each in said if each.place != place), None),
            "setting": self._call.setting,
            "fault": fault,
            "faulty": form,
            "given": dict(visitor.form) if fault else {},
            "address": address,
        }
        return Shown("place.html", values, status=422 if fault else 200)


def address(place: str) -> str:
    return f"/staff/places/{quote(place, safe='')}"


async def _asked(connection: Connection, visitor: Visitor) -> Place:
    """Raises HTTPNotFound."""
    key = visitor.request.match_info["place"]
    await visitor.demand(connection, key)
    place = await places.get(connection, key)
    if place is None:
        raise web.HTTPNotFound
    return place


def _kinds_below(place: Place) -> list[str]:
    return [kind.value for kind, above in UNDER.items() if place.kind in above]


def _names(form: Mapping[str, str]) -> Texts | None:
    """The three names, or None when one is missing or too long."""
    given = {code.value: " ".join(form.get(code.value, "").split()) for code in Language}
    if any(len(name) > MAX_NAME for name in given.values()):
        return None
    try:
        return Texts.model_validate(given)
    except ValidationError:
        return None
