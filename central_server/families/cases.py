"""Register households, take the steps of their cases, and erase the sealed data in time."""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from central_server.families import case_rules
from central_server.families.case_rules import CaseFacts, CaseProblem, CaseRefused, CaseState, Step, StepKind
from central_server.families.household import Household
from central_server.receipts.sealed_data import Seal, SealBroken
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import HouseholdErased
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.accounts.independence import controllers
from central_server.store.alerts.quarantine import RecordKey, process_due
from central_server.store.donations.receipts import SCHEDULE
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.families import cases, helps, sealed_keys
from central_server.store.families.cases import SealedHousehold, StoredCase, StoredStep

STORAGE_TIME = timedelta(days=730)
"""Storage time of a household's data after its case ended."""
NOTICE = timedelta(days=30)
"""Staff are asked this long before the erasure."""
EXTENSION = timedelta(days=180)
"""Staff may postpone the erasure by this time, with an audit entry."""


@dataclass(frozen=True, slots=True)
class NewCase:
    community: str
    environment: str
    help: str
    urgent: bool


async def register(
    connection: Connection, seal: Seal, new: NewCase, household: Household, by: str, now: datetime
) -> StoredCase:
    """Store the sealed household and its proposed case under a random number, within a write. Raises SealBroken."""
    if (await sealed_keys.counts(connection)).keys() - {seal.fingerprint}:
        raise SealBroken(f"{seal.file} is not the key that another server of this database uses")
    while True:
        number = f"{secrets.randbelow(1_000_000):06}"  # random: a number tells nothing about other cases
        case = StoredCase(
            number, new.community, new.environment, new.help, new.urgent, CaseState.proposed.value, None, None, by, now
        )
        if await cases.add(connection, case):
            break
    await cases.add_step(connection, StoredStep(number, StepKind.proposed.value, by, now, False, ""), case)
    sealed = seal.close(_record(number), household)
    await cases.add_household(
        connection, SealedHousehold(number, new.community, seal.fingerprint, sealed, now, delete_at=None)
    )
    return case


async def open_household(connection: Connection, seal: Seal, number: str) -> Household | None:
    """Return None after the erasure. The caller records the look-up. Raises SealBroken."""
    stored = await cases.household(connection, number)
    return None if stored is None else seal.open(_record(number), stored.sealed, Household)


async def load_facts(connection: Connection, case: StoredCase) -> CaseFacts:
    return case_rules.fold(case.urgent, map(_step, await cases.steps(connection, case.number)))


async def find_problem(connection: Connection, case: StoredCase, step: Step) -> CaseProblem | None:
    """Return why the step is not possible now, None if it is."""
    facts = await load_facts(connection, case)
    involved = {step.by, *facts.deciders, *facts.relatives, *(account for account, _ in facts.supporters)}
    people = {account: await controllers(connection, account) for account in sorted(involved)}
    return case_rules.find_problem(facts, step, lambda one, other: not people[one].isdisjoint(people[other]))


async def take_step(connection: Connection, number: str, step: Step) -> StoredCase:
    """Check and store the step, within a write. The case exists. Raises CaseRefused."""
    case = await cases.lock(connection, number)
    assert case is not None
    problem = await find_problem(connection, case, step)
    if problem is not None:
        raise CaseRefused(problem)
    now = case_rules.after(await load_facts(connection, case), step)
    changed = replace(case, state=now.state.value, second_due=now.second_due, ended_at=now.ended_at)
    await cases.add_step(
        connection, StoredStep(number, step.kind.value, step.by, step.at, step.seen, step.reason), changed
    )
    await cases.delete_at(connection, number, None if now.ended_at is None else now.ended_at + STORAGE_TIME)
    return changed


async def postpone_erasure(connection: Connection, number: str, now: datetime) -> datetime | None:
    """Postpone the erasure from its day, or from now; return the new day, None if none is due within NOTICE."""
    stored = await cases.household(connection, number)
    if stored is None or stored.delete_at is None or stored.delete_at > now + NOTICE:
        return None
    later = stored.delete_at + EXTENSION
    await cases.delete_at(connection, number, later)
    return later


async def erase_due(database: Database, now: datetime) -> int:
    """Erase households whose storage time is over, with an audit entry each, and old sheets; return their number."""
    erased = await process_due(database, cases.erasures_due, _record_of, partial(_erase, database), now)
    async with database.write() as connection:
        return erased + await helps.erase_sheets(connection, now)


def _record_of(household: SealedHousehold) -> RecordKey:
    return RecordKey("households", household.case, household.community)


async def _erase(database: Database, household: SealedHousehold, now: datetime) -> bool:
    async with database.write() as connection:
        erased = await cases.erase(connection, household.case)
        if erased:
            line = AuditEntry(SCHEDULE, household.community, HouseholdErased(household.case), now)
            await audit_trail.record(connection, line)
    return erased


def _step(stored: StoredStep) -> Step:
    return Step(StepKind(stored.kind), stored.by, stored.at, stored.seen, stored.reason)


def _record(number: str) -> str:
    return f"household {number}"
