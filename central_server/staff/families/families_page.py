"""Register households in difficulty, assess their cases by two people, and look households up by case number only."""

import structlog
from aiohttp import web

from central_server.accounts.access import Right
from central_server.alerts.place_names import community_names
from central_server.catalogue.field_parsing import Fault
from central_server.families import case_rules, cases
from central_server.families.case_rules import CaseProblem, CaseRefused, Step, StepKind
from central_server.families.cases import NOTICE, NewCase
from central_server.families.household import Household, read_household
from central_server.ledger import help_kinds
from central_server.receipts.sealed_data import Seal, SealBroken
from central_server.staff.families.family_wording import ENDINGS, PROBLEMS, REASONS, REFUSALS, STATES, STEPS
from central_server.staff.frame.fault_wording import FAULTS
from central_server.staff.frame.msgid import _
from central_server.staff.frame.page_frame import HtmlPage, PageFrame, Redirect, Values, Visitor
from central_server.store.accounts import audit_actions
from central_server.store.accounts.audit_actions import CaseStepTaken
from central_server.store.engine.connection import Connection
from central_server.store.families import cases as case_store
from central_server.store.families.cases import StoredCase
from central_server.store.places import places
from central_server.store.places.places import PlaceKind
from sync_contract.strict_model import Environment

_log = structlog.get_logger()
_AT = "/staff/families"
_ONE = _AT + "/{case:[0-9]{6}}"
_STEPS = {
    "support": StepKind.supported,
    "refuse": StepKind.refused,
    "relative": StepKind.relative,
    "close": StepKind.closed,
    "appeal": StepKind.appealed,
    "uphold": StepKind.upheld,
    "reject": StepKind.rejected,
}
UNKNOWN = _("There is no case of this number here. Read the six digits again.")
BROKEN = _("The key that opens the households' data is not the right one. Tell the installer: receipts.key.")


class FamiliesPage:
    def __init__(self, frame: PageFrame, seal: Seal, environment: Environment) -> None:
        self._frame = frame
        self._seal = seal
        self._environment = environment.value

    def routes(self) -> list[web.RouteDef]:
        frame = self._frame
        return [
            frame.page(_AT, self._show_list, Right.families),
            frame.page(f"{_AT}/new", self._show_form, Right.families),
            frame.form(f"{_AT}/new", self._register, Right.families),
            frame.page(_ONE, self._show, Right.families),
            frame.form(f"{_ONE}/household", self._look_up, Right.families),
            frame.form(f"{_ONE}/step", self._take_step, Right.families),
            frame.form(f"{_ONE}/erase", self._erase, Right.families),
            frame.form(f"{_ONE}/postpone", self._postpone, Right.families),
        ]

    async def _show_list(self, visitor: Visitor) -> HtmlPage | Redirect:
        """Show the lists, or lead to the case whose number was typed."""
        number = "".join(visitor.request.query.get("number", "").split())
        if not number:
            return await self._list(visitor)
        async with visitor.database.read() as connection:
            case = await case_store.get(connection, number) if len(number) == 6 and number.isdigit() else None
            found = case is not None and await self._visible(connection, visitor, case)
        return Redirect(f"{_AT}/{number}") if found else await self._list(visitor, UNKNOWN)

    async def _list(self, visitor: Visitor, fault: str = "") -> HtmlPage:
        async with visitor.database.read() as connection:
            current = await case_store.page(connection, visitor.tops, self._environment, ended=False)
            ended = await case_store.page(connection, visitor.tops, self._environment, ended=True)
            around = await places.every(connection, visitor.tops)
        values = {
            "current": current,
            "ended": ended,
            "community_of": community_names(around),
            "now": visitor.now,
            "states": STATES,
            "helps": help_kinds.helps(),
            "fault": fault,
        }
        return HtmlPage("families.html", values, 422 if fault else 200)

    async def _show_form(self, visitor: Visitor) -> HtmlPage:
        return await self._form(visitor, {}, {})

    async def _form(
        self, visitor: Visitor, typed: dict[str, str], faults: dict[str, Fault], *, broken: bool = False
    ) -> HtmlPage:
        async with visitor.database.read() as connection:
            communities = await places.every(connection, visitor.tops, PlaceKind.community)
        values = {
            "values": typed,
            "faults": faults,
            "fault_words": FAULTS,
            "fixed": (),
            "theirs": None,
            "editable": True,
            "broken": BROKEN if broken else "",
            "communities": communities,
            "hardships": [(id_, names[visitor.language]) for id_, names in help_kinds.hardships().items()],
            "helps": [(id_, names[visitor.language]) for id_, names in help_kinds.helps().items()],
        }
        return HtmlPage("family_new.html", values, 503 if broken else 422 if faults else 200)

    async def _register(self, visitor: Visitor) -> HtmlPage | Redirect:
        form = dict(visitor.form)
        household, faults = read_household(form)
        if household is None:
            return await self._form(visitor, form, {fault.field: fault for fault in faults})
        new = NewCase(form.get("place", ""), self._environment, form["help"], form.get("urgent") == "yes")
        try:
            async with visitor.database.write() as connection:
                await visitor.demand(connection, new.community)
                place = await places.get(connection, new.community)
                if place is None or place.kind is not PlaceKind.community:
                    raise web.HTTPNotFound
                case = await cases.register(connection, self._seal, new, household, visitor.access.account, visitor.now)
                await visitor.record(connection, case.community, audit_actions.HouseholdRegistered(case.number))
        except SealBroken as error:
            _log.error("receipts.key", reason=str(error))
            return await self._form(visitor, form, {}, broken=True)
        return Redirect(f"{_AT}/{case.number}")

    async def _show(self, visitor: Visitor) -> HtmlPage:
        async with visitor.database.read() as connection:
            case = await self._requested(connection, visitor)
            return await self._page(connection, visitor, case)

    async def _page(
        self,
        connection: Connection,
        visitor: Visitor,
        case: StoredCase,
        *,
        fault: str = "",
        household: Household | None = None,
        status: int = 200,
    ) -> HtmlPage:
        stored = await case_store.household(connection, case.number)
        facts = await cases.load_facts(connection, case)
        place = await places.get(connection, case.community)
        values: Values = {
            "case": case,
            "facts": facts,
            "place": place,
            "steps": await case_store.steps(connection, case.number),
            "assessable": case.state in case_rules.ASSESSABLE or facts.second_due is not None,
            "stored": stored,
            "asked": stored is not None and stored.delete_at is not None and stored.delete_at <= visitor.now + NOTICE,
            "household": household,
            "fault": fault,
            "now": visitor.now,
            "states": STATES,
            "step_words": STEPS,
            "reasons": REASONS,
            "endings": ENDINGS,
            "refusals": REFUSALS,
            "helps": help_kinds.helps(),
            "hardships": help_kinds.hardships(),
        }
        return HtmlPage("family.html", values, status)

    async def _look_up(self, visitor: Visitor) -> HtmlPage:
        """Record the look-up, then open the household's data on the answer of this form only."""
        async with visitor.database.write() as connection:
            case = await self._requested(connection, visitor)
            await visitor.record(connection, case.community, audit_actions.HouseholdLookedUp(case.number))
        async with visitor.database.read() as connection:
            try:
                household = await cases.open_household(connection, self._seal, case.number)
            except SealBroken as error:
                _log.error("receipts.key", reason=str(error))
                return await self._page(connection, visitor, case, fault=BROKEN, status=503)
            return await self._page(connection, visitor, case, household=household)

    async def _take_step(self, visitor: Visitor) -> HtmlPage | Redirect:
        form, kind = visitor.form, _STEPS.get(visitor.form.get("step", ""))
        if kind is None:
            raise web.HTTPNotFound
        reason = form.get("reason", "")[:24] if kind in (StepKind.refused, StepKind.closed) else ""
        step = Step(kind, visitor.access.account, visitor.now, form.get("seen") == "yes", reason)
        return await self._act(visitor, step)

    async def _act(self, visitor: Visitor, step: Step) -> HtmlPage | Redirect:
        number = visitor.request.match_info["case"]
        try:
            async with visitor.database.write() as connection:
                case = await self._requested(connection, visitor)
                await cases.take_step(connection, number, step)
                await visitor.record(connection, case.community, CaseStepTaken(number, step.kind.value, step.reason))
        except CaseRefused as refused:
            problem: CaseProblem = refused.problem
            async with visitor.database.read() as connection:
                case = await self._requested(connection, visitor)
                return await self._page(connection, visitor, case, fault=PROBLEMS[problem], status=422)
        return Redirect(f"{_AT}/{number}")

    async def _erase(self, visitor: Visitor) -> Redirect:
        """Erase the data of an ended case at once."""
        async with visitor.database.write() as connection:
            case = await self._requested(connection, visitor)
            if case.ended_at is None:
                raise web.HTTPNotFound
            if await case_store.erase(connection, case.number):
                await visitor.record(connection, case.community, audit_actions.HouseholdErased(case.number))
        return Redirect(f"{_AT}/{case.number}")

    async def _postpone(self, visitor: Visitor) -> Redirect:
        async with visitor.database.write() as connection:
            case = await self._requested(connection, visitor)
            if await cases.postpone_erasure(connection, case.number, visitor.now) is not None:
                await visitor.record(connection, case.community, audit_actions.ErasurePostponed(case.number))
        return Redirect(f"{_AT}/{case.number}")

    async def _requested(self, connection: Connection, visitor: Visitor) -> StoredCase:
        case = await case_store.get(connection, visitor.request.match_info["case"])
        if case is None or not await self._visible(connection, visitor, case):
            raise web.HTTPNotFound
        return case

    async def _visible(self, connection: Connection, visitor: Visitor, case: StoredCase) -> bool:
        above = await places.ancestors(connection, case.community)
        return case.environment == self._environment and not visitor.tops.isdisjoint(above)
