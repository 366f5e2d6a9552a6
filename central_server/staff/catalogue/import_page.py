"""Serve the export of beacons, projects and bindings as files, and their import after a preview."""

from dataclasses import replace

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue import file_import
from central_server.catalogue.columns import COLUMNS, head
from central_server.catalogue.field_parsing import Fault, Word, file_fault
from central_server.catalogue.file_import import KINDS, Plan, RowFault
from central_server.catalogue.publication import Publication
from central_server.catalogue.records import Edit
from central_server.sheets import sheet_reader_process
from central_server.sheets.sheet_reader import MAX_BYTES, Sheet, SheetRefused, ending_matches
from central_server.sheets.sheet_writer import TYPES
from central_server.staff.catalogue.catalogue_status import load_status
from central_server.staff.frame.fault_wording import FAULTS, in_language
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor, sheet
from central_server.staff.places.place_tree import rows
from central_server.store.catalogue import identity_conflicts, import_drafts
from central_server.store.catalogue.import_drafts import Draft
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from sync_contract.uuid7 import new_id

_MAX_SHOWN = 200


class ImportPage:
    def __init__(self, frame: PageFrame, publication: Publication) -> None:
        self._frame = frame
        self._publication = publication

    def routes(self) -> list[web.RouteDef]:
        return [
            self._frame.page("/staff/export", self._export, Right.see),
            self._frame.page("/staff/import", self._choose, Right.edit),
            self._frame.upload("/staff/import", self._upload, Right.edit, limit=MAX_BYTES + 64 * 1024),
            self._frame.page("/staff/import/{draft:[0-9a-f]{32}}", self._preview, Right.edit),
            self._frame.form("/staff/import/{draft:[0-9a-f]{32}}", self._apply, Right.edit),
        ]

    async def _export(self, visitor: Visitor) -> FileDownload:
        kind, form = visitor.request.query.get("kind", ""), visitor.request.query.get("format", "csv")
        if kind not in KINDS or form not in TYPES:
            raise web.HTTPNotFound
        async with visitor.database.read() as connection:
            found = await file_import.export(connection, kind, visitor.tops, visitor.language)
        return sheet(kind, form, found, of=visitor.tops, kind=kind)

    async def _choose(self, visitor: Visitor) -> HtmlPage:
        kind = visitor.request.query.get("kind", "")
        return await self._form(visitor, kind if kind in KINDS else KINDS[0], None)

    async def _form(self, visitor: Visitor, kind: str, refused: Fault | None) -> HtmlPage:
        async with visitor.database.read() as connection:
            own = await places.every(connection, visitor.tops)
        done = visitor.request.query.get("done", "")[:20] if refused is None else ""
        published = await load_status(visitor.database, self._publication, visitor.tops) if done else None
        fitting = [
            place
            for place in own
            if place.kind is not PlaceKind.grid and (kind == "beacons" or place.kind is not PlaceKind.site)
        ]
        values = {
            "kind": kind,
            "kinds": KINDS,
            "places": rows(fitting),
            "columns": [(name, head(name, visitor.language)) for name in COLUMNS[kind]],
            "refused": refused,
            "fault_words": FAULTS,
            "done": done,
            "published": published,
            "section": f"/staff/{kind}",
        }
        return HtmlPage("import.html", values, 200 if refused is None else 422)

    async def _upload(self, visitor: Visitor) -> HtmlPage | FileDownload | Redirect:
        """Store the file and show what it would change."""
        kind, place = visitor.form.get("kind", ""), visitor.form.get("place", "")
        if kind not in KINDS:
            raise web.HTTPNotFound
        if not place:
            return await self._form(visitor, kind, Fault("place", Word.needed))
        file = visitor.files.get("file")
        if file is None or not file.content:
            return await self._form(visitor, kind, Fault("file", Word.needed))
        try:
            if not ending_matches(file.ending, file.content):
                raise SheetRefused
            await sheet_reader_process.open_sheet(file.content)
        except SheetRefused as error:
            return await self._form(visitor, kind, file_fault(error))
        draft = Draft(new_id(), visitor.access.account, kind, place, file.name, file.content, visitor.now)
        async with visitor.database.write() as connection:
            await visitor.demand(connection, place)
            await import_drafts.store(connection, draft)
        return Redirect(f"/staff/import/{draft.id}")

    async def _preview(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            draft = await self._draft(connection, visitor)
        table = await sheet_reader_process.open_sheet(draft.content)
        async with visitor.database.read() as connection:
            found = await self._plan(connection, visitor, draft, table)
        if found.conflicts:
            async with visitor.database.write() as connection:
                await _note_conflicts(connection, found, visitor)
        return _shown(visitor, draft, found)

    async def _apply(self, visitor: Visitor) -> HtmlPage | FileDownload | Redirect:
        """Apply the previewed changes, or show a new preview if the catalogue was edited meanwhile."""
        async with visitor.database.read() as connection:
            draft = await self._draft(connection, visitor)
        table = await sheet_reader_process.open_sheet(draft.content)
        edit = Edit(visitor.access.account, visitor.now)

        async def work(connection: Connection) -> HtmlPage | Redirect:
            await versioned_rows.begin(connection)
            found = await self._plan(connection, visitor, draft, table)
            await _note_conflicts(connection, found, visitor)
            if found.faults or found.digest != visitor.form.get("digest", ""):
                return _shown(visitor, draft, found, moved=True)
            await file_import.apply(connection, draft.kind, found, visitor.access.account, draft.name, edit)
            await import_drafts.forget(connection, draft)
            return Redirect(f"/staff/import?kind={draft.kind}&done={found.added}-{found.changed}")

        return await visitor.database.written(work)

    async def _draft(self, connection: Connection, visitor: Visitor) -> Draft:
        draft = await import_drafts.find(connection, visitor.access.account, visitor.request.match_info["draft"])
        if draft is None:
            raise web.HTTPNotFound
        await visitor.demand(connection, draft.place)
        return draft

    async def _plan(self, connection: Connection, visitor: Visitor, draft: Draft, table: Sheet) -> Plan:
        edit = Edit(visitor.access.account, visitor.now)
        return await file_import.plan(connection, draft.kind, table, visitor.tops, draft.place, edit)


async def _note_conflicts(connection: Connection, found: Plan, visitor: Visitor) -> None:
    """Notify the owners of identities that the file claims."""
    for beacon, requester in found.conflicts:
        await identity_conflicts.note(connection, beacon, requester, visitor.now)


def _shown(visitor: Visitor, draft: Draft, found: Plan, *, moved: bool = False) -> HtmlPage:
    def title(fault: RowFault) -> str:
        return head(fault.column, visitor.language) if fault.column in COLUMNS[draft.kind] else fault.column

    return HtmlPage(
        "import_preview.html",
        {
            "section": f"/staff/{draft.kind}",
            "draft": draft,
            "plan": found,
            "faults": [
                (replace(fault, fault=in_language(fault.fault, visitor.language)), title(fault))
                for fault in found.faults[:_MAX_SHOWN]
            ],
            "changes": found.changes[:_MAX_SHOWN],
            "heads": {name: head(name, visitor.language) for name in COLUMNS[draft.kind]},
            "fault_words": FAULTS,
            "most": _MAX_SHOWN,
            "moved": moved,
        },
        422 if found.faults else 409 if moved else 200,
    )
