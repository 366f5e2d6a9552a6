"""Pages on which one record is looked at, changed and saved. Nothing typed is lost; who saves second is told.

What belongs to a place above the visitor's is shown, for it holds here too, and only its own staff can change it.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue.field_parsing import Fault, Word
from central_server.catalogue.publication import Publication
from central_server.catalogue.records import Edit
from central_server.catalogue.reference_index import ReferenceIndex, load_index
from central_server.staff.catalogue.catalogue_status import load_status
from central_server.staff.frame.fault_wording import FAULTS, in_language
from central_server.staff.frame.page_frame import Desk, Onward, Sent, Shown, Values, Visitor
from central_server.staff.places.place_tree import rows
from central_server.store.accounts import audit_trail
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind

Kept = TypeVar("Kept", bound=Any)
FORM_LIMIT = 256 * 1024
"""Octets: a story of 2000 characters in three languages is 60 KiB in a form."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[Kept]):
    """What is about to be saved, in the transaction that saves it. `before` None: it is new."""

    made: Kept
    before: Kept | None
    known: ReferenceIndex
    edit: Edit


@dataclass(frozen=True, slots=True)
class Kind(Generic[Kept]):
    """What differs between the kinds of records. `fixed`: the fields that name a record and never change.

    `load` finds the record that the path names; `about` gives what the form shows beside the record; `typed` makes the
    record's values of the form's fields.
    """

    noun: str
    template: str
    at: str
    found_at: str
    fixed: frozenset[str]
    load: Callable[[Connection, Mapping[str, str]], Awaitable[Kept | None]]
    values: Callable[[Kept], dict[str, str]]
    read: Callable[[Mapping[str, str], ReferenceIndex, Edit, Kept | None], tuple[Kept | None, list[Fault]]]
    save: Callable[[Connection, Kept, int], Awaitable[bool]]
    path: Callable[[Kept], str]
    subject: Callable[[Kept], str]
    begin: Callable[[Connection, Visitor], Awaitable[dict[str, str]]]
    about: Callable[[Connection, Visitor, Mapping[str, str], Kept | None], Awaitable[Values]]
    check: Callable[[Connection, Checked[Kept]], Awaitable[list[Fault]]]
    remove: Callable[[Connection, Kept], Awaitable[bool]] | None = None
    typed: Callable[[Mapping[str, str]], dict[str, str]] = dict
    sites: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """What a form shows. `theirs`: what somebody else saved meanwhile; None when nobody did."""

    values: Mapping[str, str]
    revision: int
    faults: list[Fault] = field(default_factory=list)
    theirs: Mapping[str, str] | None = None


class EditPages(Generic[Kept]):
    def __init__(self, desk: Desk, kind: Kind[Kept], publication: Publication) -> None:
        self._desk = desk
        self._kind = kind
        self._publication = publication

    def routes(self) -> list[web.RouteDef]:
        kind = self._kind
        routes = [
            self._desk.page(f"{kind.at}/new", self._new, Right.edit),
            self._desk.upload(f"{kind.at}/new", self._add, Right.edit, limit=FORM_LIMIT),
            self._desk.page(kind.found_at, self._show, Right.see),
            self._desk.upload(kind.found_at, self._change, Right.edit, limit=FORM_LIMIT),
        ]
        if kind.remove is not None:
            routes.append(self._desk.form(f"{kind.found_at}/remove", self._remove, Right.edit))
        return routes

    async def _new(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            begun = await self._kind.begin(connection, visitor)
            return await self._form(connection, visitor, None, Typed(begun, 0))

    async def _show(self, visitor: Visitor) -> Shown:
        async with visitor.database.read() as connection:
            kept = await self._found(connection, visitor, to_change=False)
            shown = await self._form(connection, visitor, kept, Typed(self._kind.values(kept), kept.revision))
            at = await places.get(connection, kept.place)
        if "saved" not in visitor.request.query or at is None:
            return shown
        top = at.parent if at.kind is PlaceKind.site and at.parent else at.id
        published = await load_status(visitor.database, self._publication, {top})
        return replace(shown, values={**shown.values, "published": published})

    async def _add(self, visitor: Visitor) -> Shown | Sent | Onward:
        return await self._save(visitor, new=True)

    async def _change(self, visitor: Visitor) -> Shown | Sent | Onward:
        return await self._save(visitor, new=False)

    async def _save(self, visitor: Visitor, *, new: bool) -> Shown | Onward:
        kind = self._kind

        async def work(connection: Connection) -> Shown | Onward:
            await versioned_rows.begin(connection)
            before = None if new else await self._found(connection, visitor, to_change=True)
            held = kind.values(before) if before is not None else {}
            typed = {**kind.typed(visitor.form), **{name: held[name] for name in kind.fixed if name in held}}
            edit = Edit(visitor.access.account, visitor.now)
            about = await load_index(connection, visitor.tops)
            made, faults = kind.read(typed, about, edit, before)
            if made is not None:
                faults = await kind.check(connection, Checked(made, before, about, edit))
            read = _revision(visitor.form.get("revision", "0")) if before is not None else 0
            if made is None or faults:
                return await self._form(connection, visitor, before, Typed(typed, read, faults), 422)
            if before is not None and read != before.revision:
                return await self._form(connection, visitor, before, Typed(typed, before.revision, [], held), 409)
            if not await kind.save(connection, made, read):
                return await self._form(connection, visitor, None, Typed(typed, 0, [_taken(kind)]), 422)
            for place in {made.place, before.place if before is not None else made.place}:
                await versioned_rows.edited(connection, place, visitor.now)
            verb = "add" if before is None else "change"
            detail = changes(held, kind.values(made))
            line = visitor.did(f"{kind.noun}.{verb}", made.place, kind.subject(made), detail)
            await audit_trail.record(connection, line)
            return Onward(f"{kind.path(made)}?saved=1")

        return await visitor.database.written(work)

    async def _remove(self, visitor: Visitor) -> Shown | Onward:
        kind, remove = self._kind, self._kind.remove
        assert remove is not None  # or there is no route

        async def work(connection: Connection) -> Shown | Onward:
            await versioned_rows.begin(connection)
            kept = await self._found(connection, visitor, to_change=True)
            if _revision(visitor.form.get("revision", "0")) != kept.revision or not await remove(connection, kept):
                held = kind.values(kept)
                return await self._form(connection, visitor, kept, Typed(held, kept.revision, [], held), 409)
            await versioned_rows.edited(connection, kept.place, visitor.now)
            line = visitor.did(f"{kind.noun}.remove", kept.place, kind.subject(kept), changes(kind.values(kept), {}))
            await audit_trail.record(connection, line)
            return Onward(f"{kind.at}?removed=1")

        return await visitor.database.written(work)

    async def _found(self, connection: Connection, visitor: Visitor, *, to_change: bool) -> Kept:
        kept = await self._kind.load(connection, visitor.request.match_info)
        if kept is None:
            raise web.HTTPNotFound
        if to_change or not await holds_for(connection, visitor, kept.place):
            await visitor.demand(connection, kept.place)
        return kept

    async def _form(
        self, connection: Connection, visitor: Visitor, kept: Kept | None, typed: Typed, status: int = 200
    ) -> Shown:
        tops = visitor.access.places(Right.edit)
        may = await places.every(connection, tops)
        shown = [place for place in may if self._kind.sites or place.kind is not PlaceKind.site]
        editable = kept is None or any(place.id == kept.place for place in may)
        here = await places.get(connection, kept.place) if kept is not None else None
        theirs = None
        if typed.theirs is not None:
            theirs = {name: value for name, value in typed.theirs.items() if typed.values.get(name, "") != value}
        return Shown(
            self._kind.template,
            {
                "kept": kept,
                "here": here,
                "values": typed.values,
                "revision": typed.revision,
                "faults": {fault.field: in_language(fault, visitor.language) for fault in reversed(typed.faults)},
                "fault_words": FAULTS,
                "theirs": theirs,
                "editable": editable,
                "fixed": self._kind.fixed if kept is not None else frozenset(),
                "places": rows(shown),
                "saved": "saved" in visitor.request.query,
                "published": None,
                "at": self._kind.at,
                "action": f"{self._kind.at}/new" if kept is None else self._kind.path(kept),
                **await self._kind.about(connection, visitor, typed.values, kept),
            },
            status,
        )


async def holds_for(connection: Connection, visitor: Visitor, place: str) -> bool:
    """Whether what belongs to `place` holds, from above, somewhere that the visitor sees."""
    return any([place in await places.ancestors(connection, top) for top in visitor.tops])


def changes(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """For the audit trail: `field: before → after`, a line each."""
    names = [name for name in {**before, **after} if before.get(name, "") != after.get(name, "")]
    return "\n".join(f"{name}: {_short(before.get(name, ''))} → {_short(after.get(name, ''))}" for name in names)


def path_of(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _short(text: str) -> str:
    text = text.replace("\n", " ")
    return text if len(text) <= 120 else f"{text[:119]}…"


def _taken(kind: Kind[Any]) -> Fault:
    return Fault("id", Word.taken, "", {"what": kind.noun})


def _revision(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
