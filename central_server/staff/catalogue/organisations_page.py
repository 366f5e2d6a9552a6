"""Serve the organisations that may raise money, with their certificates."""

from collections.abc import Mapping
from datetime import date, timedelta

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue.field_parsing import Fault, Word
from central_server.catalogue.publication import Publication
from central_server.catalogue.records import organisation_values, read_organisation
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Values, Visitor
from central_server.staff.frame.record_editor import Checked, EditPages, Kind, path_of
from central_server.store.catalogue import organisations, projects
from central_server.store.catalogue.organisations import Organisation
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.permit import OFFICIAL_TIME

_AT = "/staff/organisations"
_SOON = timedelta(days=60)


class OrganisationsPage(EditPages[Organisation]):
    def __init__(self, frame: PageFrame, publication: Publication) -> None:
        super().__init__(frame, KIND, publication)

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page(_AT, self._list), *super().routes()]

    async def _list(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            found = await organisations.every(connection, visitor.tops)
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
        today = visitor.now.astimezone(OFFICIAL_TIME).date()

        def status(until: date | None) -> str:
            if until is None:
                return "none"
            return "expired" if until < today else "soon" if until < today + _SOON else "valid"

        return HtmlPage(
            "organisations.html",
            {
                "rows": [(each, status(each.certificate_until)) for each in found],
                "names": names,
                "may_edit": visitor.access.has(Right.edit),
                "removed": False,
                "published": None,
            },
        )


async def _load(connection: Connection, named: Mapping[str, str]) -> Organisation | None:
    return await organisations.get(connection, named["place"], named["organisation"])


async def _begin(connection: Connection, visitor: Visitor) -> dict[str, str]:
    return {"place": visitor.request.query.get("place", "")}


async def _about(
    connection: Connection, visitor: Visitor, values: Mapping[str, str], row: Organisation | None
) -> Values:
    if row is None:
        return {"uses": ()}
    every = await projects.every(connection, visitor.tops)
    return {"uses": [each for each in every if each.organisation == row.id]}


async def _check(connection: Connection, saved: Checked[Organisation]) -> list[Fault]:
    made = saved.made
    there = await organisations.get(connection, made.place, made.id) if saved.before is None else None
    return [] if there is None else [Fault("id", Word.taken, made.id, {"what": there.name})]


KIND: Kind[Organisation] = Kind(
    noun="organisation",
    template="organisation.html",
    at=_AT,
    found_at=_AT + "/{place}/{organisation:[a-z0-9-]{1,16}}",
    fixed=frozenset(("place", "id")),
    load=_load,
    values=organisation_values,
    read=read_organisation,
    save=organisations.save,
    path=lambda row: f"{_AT}/{path_of(row.place, row.id)}",
    subject=lambda row: row.id,
    begin=_begin,
    about=_about,
    check=_check,
)
