"""List gifts that wait for evidence of payment, and import evidence from a file that a second person confirms."""

from collections.abc import Callable, Mapping

from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.catalogue.field_parsing import Fault, Word, file_fault
from central_server.donations.refund_approval import RefundProblem
from central_server.reconciliation import evidence
from central_server.reconciliation.evidence import COLUMNS, EvidencePlan, head
from central_server.sheets import sheet_reader_process
from central_server.sheets.sheet_reader import MAX_BYTES, Sheet, SheetRefused, ending_matches
from central_server.staff.donations.gift_wording import NOT_POSSIBLE
from central_server.staff.frame.fault_wording import FAULTS
from central_server.staff.frame.page_frame import FileDownload, HtmlPage, PageFrame, Redirect, Visitor, sheet
from central_server.store.accounts.independence import are_independent
from central_server.store.catalogue import import_drafts, projects
from central_server.store.catalogue.import_drafts import EVIDENCE, Draft
from central_server.store.donations import unconfirmed_gifts
from central_server.store.engine.connection import Connection
from central_server.store.places import places
from central_server.store.places.places import TOP
from sync_contract.project import Texts
from sync_contract.uuid7 import new_id

_AT = "/staff/evidence"
_DRAFT = _AT + "/{draft:[0-9a-f]{32}}"
_SHOWN = 200


class EvidencePage:
    """`changed` is called after gifts became paid."""

    def __init__(self, frame: PageFrame, environment: str, changed: Callable[[], None]) -> None:
        self._frame = frame
        self._environment = environment
        self._changed = changed

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show, Right.money),
            frame.page(f"{_AT}.xlsx", self._list, Right.money),
            frame.upload(_AT, self._take, Right.money, limit=MAX_BYTES + 64 * 1024),
            frame.page(_DRAFT, self._look, Right.money),
            frame.form(_DRAFT, self._apply, Right.money),
        ]

    async def _show(self, visitor: Visitor) -> HtmlPage:
        return await self._asked(visitor, None)

    async def _asked(self, visitor: Visitor, refused: Fault | None) -> HtmlPage:
        async with visitor.database.read() as connection:
            waiting = await unconfirmed_gifts.every(connection, visitor.tops, self._environment)
            shown = waiting[:_SHOWN]
            titles = await projects.known_many(connection, {(each.community, each.project) for each in shown})
            around = await places.every(connection, visitor.tops)
            drafts = await import_drafts.of_kind(connection, EVIDENCE, visitor.tops)
        values = {
            "waiting": shown,
            "drafts": drafts,
            "community_of": community_names(around),
            "titles": titles,
            "count": len(waiting),
            "shown": _SHOWN,
            "columns": [head(name, visitor.language) for name in COLUMNS],
            "refused": refused,
            "fault_words": FAULTS,
            "done": visitor.request.query.get("done", "")[:8] if refused is None else "",
        }
        return HtmlPage("evidence.html", values, 200 if refused is None else 422)

    async def _list(self, visitor: Visitor) -> FileDownload:
        async with visitor.database.read() as connection:
            waiting = await unconfirmed_gifts.every(connection, visitor.tops, self._environment)
        heads = [head(name, visitor.language) for name in COLUMNS]
        return sheet(
            "waiting-gifts", "xlsx", [heads, *evidence.template_rows(waiting)], of=visitor.tops, kind="waiting-gifts"
        )

    async def _take(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Show the faults of the file, or store it as a draft that a second person confirms."""
        file = visitor.files.get("file")
        if file is None or not file.content:
            return await self._asked(visitor, Fault("file", Word.needed))
        try:
            if not ending_matches(file.ending, file.content):
                raise SheetRefused
            uploaded = await sheet_reader_process.open_sheet(file.content)
        except SheetRefused as error:
            return await self._asked(visitor, file_fault(error))
        async with visitor.database.write() as connection:
            found = await evidence.plan_import(connection, uploaded, visitor.tops, self._environment, visitor.now)
            of = {each.community for each in found.confirmed}
            place = next((min(group) for group in (of, visitor.tops) if len(group) == 1), TOP)
            draft = Draft(new_id(), visitor.access.account, EVIDENCE, place, file.reference, file.content, visitor.now)
            if found.faults or not found.confirmed:
                return _shown(visitor, draft, found, {}, None)
            await import_drafts.store(connection, draft)
        return Redirect(f"{_AT}/{draft.id}")

    async def _look(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            draft = await self._draft(connection, visitor)
        uploaded = await sheet_reader_process.open_sheet(draft.content)
        async with visitor.database.read() as connection:
            found = await evidence.plan_import(connection, uploaded, visitor.tops, self._environment, visitor.now)
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
            problem = await _problem(connection, visitor, draft)
        return _shown(visitor, draft, found, names, problem)

    async def _apply(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Apply the plan that another person sent, or show a new preview when something has changed."""
        async with visitor.database.read() as connection:
            draft = await self._draft(connection, visitor)
        uploaded = await sheet_reader_process.open_sheet(draft.content)

        async def work(connection: Connection) -> HtmlPage | Redirect:
            found = await self._locked_plan(connection, visitor, uploaded)
            names = {place.id: place.names for place in await places.every(connection, [TOP])}
            problem = await _problem(connection, visitor, draft)
            moved = found.digest != visitor.form.get("digest", "")
            if found.faults or not found.confirmed or problem or moved:
                return _shown(visitor, draft, found, names, problem, refused=True, moved=moved)
            await evidence.apply_import(
                connection, found, draft.account, visitor.access.account, draft.name, visitor.now
            )
            await import_drafts.forget(connection, draft)
            return Redirect(f"{_AT}?done={len(found.confirmed)}")

        answer = await visitor.database.written(work)
        if isinstance(answer, Redirect):
            self._changed()
        return answer

    async def _locked_plan(self, connection: Connection, visitor: Visitor, uploaded: Sheet) -> EvidencePlan:
        """Plan twice: the first plan determines the gifts to lock."""
        await connection.alone("evidence")  # two files may contain one payment number
        await evidence.lock_gifts(
            connection, await evidence.plan_import(connection, uploaded, visitor.tops, self._environment, visitor.now)
        )
        return await evidence.plan_import(connection, uploaded, visitor.tops, self._environment, visitor.now)

    async def _draft(self, connection: Connection, visitor: Visitor) -> Draft:
        """Return a draft of this account, or of another one for gifts that this one may see."""
        id_ = visitor.request.match_info["draft"]
        draft = await import_drafts.find(connection, visitor.access.account, id_)
        drafts = await import_drafts.of_kind(connection, EVIDENCE, visitor.tops)
        for found in (*drafts, *([] if draft is None or draft.kind != EVIDENCE else [draft])):
            if found.id == id_:
                return found
        raise web.HTTPNotFound


async def _problem(connection: Connection, visitor: Visitor, draft: Draft) -> RefundProblem | None:
    """Return why this person cannot confirm the draft."""
    if draft.account == visitor.access.account:
        return RefundProblem.same_person
    independent = await are_independent(connection, draft.account, visitor.access.account)
    return None if independent else RefundProblem.dependent


def _shown(
    visitor: Visitor,
    draft: Draft,
    found: EvidencePlan,
    names: Mapping[str, Texts],
    problem: RefundProblem | None,
    *,
    refused: bool = False,
    moved: bool = False,
) -> HtmlPage:
    return HtmlPage(
        "evidence_preview.html",
        {
            "draft": draft,
            "plan": found,
            "faults": [
                (each, head(each.column, visitor.language) if each.column in COLUMNS else each.column)
                for each in found.faults[:_SHOWN]
            ],
            "proved": found.confirmed[:_SHOWN],
            "most": _SHOWN,
            "names": names,
            "fault_words": FAULTS,
            "moved": moved,
            "problem": problem,
            "problems": NOT_POSSIBLE,
        },
        422 if found.faults else 409 if refused else 200,
    )
