"""Add made-up families in difficulty to a drill: their cases, and help that they confirmed."""

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from central_server.families import cases
from central_server.families.case_rules import CaseState, Step, StepKind
from central_server.families.cases import NewCase
from central_server.families.help_receipts import HelpForm
from central_server.families.household import Household
from central_server.receipts.sealed_data import Seal
from central_server.store.engine.connection import Connection
from central_server.store.families import cases as case_store
from central_server.store.families import helps
from central_server.store.families.cases import StoredCase, StoredStep
from central_server.store.families.helps import CaseHelp
from central_server.store.ledger.disbursements import Disbursement
from sync_contract.strict_model import Environment

HELPED = 8
_HELP = "meals"
_HARDSHIPS = ("illness", "disability", "alone", "income", "children")
_ASSESSORS = ("drill-family", "drill-family2")
_CONFIRMED_AFTER = timedelta(days=3)


@dataclass
class DemoFamilies:
    """`helped`: the open cases, which every disbursement of help names."""

    seal: Seal
    community: str
    draw: random.Random
    helped: list[StoredCase] = field(default_factory=list)

    async def register(self, connection: Connection, at: datetime) -> None:
        """Add the open cases."""
        for number in range(HELPED):
            case = await self._case(connection, at + timedelta(hours=number), _HELP)
            for account in _ASSESSORS:
                step = Step(StepKind.supported, account, case.registered_at + timedelta(days=1), seen=True)
                case = await cases.take_step(connection, case.number, step)
            self.helped.append(case)

    async def add_waiting(self, connection: Connection, at: datetime) -> None:
        """Add a case without an assessment, and an urgent one that waits for its second."""
        await self._case(connection, at, _HELP)
        urgent = await self._case(connection, at, "medicine", urgent=True)
        step = Step(StepKind.supported, _ASSESSORS[0], at + timedelta(hours=1), seen=True)
        await cases.take_step(connection, urgent.number, step)

    async def help_all(self, connection: Connection, approved: Disbursement, at: datetime, now: datetime) -> None:
        """Record an approved disbursement as help of the open cases; each confirmed it if it is old enough."""
        confirmed_at = at + _CONFIRMED_AFTER
        for place, case in enumerate(self.helped):
            by = approved.requested_by
            step = StoredStep(case.number, StepKind.helped.value, by, at, seen=False, reason="")
            await case_store.add_step(connection, step, replace(case, state=CaseState.helped.value))
            given = CaseHelp(approved.id, case.number, HelpForm.goods.value)
            if confirmed_at <= now:
                way = "phone" if place % 3 else "paper"
                given = replace(given, confirmed_at=confirmed_at, confirmed_by=_ASSESSORS[0], way=way)
            await helps.add(connection, given)

    async def _case(self, connection: Connection, at: datetime, help_: str, *, urgent: bool = False) -> StoredCase:
        ages = tuple(self.draw.randint(4, 90) for _ in range(self.draw.randint(1, 4)))
        household = Household(
            ages, self.draw.choice(_HARDSHIPS), None, "演练：每天一份热饭", None, "演练网格", "演练：我同意"
        )
        new = NewCase(self.community, Environment.drill.value, help_, urgent)
        return await cases.register(connection, self.seal, new, household, _ASSESSORS[0], at)
