"""Enter a gift by bank transfer or cheque with the bank's advice, and confirm it by a second, independent person.

The gift is registered at once and becomes paid when it is confirmed. No file of the bank contains it: the advice is its
evidence. A returned cheque or a wrong entry is refunded like every gift, by two people; nothing is deleted.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from central_server.donations.open_attempt import new_attempt
from central_server.donations.settlement import post_payment
from central_server.errors import CentralError
from central_server.receipts.receipt_requests import MAX_LENGTHS, UNATTENDED, FaultyForm, FieldProblem, read_donor
from central_server.receipts.sealed_data import Donor, Seal
from central_server.store.accounts.independence import are_independent
from central_server.store.catalogue import projects
from central_server.store.donations import attempts, intents, receipts, remittances
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.intents import Intent, StateChange
from central_server.store.donations.receipts import Receipt, ReceiptState, SealedDonor
from central_server.store.donations.remittances import EnteredGift, Remittance
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateways
from central_server.store.families import sealed_keys
from central_server.store.ledger import vouchers
from central_server.store.ledger.ledger_lines import REMITTED
from central_server.store.ledger.vouchers import Voucher
from sync_contract.entered_date import read_entered_date
from sync_contract.money import AmountMalformed, Money
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import IntentState
from sync_contract.uuid7 import new_id

MAX_AGE = timedelta(days=366)
"""Older payments are not entered any more: their year is closed."""
MAX_MINOR = 10**10
"""Fen of one gift, excluded; more is a typing error."""
STAFF = "staff"
"""Where such a gift is first seen, and the cause of its changes."""
_NUMBER = re.compile(r"[0-9A-Z][0-9A-Z/._-]{3,63}")


class RemittanceProblem(StrEnum):
    """Why an entry or a decision is refused."""

    project = "project"
    kind = "kind"
    amount = "amount"
    day = "day"
    number = "number"
    number_used = "number_used"
    """Another gift has the bank's number."""
    voucher = "voucher"
    key = "key"
    """Another key seals the donors' data of this database."""
    same_person = "same_person"
    dependent = "dependent"
    """One person could use both accounts."""
    decided = "decided"


class RemittanceRefused(CentralError):
    """`gift`: the attempt that has the number already."""

    def __init__(self, problem: RemittanceProblem, gift: str = "") -> None:
        super().__init__(problem.value)
        self.problem = problem
        self.gift = gift


@dataclass(frozen=True, slots=True)
class NewRemittance:
    """`kind`: transfer or cheque. `number`: the bank's of its entry. `receipt`: the unit wants one."""

    community: str
    project: str
    kind: str
    amount: Money
    received_on: date
    number: str
    unit: Donor
    receipt: bool


@dataclass(frozen=True, slots=True)
class FaultyEntry:
    """Why nothing was entered, by field of the form. `gift`: the attempt that has the bank's number already."""

    faults: Mapping[str, RemittanceProblem | FieldProblem]
    gift: str = ""


def read_remittance(form: Mapping[str, str], now: datetime) -> NewRemittance | FaultyEntry:
    """Read the form. Whether the project takes gifts, and the number is new, is checked by `enter`."""
    faults: dict[str, RemittanceProblem | FieldProblem] = {}
    community, _, project = form.get("project", "").rpartition("/")
    if not community:
        faults["project"] = RemittanceProblem.project
    if form.get("kind") not in REMITTED:
        faults["kind"] = RemittanceProblem.kind
    amount = _read_amount(form.get("amount_yuan", ""))
    if amount is None:
        faults["amount_yuan"] = RemittanceProblem.amount
    today = now.astimezone(OFFICIAL_TIME).date()
    day = read_entered_date(form.get("received_on", ""), today - MAX_AGE, today)
    if day is None:
        faults["received_on"] = RemittanceProblem.day
    number = "".join(unicodedata.normalize("NFKC", form.get("number", "")[:100]).upper().split())
    if not _NUMBER.fullmatch(number):
        faults["number"] = RemittanceProblem.number
    receipt = form.get("receipt") == "yes"
    stated = {name: form.get(name, "") for name in MAX_LENGTHS} if receipt else {"name": form.get("name", "")}
    unit = read_donor(stated | ({} if receipt else {"address": "-"}) | {"consent": "yes"})
    if isinstance(unit, FaultyForm):
        return FaultyEntry({**faults, **unit.faults})
    if faults or amount is None or day is None:
        return FaultyEntry(faults)
    unit = unit if receipt else Donor(unit.name)
    return NewRemittance(community, project[:16], form["kind"], amount, day, number, unit, receipt)


def _read_amount(text: str) -> Money | None:
    try:
        amount = Money.from_yuan(text)
    except AmountMalformed:
        return None
    return amount if 0 < amount.minor < MAX_MINOR else None


async def enter(
    connection: Connection,
    new: NewRemittance,
    voucher: Voucher,
    seal: Seal,
    *,
    environment: str,
    by: str,
    now: datetime,
) -> Attempt:
    """Register the gift with its evidence, within a write. Raises RemittanceRefused."""
    project = await projects.known(connection, new.community, new.project)
    if project is None or project.permit is None:
        raise RemittanceRefused(RemittanceProblem.project)
    if (await sealed_keys.counts(connection)).keys() - {seal.fingerprint}:
        raise RemittanceRefused(RemittanceProblem.key)
    await _check_number(connection, environment, new.number)
    gateway = await gateways.own(connection, new.community, now)
    intent = Intent(
        gateway=gateway.id,
        id=new_id(),
        community=new.community,
        environment=environment,
        project=new.project,
        amount_minor=new.amount.minor,
        currency=new.amount.currency,
        beacon=None,
        catalogue_version=0,
        handoff=STAFF,
        door=None,
        first_seen_at=now,
        first_seen_in=STAFF,
        state=IntentState.registered.value,
    )
    await intents.add(connection, [intent])
    facts = (intent.community, intent.gateway, intent.id, None, "", intent.state)
    await intents.record(connection, [StateChange(*facts, now, STAFF, by)])
    attempt = replace(new_attempt(intent, new.kind, 1, AttemptState.pending, now), evidence=new.number)
    await attempts.add(connection, attempt, STAFF)
    await vouchers.add(connection, voucher)
    sealed = seal.close(attempt.id, new.unit)
    stated = Remittance(
        attempt.id, new.community, new.received_on, voucher.sha256, new.receipt, seal.fingerprint, sealed, by, now
    )
    await remittances.add(connection, stated)
    return attempt


async def confirm(connection: Connection, entered: EnteredGift, *, by: str, note: str, now: datetime) -> None:
    """Post the gift as paid, and make its receipt due if the unit wants one. Raises RemittanceRefused."""
    attempt, remittance = await _decide(connection, entered, by, note, now), entered.remittance
    await _check_number(connection, attempt.environment, attempt.evidence, attempt.id)
    posted = await post_payment(
        connection,
        attempt,
        payment=attempt.evidence,
        flawed=False,
        cause=STAFF,
        evidence=f"{attempt.evidence} {remittance.received_on} {remittance.voucher}",
        next_query_at=None,
        at=now,
        late=False,
        given_at=datetime.combine(remittance.received_on, time(12), OFFICIAL_TIME),
    )
    assert posted  # it was not decided before, and is locked
    state = ReceiptState.due if remittance.receipt else ReceiptState.waived
    await receipts.save(connection, Receipt(attempt.id, attempt.community, state.value, "", now, remittance.entered_by))
    if remittance.receipt and remittance.sealed is not None and remittance.key is not None:
        facts = (remittance.key, remittance.sealed, now, now + UNATTENDED)
        await receipts.save_donor(connection, SealedDonor(attempt.id, attempt.community, *facts))


async def decline(connection: Connection, entered: EnteredGift, *, by: str, note: str, now: datetime) -> None:
    """Close the gift unpaid; whoever entered it may do so too. Raises RemittanceRefused."""
    attempt = await _decide(connection, entered, by, note, now, alone=True)
    await attempts.move(connection, attempt, AttemptState.failed, at=now, cause=STAFF, evidence=by)
    intent = await intents.get(connection, attempt.gateway, attempt.intent)
    assert intent is not None  # foreign key
    await intents.move(connection, intent, IntentState.closed, at=now, cause=STAFF, evidence=by)


async def _decide(
    connection: Connection, entered: EnteredGift, by: str, note: str, now: datetime, *, alone: bool = False
) -> Attempt:
    """Record the decision and return the locked attempt. `alone`: whoever entered it may decide."""
    if not alone and entered.remittance.entered_by == by:
        raise RemittanceRefused(RemittanceProblem.same_person)
    if not alone and not await are_independent(connection, entered.remittance.entered_by, by):
        raise RemittanceRefused(RemittanceProblem.dependent)
    attempt = await attempts.lock(connection, entered.attempt.id)
    assert attempt is not None  # foreign key
    if not await remittances.decide(connection, entered.remittance, by=by, note=note.strip()[:300], at=now):
        raise RemittanceRefused(RemittanceProblem.decided)
    return attempt


async def _check_number(connection: Connection, environment: str, number: str, but: str = "") -> None:
    await connection.alone("remittances")
    gift = await remittances.same_number(connection, environment, number, but)
    if gift is not None:
        raise RemittanceRefused(RemittanceProblem.number_used, gift)
