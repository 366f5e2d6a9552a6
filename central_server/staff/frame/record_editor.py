"""Pages that show, add, change and remove one record of the catalogue.

A form with faults comes back as it was typed. A save based on an old revision shows what the other person saved.
Records of a place above the visitor's apply to the visitor too: they are shown, and only their own staff change them.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue.field_parsing import Fault, Word, find_placeholders
from central_server.catalogue.publication import Publication
from central_server.catalogue.records import Edit
from central_server.catalogue.reference_index import ReferenceIndex, load_index
from central_server.staff.catalogue.catalogue_status import load_status
from central_server.staff.frame.fault_wording import FAULTS, in_language
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Values, Visitor
from central_server.staff.places.place_tree import rows
from central_server.store.accounts.audit_actions import ACTIONS, RecordAction
from central_server.store.accounts.audit_records import FieldChange, changed_fields
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import INSIDE_COMMUNITY, PlaceKind

RecordT = TypeVar("RecordT", bound=Any)
FORM_LIMIT = 256 * 1024
"""Bytes: a story of 2000 characters in three languages is 60 KiB in a form."""


@dataclass(frozen=True, slots=True)
class Checked(Generic[RecordT]):
    """A record about to be saved, in the transaction that saves it. `before` None: it is new."""

    made: RecordT
    before: RecordT | None
    known: ReferenceIndex
    edit: Edit


@dataclass(frozen=True, slots=True)
class Kind(Generic[RecordT]):
    """What differs between kinds of records. `fixed`: fields that identify a record and never change.

    `load` finds the record of the path; `about` returns further values for the template; `typed` converts the form's
    fields to the record's values.
    """

    noun: str
    template: str
    at: str
    found_at: str
    fixed: frozenset[str]
    load: Callable[[Connection, Mapping[str, str]], Awaitable[RecordT | None]]
    values: Callable[[RecordT], dict[str, str]]
    read: Callable[[Mapping[str, str], ReferenceIndex, Edit, RecordT | None], tuple[RecordT | None, list[Fault]]]
    save: Callable[[Connection, RecordT, int], Awaitable[bool]]
    path: Callable[[RecordT], str]
    subject: Callable[[RecordT], str]
    begin: Callable[[Connection, Visitor], Awaitable[dict[str, str]]]
    about: Callable[[Connection, Visitor, Mapping[str, str], RecordT | None], Awaitable[Values]]
    check: Callable[[Connection, Checked[RecordT]], Awaitable[list[Fault]]]
    remove: Callable[[Connection, RecordT], Awaitable[bool]] | None = None
    typed: Callable[[Mapping[str, str]], dict[str, str]] = dict
    sites: bool = False


@dataclass(frozen=True, slots=True)
class Typed:
    """The values of a form. `theirs`: what somebody else saved meanwhile, None without a conflict."""

    values: Mapping[str, str]
    revision: int
    faults: list[Fault] = field(default_factory=list)
    theirs: Mapping[str, str] | None = None


class EditPages(Generic[RecordT]):
    def __init__(self, frame: PageFrame, kind: Kind[RecordT], publication: Publication) -> None:
        self._frame = frame
        self._kind = kind
        self._publication = publication

    def routes(self) -> list[web.RouteDef]:
        kind = self._kind
        routes = [
            self._frame.page(f"{kind.at}/new", self._new, Right.edit),
            self._frame.upload(f"{kind.at}/new", self._add, Right.edit, limit=FORM_LIMIT),
            self._frame.page(kind.found_at, self._show, Right.see),
            self._frame.upload(kind.found_at, self._change, Right.edit, limit=FORM_LIMIT),
        ]
        if kind.remove is not None:
            routes.append(self._frame.form(f"{kind.found_at}/remove", self._remove, Right.edit))
        return routes

    async def _new(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            initial = await self._kind.begin(connection, visitor)
            return await self._form(connection, visitor, None, Typed(initial, 0))

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            record = await self._find(connection, visitor, to_change=False)
            page = await self._form(connection, visitor, record, Typed(self._kind.values(record), record.revision))
            at = await places.get(connection, record.place)
        if "saved" not in visitor.request.query or at is None:
            return page
        top = at.parent if at.kind is PlaceKind.site and at.parent else at.id
        published = await load_status(visitor.database, self._publication, {top})
        return replace(page, values={**page.values, "published": published})

    async def _add(self, visitor: Visitor) -> HtmlPage | FileDownload | Redirect:
        return await self._save(visitor, new=True)

    async def _change(self, visitor: Visitor) -> HtmlPage | FileDownload | Redirect:
        return await self._save(visitor, new=False)

    async def _save(self, visitor: Visitor, *, new: bool) -> HtmlPage | Redirect:
        kind = self._kind

        async def work(connection: Connection) -> HtmlPage | Redirect:
            await versioned_rows.begin(connection)
            before = None if new else await self._find(connection, visitor, to_change=True)
            stored = kind.values(before) if before is not None else {}
            typed = {**kind.typed(visitor.form), **{name: stored[name] for name in kind.fixed if name in stored}}
            edit = Edit(visitor.access.account, visitor.now)
            index = await load_index(connection, visitor.tops)
            made, faults = kind.read(typed, index, edit, before)
            if made is not None:
                faults = await kind.check(connection, Checked(made, before, index, edit))
            read = _revision(visitor.form.get("revision", "0")) if before is not None else 0
            if made is None or faults:
                return await self._form(connection, visitor, before, Typed(typed, read, faults), 422)
            if before is not None and read != before.revision:
                return await self._form(connection, visitor, before, Typed(typed, before.revision, [], stored), 409)
            if not await kind.save(connection, made, read):
                taken = Fault("id", Word.taken, "", {"what": kind.noun})
                return await self._form(connection, visitor, None, Typed(typed, 0, [taken]), 422)
            for place in {made.place, before.place if before is not None else made.place}:
                await versioned_rows.record_edit(connection, place, visitor.now)
            verb = "add" if before is None else "change"
            await self._record(connection, visitor, verb, made, changed_fields(stored, kind.values(made)))
            return Redirect(f"{kind.path(made)}?saved=1")

        return await visitor.database.written(work)

    async def _remove(self, visitor: Visitor) -> HtmlPage | Redirect:
        kind, remove = self._kind, self._kind.remove
        assert remove is not None  # without it there is no route

        async def work(connection: Connection) -> HtmlPage | Redirect:
            await versioned_rows.begin(connection)
            record = await self._find(connection, visitor, to_change=True)
            stored = kind.values(record)
            if _revision(visitor.form.get("revision", "0")) != record.revision or not await remove(connection, record):
                return await self._form(connection, visitor, record, Typed(stored, record.revision, [], stored), 409)
            await versioned_rows.record_edit(connection, record.place, visitor.now)
            await self._record(connection, visitor, "remove", record, changed_fields(stored, {}))
            return Redirect(f"{kind.at}?removed=1")

        return await visitor.database.written(work)

    async def _record(
        self, connection: Connection, visitor: Visitor, verb: str, record: RecordT, changes: tuple[FieldChange, ...]
    ) -> None:
        action = ACTIONS[f"{self._kind.noun}.{verb}"]
        assert issubclass(action, RecordAction)
        await visitor.record(connection, record.place, action(self._kind.subject(record), changes))

    async def _find(self, connection: Connection, visitor: Visitor, *, to_change: bool) -> RecordT:
        """Raises HTTPNotFound."""
        record = await self._kind.load(connection, visitor.request.match_info)
        if record is None:
            raise web.HTTPNotFound
        if to_change or not await holds_for(connection, visitor, record.place):
            await visitor.demand(connection, record.place)
        return record

    def _offers(self, kind: PlaceKind) -> bool:
        return kind not in INSIDE_COMMUNITY or (self._kind.sites and kind is PlaceKind.site)

    async def _form(
        self, connection: Connection, visitor: Visitor, record: RecordT | None, typed: Typed, status: int = 200
    ) -> HtmlPage:
        allowed = await places.every(connection, visitor.access.places(Right.edit))
        offered = [place for place in allowed if self._offers(place.kind)]
        editable = record is None or any(place.id == record.place for place in allowed)
        theirs = None
        if typed.theirs is not None:
            theirs = {name: value for name, value in typed.theirs.items() if typed.values.get(name, "") != value}
        return HtmlPage(
            self._kind.template,
            {
                "record": record,
                "record_place": await places.get(connection, record.place) if record is not None else None,
                "values": typed.values,
                "revision": typed.revision,
                "faults": {fault.field: in_language(fault, visitor.language) for fault in reversed(typed.faults)},
                "fault_words": FAULTS,
                "theirs": theirs,
                "placeholders": sorted(fault.got for fault in find_placeholders(typed.values)),
                "editable": editable,
                "fixed": self._kind.fixed if record is not None else frozenset(),
                "places": rows(offered),
                "saved": "saved" in visitor.request.query,
                "published": None,
                "at": self._kind.at,
                "action": f"{self._kind.at}/new" if record is None else self._kind.path(record),
                **await self._kind.about(connection, visitor, typed.values, record),
            },
            status,
        )


async def holds_for(connection: Connection, visitor: Visitor, place: str) -> bool:
    """Whether records of `place` apply at any of the visitor's tops."""
    return any([place in await places.ancestors(connection, top) for top in visitor.tops])


def path_of(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _revision(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
