"""Import lists of units' members, all rows or none, and export a unit's own list.

A contact imports for the own unit; a steward for all units of a community, with a column that names the unit.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.receipts.sealed_data import SealBroken
from central_server.sheets.sheet_reader import SheetRefused
from central_server.sheets.sheet_reader_process import open_sheet
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Visitor, sheet
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from daemonkit.i18n import marked as _
from sync_contract.strict_model import Environment, Language
from volunteering.people.sealed_person import PersonSeal
from volunteering.pool.enlist import Enlisted, Listed, enlist, prepare
from volunteering.pool.unit_list import MAX_ROWS, MissingColumn, UnitLists, read_lists, write_list
from volunteering.pool.wording import BROKEN
from volunteering.staff.own_unit_page import AT, FAULTS, ONE, own_unit
from volunteering.store import pool, units
from volunteering.store.units import Unit

_log = structlog.get_logger()
_STAFF = "/staff/volunteers/units/list"
_CPU_S = 90
_MAX_BYTES = 16 * 1024 * 1024
_NO_FILE = _("Choose a file: XLSX or CSV.")
_UNREADABLE = _("This file cannot be read as a table, or is too large.")
_NO_COLUMN = _("The file has no column for this:")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """`fault`: a msgid, with `about` after it."""

    lists: UnitLists | None = None
    done: Enlisted | None = None
    fault: str = ""
    about: str = ""
    units: Mapping[str, Unit] = field(default_factory=dict)


class UnitListPage:
    def __init__(self, frame: PageFrame, seal: PersonSeal, environment: Environment) -> None:
        self._frame = frame
        self._seal = seal
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(f"{ONE}/list.xlsx", self._export, Right.unit),
            frame.page(f"{ONE}/list", self._show_own, Right.unit),
            frame.upload(f"{ONE}/list", self._import_own, Right.unit, limit=_MAX_BYTES),
            frame.page(_STAFF, self._show_all, Right.people),
            frame.upload(_STAFF, self._import_all, Right.people, limit=_MAX_BYTES),
        ]

    async def _show_own(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            unit = await own_unit(connection, visitor, self._environment)
        return await self._page(visitor, unit, _Outcome())

    async def _show_all(self, visitor: Visitor) -> HtmlPage:
        return await self._page(visitor, None, _Outcome())

    async def _import_own(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            unit = await own_unit(connection, visitor, self._environment)
        return await self._page(visitor, unit, await self._import(visitor, unit.community, unit))

    async def _import_all(self, visitor: Visitor) -> HtmlPage:
        community = visitor.form.get("place", "")
        async with visitor.database.read() as connection:
            await visitor.demand(connection, community)
        return await self._page(visitor, None, await self._import(visitor, community, None))

    async def _import(self, visitor: Visitor, community: str, unit: Unit | None) -> _Outcome:
        file = visitor.files.get("file")
        if file is None or not file.content:
            return _Outcome(fault=_NO_FILE)
        async with visitor.database.read() as connection:
            known = {each.id: each for each in await units.below(connection, [community], self._environment)}
            grids = await _grids(connection, community)
        codes = {each.code: each.id for each in known.values()}
        try:
            table = await open_sheet(file.content, max_rows=MAX_ROWS, cpu_s=_CPU_S)
            only = unit.id if unit else ""
            lists = await asyncio.to_thread(read_lists, table, codes, grids, visitor.language, only)
        except SheetRefused:
            return _Outcome(fault=_UNREADABLE)
        except MissingColumn as error:
            return _Outcome(fault=_NO_COLUMN, about=str(error))
        if lists.bad:
            return _Outcome(lists)
        return _Outcome(lists, await self._store(visitor, known, lists))

    async def _store(self, visitor: Visitor, known: Mapping[str, Unit], lists: UnitLists) -> Enlisted:
        """Store every list in one transaction."""
        sealed = {of: await asyncio.to_thread(prepare, self._seal, rows) for of, rows in lists.rows.items()}
        added = unchanged = 0
        async with visitor.database.write() as connection:
            for of, rows in sealed.items():
                by = visitor.access.account
                done = await enlist(connection, self._seal, known[of], rows, by, visitor.now)
                added, unchanged = added + done.added, unchanged + done.unchanged
        return Enlisted(added, unchanged)

    async def _page(self, visitor: Visitor, unit: Unit | None, outcome: _Outcome) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = () if unit else await places.every(connection, visitor.tops, PlaceKind.community)
        bad = outcome.lists.bad if outcome.lists else ()
        values = {
            "unit": unit,
            "communities": communities,
            "outcome": outcome,
            "bad": [(each.number, FAULTS[each.fault]) for each in bad],
            "action": f"{AT}/{unit.id}/list" if unit else _STAFF,
            "back": f"{AT}/{unit.id}" if unit else "/staff/volunteers/units",
            "section": AT if unit else "/staff/volunteers/units",
        }
        return HtmlPage("volunteer_unit_list.html", values, 422 if bad or outcome.fault else 200)

    async def _export(self, visitor: Visitor) -> FileDownload | HtmlPage:
        """Write what the unit stated about its members, as it can be imported again."""
        async with visitor.database.read() as connection:
            unit = await own_unit(connection, visitor, self._environment)
            found = await pool.of_unit(connection, unit.id, "", MAX_ROWS)
        try:
            listed = [self._seal.open_membership(each.id, each.sealed, Listed) for each in found]
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._page(visitor, unit, _Outcome(fault=BROKEN))
        rows = write_list(unit.code, listed, visitor.language)
        return sheet(f"members-{unit.code}", "xlsx", rows, of=frozenset({unit.community}), kind="members")


async def _grids(connection: Connection, community: str) -> dict[str, str]:
    """Return the ids of the community's grids by id and by name."""
    found = await places.every(connection, [community], PlaceKind.grid)
    by_name = {each.names[language]: each.id for each in found for language in Language}
    return by_name | {each.id: each.id for each in found}
