"""Serve the page of one project: texts, amounts, permit and picture."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue.field_parsing import Fault, Word
from central_server.catalogue.picture_check import ENDINGS, content_type
from central_server.catalogue.publication import Publication
from central_server.catalogue.records import project_values, read_project
from central_server.permits.fundraising_venue import judge_acceptance
from central_server.staff.frame.field_wording import DRAWINGS, FOCUSES
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Values, Visitor
from central_server.staff.frame.record_editor import Checked, EditPages, Kind, Typed, path_of
from central_server.store.accounts.audit_actions import ProjectChanged
from central_server.store.accounts.audit_records import FieldChange
from central_server.store.catalogue import organisations, pictures, projects
from central_server.store.catalogue.pictures import StoredPicture
from central_server.store.catalogue.projects import StoredProject
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from sync_contract.catalogue import MAX_PICTURE_BYTES, Focus

_AT = "/staff/projects"
_ONE = _AT + "/{place}/{project:[a-z0-9-]{1,16}}"


class ProjectPage(EditPages[StoredProject]):
    def __init__(self, frame: PageFrame, publication: Publication) -> None:
        super().__init__(frame, replace(KIND, about=partial(_about, publication.platforms)), publication)

    def routes(self) -> list[web.RouteDef]:
        return [
            *super().routes(),
            self._frame.upload(f"{_ONE}/picture", self._picture, Right.edit, limit=MAX_PICTURE_BYTES + 16 * 1024),
            self._frame.page("/staff/pictures/{place}/{project:[a-z0-9-]{1,16}}", self._show_picture, Right.see),
        ]

    async def _picture(self, visitor: Visitor) -> HtmlPage | FileDownload | Redirect:
        """Replace the picture, move its focus, or remove it."""
        upload = visitor.files.get("picture")
        kind = content_type(upload.content) if upload is not None and upload.ending in ENDINGS else None
        focus = visitor.form.get("focus", "")

        async def work(connection: Connection) -> HtmlPage | Redirect:
            await versioned_rows.begin(connection)
            row = await self._find(connection, visitor, to_change=True)
            if upload is not None and kind is None:
                fault = Fault("picture", Word.not_a_picture, upload.name)
                return await self._form(
                    connection, visitor, row, Typed(project_values(row), row.revision, [fault]), 422
                )
            sha = None if visitor.form.get("remove") else row.picture
            if upload is not None and kind is not None:
                sha = hashlib.sha256(upload.content).hexdigest()
                new = StoredPicture(sha, kind, len(upload.content), upload.content)
                await pictures.store(connection, new, visitor.now)
            seen = Focus(focus) if sha == row.picture and focus in tuple(Focus) else Focus.centre
            await projects.show_picture(connection, row, sha, seen, visitor.access.account, visitor.now)
            await versioned_rows.record_edit(connection, row.place, visitor.now)
            changes = (
                FieldChange("picture", (row.picture or "")[:12], (sha or "")[:12]),
                FieldChange("focus", row.focus, seen),
            )
            changed = tuple(each for each in changes if each.before != each.after)
            await visitor.record(connection, row.place, ProjectChanged(row.id, changed))
            return Redirect(f"{KIND.path(row)}?saved=1")

        return await visitor.database.written(work)

    async def _show_picture(self, visitor: Visitor) -> FileDownload:
        async with visitor.database.read() as connection:
            row = await self._find(connection, visitor, to_change=False)
            picture = await pictures.get(connection, row.picture) if row.picture else None
        if picture is None:
            raise web.HTTPNotFound
        return FileDownload("picture", picture.content_type, picture.content)


async def _load(connection: Connection, named: Mapping[str, str]) -> StoredProject | None:
    return await projects.get(connection, named["place"], named["project"])


async def _begin(connection: Connection, visitor: Visitor) -> dict[str, str]:
    return {"place": visitor.request.query.get("place", ""), "min_yuan": "1", "max_yuan": "10000"}


async def _about(
    platforms: Collection[str] | None,
    connection: Connection,
    visitor: Visitor,
    values: Mapping[str, str],
    row: StoredProject | None,
) -> Values:
    place = row.place if row else values.get("place", "")
    holding = await organisations.holding(connection, place) if row else {}
    if row is None:
        holding = {each.id: each for each in await organisations.every(connection, visitor.tops)}
    reason = judge_acceptance(row, holding.get(row.organisation), platforms, visitor.now) if row else None
    return {"organisations": [*holding.values()], "judgement": reason, "drawings": DRAWINGS, "focuses": FOCUSES}


async def _check(connection: Connection, saved: Checked[StoredProject]) -> list[Fault]:
    made = saved.made
    there = await projects.get(connection, made.place, made.id) if saved.before is None else None
    if there is None:
        return []
    return [Fault("id", Word.taken, made.id, {"what": there.title.zh_hans})]


KIND: Kind[StoredProject] = Kind(
    noun="project",
    template="project.html",
    at=_AT,
    found_at=_ONE,
    fixed=frozenset(("place", "id")),
    load=_load,
    values=project_values,
    read=read_project,
    save=projects.save,
    path=lambda row: f"{_AT}/{path_of(row.place, row.id)}",
    subject=lambda row: row.id,
    begin=_begin,
    about=partial(_about, None),
    check=_check,
)
