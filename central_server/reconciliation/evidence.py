"""Confirm gifts over a public page by evidence: a file that is previewed first, then imported completely or not at all.

The file is the downloaded list of waiting gifts with two columns filled in: the platform's payment number and its day.
Rows without a number are ignored. One person sends the file, another confirms it.
"""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from central_server.catalogue.field_parsing import Fault, Reading, Word
from central_server.catalogue.file_import import RowFault
from central_server.donations.open_attempt import new_attempt
from central_server.donations.settlement import post_payment
from central_server.sheets.column_heads import Heads
from central_server.sheets.sheet_reader import Sheet
from central_server.sheets.sheet_writer import Cell, yuan
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_money_actions import EvidenceImported
from central_server.store.accounts.audit_trail import AuditEntry
from central_server.store.donations import attempts, intents, unconfirmed_gifts
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.unconfirmed_gifts import Unconfirmed
from central_server.store.engine.connection import Connection
from central_server.store.places.places import communities
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.records import IntentState

CAUSE = "import"
COLUMNS = ("gift", "registered", "project", "amount_yuan", "gateway", "evidence", "paid_on")
_HEADS = Heads(
    {
        "gift": ("捐款编号", "捐款編號", "gift"),
        "registered": ("登记时间", "登記時間", "registered"),
        "project": ("项目编号", "項目編號", "project"),
        "amount_yuan": ("金额(元)", "金額(元)", "amount (yuan)"),
        "gateway": ("网关", "閘道器", "gateway"),
        "evidence": ("平台支付单号", "平台支付單號", "number of the payment"),
        "paid_on": ("支付日期", "支付日期", "paid on"),
    }
)
head = _HEADS.head
_NEEDED = ("gift", "amount_yuan", "evidence")
MAX_AGE = timedelta(days=2 * 366)
"""A payment may be confirmed this long after its day."""


@dataclass(frozen=True, slots=True)
class ConfirmedRow:
    """One row that makes a gift paid."""

    row: int
    gateway: str
    gift: str
    community: str
    amount_minor: int
    registered_minor: int
    evidence: str
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class EvidencePlan:
    """A plan with faults is never applied. `empty`: number of rows without a payment number."""

    confirmed: tuple[ConfirmedRow, ...]
    empty: int
    faults: tuple[RowFault, ...]

    @property
    def total_minor(self) -> int:
        return sum(each.amount_minor for each in self.confirmed)

    @property
    def digest(self) -> str:
        """Identify the plan that staff confirmed."""
        return hashlib.sha256(repr(self.confirmed).encode()).hexdigest()


def template_rows(waiting: Collection[Unconfirmed]) -> list[tuple[Cell, ...]]:
    """Return rows in the order of COLUMNS, to be filled in."""
    return [
        (
            each.id,
            each.first_seen_at,
            each.project,
            yuan(each.amount_minor),
            each.label,
            None,
            None,
        )
        for each in waiting
    ]


async def plan_import(
    connection: Connection, sheet: Sheet, tops: Collection[str], environment: str, now: datetime
) -> EvidencePlan:
    """Check every row. `tops`: the places whose money the reader may see; other gifts count as unknown."""
    today = now.astimezone(OFFICIAL_TIME).date()
    names = [_HEADS.name_of(filled_rows) for filled_rows in sheet.head]
    faults = [RowFault(1, name, Fault(name, Word.needed)) for name in _NEEDED if name not in names]
    twice = [name for name, times in Counter(name for name in names if name).items() if times > 1]
    faults += [RowFault(1, name, Fault(name, Word.repeated, name, {"row": 1})) for name in twice]
    if faults:
        return EvidencePlan((), 0, tuple(faults))
    filled_rows = [
        (number, {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name})
        for number, cells in sheet.rows
    ]
    filled = [(number, values) for number, values in filled_rows if values.get("evidence")]
    visible = await communities(connection, tops)
    known = await unconfirmed_gifts.known(connection, {values.get("gift", "") for _, values in filled})
    used = await unconfirmed_gifts.evidence_used(connection, environment, {values["evidence"] for _, values in filled})
    confirmed: list[ConfirmedRow] = []
    gifts, numbers = dict[str, int](), dict[str, int]()
    for number, values in filled:
        read = Reading(values)
        gift, evidence = read.text("gift", 32), read.text("evidence", 64)
        amount, paid_on = read.fen("amount_yuan"), read.day("paid_on", today - MAX_AGE, today)
        matches = [
            each for each in known.get(gift, []) if each[2] == environment and (visible is None or each[1] in visible)
        ]
        if len(matches) != 1:
            read.fault("gift", Word.gift_unknown)
        elif matches[0][3] != IntentState.unconfirmed:
            read.fault("gift", Word.gift_settled)
        if gift in gifts:
            read.fault("gift", Word.repeated, row=gifts[gift])
        if evidence in numbers:
            read.fault("evidence", Word.repeated, row=numbers[evidence])
        if evidence in used:
            read.fault("evidence", Word.evidence_used)
        gifts.setdefault(gift, number)
        numbers.setdefault(evidence, number)
        faults += [RowFault(number, fault.field, fault) for fault in read.faults]
        if not read.faults and amount is not None:
            gateway, community = matches[0][:2]
            registered = matches[0][4]
            confirmed.append(ConfirmedRow(number, gateway, gift, community, amount, registered, evidence, paid_on))
    return EvidencePlan(tuple(confirmed), len(filled_rows) - len(filled), tuple(faults))


async def apply_import(
    connection: Connection, found: EvidencePlan, sender: str, by: str, file: str, now: datetime
) -> None:
    """Post all rows, within the write in which they were planned. `sender`: who sent the file."""
    by_community = Counter[str]()
    locked = [(each, await _lock_attempt(connection, each, now)) for each in sorted(found.confirmed, key=_gift_key)]
    for each, attempt in sorted(locked, key=lambda pair: pair[0].community):  # consistent order of the ledgers' locks
        filled_rows = f"{each.evidence} {each.paid_on or ''} {file} {each.row}".replace("  ", " ")
        posted = await post_payment(
            connection,
            attempt,
            payment=each.evidence,
            flawed=False,
            cause=CAUSE,
            evidence=filled_rows,
            next_query_at=None,
            at=now,
            late=False,
        )
        assert posted  # its intent was unconfirmed, and is locked
        by_community[each.community] += 1
    for community, count in by_community.items():
        await audit_trail.record(connection, AuditEntry(by, community, EvidenceImported(file, count, sender), now))


async def lock_gifts(connection: Connection, found: EvidencePlan) -> None:
    """Lock the gifts until the write ends; call this before planning again in order to apply."""
    for each in sorted(found.confirmed, key=_gift_key):
        await intents.lock(connection, each.gateway, each.gift)


async def _lock_attempt(connection: Connection, each: ConfirmedRow, now: datetime) -> Attempt:
    """Return the unconfirmed attempt, or a new one: a gateway without a server hands over by itself."""
    intent = await intents.lock(connection, each.gateway, each.gift)
    assert intent is not None  # checked by the plan
    before = await attempts.of_intent(connection, each.gateway, each.gift)
    for attempt in reversed(before):
        if attempt.state == AttemptState.unconfirmed and attempt.amount_minor == each.amount_minor:
            return attempt
    attempt = new_attempt(intent, "link", len(before) + 1, AttemptState.unconfirmed, now)
    attempt = replace(attempt, amount_minor=each.amount_minor)  # the donor may have given another amount
    await attempts.add(connection, attempt)
    return attempt


def _gift_key(each: ConfirmedRow) -> tuple[str, str]:
    return each.gateway, each.gift
