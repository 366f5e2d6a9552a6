"""Serve the bindings: which beacon, group or place brings which project, and when."""

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from central_server.accounts.access import Right
from central_server.catalogue.entry_warnings import empty_groups
from central_server.catalogue.field_parsing import Fault
from central_server.catalogue.publication import Publication
from central_server.catalogue.records import binding_values, read_binding
from central_server.staff.catalogue.catalogue_status import load_status
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Values, Visitor
from central_server.staff.frame.record_editor import Checked, EditPages, Kind
from central_server.staff.places.place_tree import rows
from central_server.store.catalogue import beacons, bindings, projects
from central_server.store.catalogue.bindings import PAGE, BindingFilter, StoredBinding
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import INSIDE_COMMUNITY, TOP
from sync_contract.catalogue import BeaconKind

_AT = "/staff/bindings"
_FIELDS = ("words", "target", "place")
_MAX_LISTED = 500
"""Beacons offered by name; others must be typed."""


class BindingsPage(EditPages[StoredBinding]):
    def __init__(self, frame: PageFrame, publication: Publication) -> None:
        super().__init__(frame, KIND, publication)

    def routes(self) -> list[web.RouteDef]:
        return [self._frame.page(_AT, self._list), *super().routes()]

    async def _list(self, visitor: Visitor) -> HtmlPage:
        query = visitor.request.query
        chosen = {name: query.get(name, "").strip()[:60] for name in _FIELDS}
        wanted = BindingFilter(visitor.tops, **chosen)
        async with visitor.database.read() as connection:
            found = await bindings.page(connection, wanted, query.get("after", "")[:32], PAGE + 1)
            older = (
                urlencode({name: value for name, value in chosen.items() if value} | {"after": found[PAGE - 1].id})
                if len(found) > PAGE
                else ""
            )
            found = found[:PAGE]
            empty = await empty_groups(connection, found)
            mine = await places.every(connection, visitor.tops)
            titles = {(each.place, each.id): each.title for each in await projects.every(connection, visitor.tops)}
            known = await beacons.same(connection, {each.beacon for each in found if each.beacon})
            names = {place.id: place for place in await places.every(connection, [TOP])}
        published = await load_status(visitor.database, self._publication, visitor.tops) if "removed" in query else None
        labels = {each.beacon: each.label for each in known if each.kind is BeaconKind.place}

        def title(binding: StoredBinding) -> object:
            """Return the title of the project at the binding's place or the nearest above; None if it was removed."""
            at: str | None = binding.place
            while at is not None and (at, binding.project) not in titles:
                at = names[at].parent
            return None if at is None else titles[at, binding.project]

        return HtmlPage(
            "bindings.html",
            {
                "rows": [
                    (
                        each,
                        title(each),
                        labels.get(each.beacon) if each.beacon else None,
                        (each.place, each.group) in empty,
                    )
                    for each in found
                ],
                "chosen": chosen,
                "filtered": any(chosen.values()),
                "first": "after" in query,
                "older": older,
                "places": rows([place for place in mine if place.kind not in INSIDE_COMMUNITY]),
                "names": {id_: place.names for id_, place in names.items()},
                "may_edit": visitor.access.has(Right.edit),
                "removed": "removed" in query,
                "published": published,
            },
        )


async def _load(connection: Connection, named: Mapping[str, str]) -> StoredBinding | None:
    return await bindings.get(connection, named["binding"])


def _typed(form: Mapping[str, str]) -> dict[str, str]:
    """Convert the form's beacon field and day boxes; no day and all days mean every day."""
    typed = dict(form)
    if form.get("target") == "beacon" and (chosen := form.get("beacon", "")):
        typed |= zip(("uuid", "major", "minor"), (*chosen.split("/"), "", "", "")[:3], strict=True)
    days = "".join(day for day in "1234567" if form.get(f"day{day}"))
    return typed | {"weekdays": "" if days == "1234567" else days}


async def _begin(connection: Connection, visitor: Visitor) -> dict[str, str]:
    query = visitor.request.query
    return {"target": "beacon", "priority": "0"} | {
        name: query[name][:120] for name in ("place", "project", "beacon", "group") if name in query
    }


async def _about(
    connection: Connection, visitor: Visitor, values: Mapping[str, str], row: StoredBinding | None
) -> Values:
    listed = await beacons.page(connection, beacons.BeaconFilter(visitor.tops), limit=_MAX_LISTED)
    return {
        "projects": await projects.every(connection, visitor.tops),
        "beacons": listed,
        "groups": await beacons.groups(connection, visitor.tops),
        "chosen": values.get("beacon") or "/".join(values.get(name, "") for name in ("uuid", "major", "minor")),
        "days": values.get("weekdays", "") or "1234567",
        "empty": bool(row and await empty_groups(connection, [row])),
    }


async def _check(connection: Connection, saved: Checked[StoredBinding]) -> list[Fault]:
    return []


KIND: Kind[StoredBinding] = Kind(
    noun="binding",
    template="binding.html",
    at=_AT,
    found_at=_AT + "/{binding:[0-9a-f]{32}}",
    fixed=frozenset(),
    load=_load,
    values=binding_values,
    read=read_binding,
    save=bindings.save,
    path=lambda row: f"{_AT}/{row.id}",
    subject=lambda row: row.project,
    begin=_begin,
    about=_about,
    check=_check,
    remove=bindings.remove,
    typed=_typed,
)
