"""Show the tree of places; add, rename and move places, and set their telephone number for residents."""

import secrets
from collections.abc import Mapping
from urllib.parse import quote

from aiohttp import web
from pydantic import ValidationError

from central_server.accounts.access import Right
from central_server.catalogue.contact_lookup import ContactLookup
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Visitor, parts
from central_server.staff.places import place_tree
from central_server.staff.places.contact_form import ContactFault, contact_fields, read_contact
from central_server.store.accounts import audit_actions
from central_server.store.accounts.audit_records import changed_fields
from central_server.store.engine.connection import Connection
from central_server.store.places import contacts, places
from central_server.store.places.places import MAX_NAME, PLACE_ID, UNDER, Place, PlaceKind, PlaceRefused
from sync_contract.placeholders import has_placeholder
from sync_contract.project import Texts
from sync_contract.strict_model import Language

_PAGE = 100


class PlacesPage:
    """`real`: gifts are real, so texts that come with the software are refused."""

    def __init__(self, frame: PageFrame, call: ContactLookup, *, real: bool) -> None:
        self._frame = frame
        self._call = call
        self._real = real

    def routes(self) -> list[web.RouteDef]:
        one = "/staff/places/{place:[^/]{1,64}}"
        return [
            self._frame.page("/staff/places", self._show_all, Right.govern),
            self._frame.page(one, self._show, Right.govern),
            self._frame.form(f"{one}/names", self._rename, Right.govern),
            self._frame.form(f"{one}/contact", self._publish, Right.govern),
            self._frame.form(f"{one}/below", self._add, Right.govern),
            self._frame.form(f"{one}/move", self._move, Right.govern),
        ]

    async def _show_all(self, visitor: Visitor) -> HtmlPage:
        query = visitor.request.query
        words, after = query.get("words", "").strip()[:MAX_NAME], query.get("after", "")[:64]
        async with visitor.database.read() as connection:
            rows = place_tree.rows(await places.every(connection, visitor.tops))
        shown, last = place_tree.part(place_tree.found(rows, words) if words else rows, after, _PAGE)
        return HtmlPage("places.html", {"rows": shown, "words": words, **parts("/staff/places", words, after, last)})

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            return await self._page(connection, visitor, await _requested_place(connection, visitor))

    async def _rename(self, visitor: Visitor) -> HtmlPage | Redirect:
        async with visitor.database.write() as connection:
            place = await _requested_place(connection, visitor)
            names = _names(visitor.form)
            if names is None:
                return await self._page(connection, visitor, place, "names", "rename")
            if self._copied(visitor):
                return await self._page(connection, visitor, place, "placeholder", "rename")
            if names != place.names:
                await places.rename(connection, place.id, names)
                before, after = ({code.value: texts[code] for code in Language} for texts in (place.names, names))
                action = audit_actions.PlaceRenamed(place.id, changed_fields(before, after))
                await visitor.record(connection, place.id, action)
        return Redirect(address(place.id))

    async def _publish(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Set or remove the place's telephone number for residents."""
        async with visitor.database.write() as connection:
            place = await _requested_place(connection, visitor)
            typed = read_contact(visitor.form)
            if isinstance(typed, ContactFault):
                return await self._page(connection, visitor, place, typed.value, "contact")
            if self._copied(visitor):
                return await self._page(connection, visitor, place, "placeholder", "contact")
            before = contact_fields(await contacts.lock(connection, place.id))
            if changed := changed_fields(before, contact_fields(typed)):
                if typed is None:
                    await contacts.remove(connection, place.id)
                else:
                    await contacts.put(connection, place.id, typed)
                await visitor.record(connection, place.id, audit_actions.ContactChanged(place.id, changed))
        return Redirect(address(place.id))

    async def _add(self, visitor: Visitor) -> HtmlPage | Redirect:
        async with visitor.database.write() as connection:
            parent = await _requested_place(connection, visitor)
            kind, names = visitor.form.get("kind", ""), _names(visitor.form)
            key = visitor.form.get("id", "").strip() or f"place-{secrets.token_hex(4)}"
            fault = "names" if names is None else "" if PLACE_ID.fullmatch(key) else "id"
            if names is None or fault or kind not in _kinds_below(parent):
                return await self._page(connection, visitor, parent, fault or "kind", "add")
            if self._copied(visitor):
                return await self._page(connection, visitor, parent, "placeholder", "add")
            place = Place(key, PlaceKind(kind), parent.id, names)
            if not await places.plant(connection, place, visitor.now):
                return await self._page(connection, visitor, parent, "taken", "add")
            action = audit_actions.PlaceAdded(place.id, kind, names[Language.zh_hans], parent.id)
            await visitor.record(connection, parent.id, action)
        return Redirect(address(place.id))

    async def _move(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Move a place; the visitor must govern it, its old parent and its new one."""
        async with visitor.database.write() as connection:
            place = await _requested_place(connection, visitor)
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
                action = audit_actions.PlaceMoved(place.id, place.parent, parent)
                await visitor.record(connection, place.id, action)
        return Redirect(address(place.id))

    def _copied(self, visitor: Visitor) -> bool:
        return self._real and has_placeholder(visitor.form.values())

    async def _page(
        self, connection: Connection, visitor: Visitor, place: Place, fault: str = "", form: str = ""
    ) -> HtmlPage:
        """`form`: the form that has the fault; its typed values come back."""
        known = await places.every(connection, visitor.tops)
        above = await places.ancestors(connection, place.id)
        parent = place.parent
        movable = parent is not None and any(other.id == parent for other in known)
        published = await contacts.above(connection, place.id)
        own = published[0].contact if published and published[0].place == place else None
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
            "inherited": next((each for each in published if each.place != place), None),
            "setting": self._call.setting,
            "fault": fault,
            "faulty": form,
            "given": dict(visitor.form) if fault else {},
            "address": address,
        }
        return HtmlPage("place.html", values, status=422 if fault else 200)


def address(place: str) -> str:
    return f"/staff/places/{quote(place, safe='')}"


async def _requested_place(connection: Connection, visitor: Visitor) -> Place:
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
    """Return the names in three languages, None when one is missing or too long."""
    given = {code.value: " ".join(form.get(code.value, "").split()) for code in Language}
    if any(len(name) > MAX_NAME for name in given.values()):
        return None
    try:
        return Texts.model_validate(given)
    except ValidationError:
        return None
