"""Name the cases of a disbursement, and record how each household confirms what it received.

On paper: a numbered sheet, signed and photographed; the photograph is sealed, because it shows signatures.
By telephone: a one-time code that goes to the household with the help, and that the household reads out.
"""

import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from central_server.errors import CentralError
from central_server.families import cases
from central_server.families.case_rules import CaseRefused, Step, StepKind
from central_server.families.cases import STORAGE_TIME
from central_server.ledger.spending import SpendingProblem, SpendingRefused
from central_server.receipts.sealed_data import Seal, SealBroken
from central_server.store.accounts.independence import are_independent
from central_server.store.engine.connection import Connection
from central_server.store.families import cases as case_store
from central_server.store.families import helps, sealed_keys
from central_server.store.families.helps import CaseHelp, SealedSheet
from central_server.store.ledger.disbursements import Disbursement

CONFIRMED_WITHIN = timedelta(days=10)
"""Help that is not confirmed for this time becomes a task."""
MAX_CASES = 200
MAX_TRIES = 5
"""Wrong codes after which a code is void."""


class HelpForm(StrEnum):
    money = "money"
    goods = "goods"
    service = "service"


class ConfirmationProblem(StrEnum):
    code = "code"
    """Wrong, used or void."""
    own = "own"
    """Whoever requested the disbursement, or could use that account, does not confirm it."""
    photo = "photo"
    none_chosen = "none_chosen"


class ConfirmationRefused(CentralError):
    def __init__(self, problem: ConfirmationProblem) -> None:
        super().__init__(problem.value)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Photograph:
    content_type: str
    content: bytes


async def name_cases(connection: Connection, disbursement: Disbursement, text: str, form: str) -> None:
    """Record the cases of a new request, within its write. Raises SpendingRefused."""
    numbers = list(dict.fromkeys(text.replace(",", " ").replace("，", " ").split()))
    if not numbers:
        return
    if disbursement.people is not None:  # its households are the figure
        raise SpendingRefused(SpendingProblem.people)
    if len(numbers) > MAX_CASES or form not in list(HelpForm):
        raise SpendingRefused(SpendingProblem.cases)
    kinds = set()
    for number in numbers:
        case = await case_store.lock(connection, number[:8])
        if case is None or (case.community, case.environment) != (disbursement.community, disbursement.environment):
            raise SpendingRefused(SpendingProblem.cases)
        kinds.add(case.help)
        step = Step(StepKind.helped, disbursement.requested_by, disbursement.requested_at)
        if await cases.find_problem(connection, case, step) is not None:
            raise SpendingRefused(SpendingProblem.cases)
        await helps.add(connection, CaseHelp(disbursement.id, number, form))
    if len(kinds) != 1:
        raise SpendingRefused(SpendingProblem.cases)


async def record_help(connection: Connection, disbursement: Disbursement, by: str, now: datetime) -> None:
    """Record the help in each case when the disbursement is approved, within that write. Raises SpendingRefused."""
    for each in await helps.of_disbursement(connection, disbursement.id):
        try:
            await cases.take_step(connection, each.case, Step(StepKind.helped, by, now))
        except CaseRefused as error:
            raise SpendingRefused(SpendingProblem.cases) from error


async def make_code(connection: Connection, seal: Seal, help_: CaseHelp) -> str:
    """Return a new one-time code of six digits; an earlier one is void."""
    code = f"{secrets.randbelow(1_000_000):06}"
    await helps.update_help(connection, replace(help_, code=_digest(seal, help_, code), tries=0))
    return code


async def confirm_by_code(
    connection: Connection, seal: Seal, help_: CaseHelp, code: str, disbursement: Disbursement, by: str, now: datetime
) -> bool:
    """Return False for a wrong or void code, which counts. Raises ConfirmationRefused."""
    await _demand_other(connection, disbursement, by)
    if help_.confirmed_at is not None or not help_.code or help_.tries >= MAX_TRIES:
        return False
    if not hmac.compare_digest(help_.code, _digest(seal, help_, "".join(code.split()))):
        await helps.update_help(connection, replace(help_, tries=help_.tries + 1))
        return False
    await helps.update_help(connection, replace(help_, code="", confirmed_at=now, confirmed_by=by, way="phone"))
    return True


async def confirm_by_sheet(
    connection: Connection,
    seal: Seal,
    disbursement: Disbursement,
    signed: Collection[str],
    photograph: Photograph,
    by: str,
    now: datetime,
) -> tuple[str, ...]:
    """Store the sealed photograph and return the cases confirmed by it. Raises ConfirmationRefused, SealBroken."""
    await _demand_other(connection, disbursement, by)
    open_helps = [
        each
        for each in await helps.of_disbursement(connection, disbursement.id)
        if each.case in signed and each.confirmed_at is None
    ]
    if not open_helps:
        raise ConfirmationRefused(ConfirmationProblem.none_chosen)
    if (await sealed_keys.counts(connection)).keys() - {seal.fingerprint}:
        raise SealBroken(f"{seal.file} is not the key that another server of this database uses")
    sealed = seal.close(_sheet(disbursement.id), photograph)
    await helps.save_sheet(
        connection,
        SealedSheet(disbursement.id, disbursement.community, seal.fingerprint, sealed, now, by, now + STORAGE_TIME),
    )
    for each in open_helps:
        await helps.update_help(connection, replace(each, code="", confirmed_at=now, confirmed_by=by, way="paper"))
    return tuple(each.case for each in open_helps)


async def open_sheet(connection: Connection, seal: Seal, disbursement: str) -> Photograph | None:
    """The caller records the look-up. Raises SealBroken."""
    stored = await helps.sheet(connection, disbursement)
    return None if stored is None else seal.open(_sheet(disbursement), stored.sealed, Photograph)


async def _demand_other(connection: Connection, disbursement: Disbursement, by: str) -> None:
    if not await are_independent(connection, disbursement.requested_by, by):
        raise ConfirmationRefused(ConfirmationProblem.own)


def _digest(seal: Seal, help_: CaseHelp, code: str) -> str:
    """A keyed digest: six digits alone could be found from a copy of the database."""
    text = f"help code {help_.disbursement} {help_.case} {code}"
    return hmac.new(seal.key, text.encode(), hashlib.sha256).hexdigest()


def _sheet(disbursement: str) -> str:
    return f"sheet {disbursement}"
