"""Gifts over a public page become paid when somebody brings evidence: a file, looked at first, then all of it or none.

The file is the list of waiting gifts as it was downloaded, with two columns filled in: the platform's number of the
payment, and its day. Rows without a number stay as they are.
"""

import hashlib
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from central_server.catalogue.field_parsing import Fault, Reading, Word, fen_to_yuan
from central_server.catalogue.file_import import RowFault
from central_server.donations.open_attempt import new_attempt
from central_server.donations.settlement import post_payment
from central_server.sheets.column_heads import Heads
from central_server.sheets.sheet_reader import Sheet
from central_server.sheets.sheet_writer import Cell, yuan
from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_trail import AuditLine
from central_server.store.donations import attempts, intents, unconfirmed_gifts
from central_server.store.donations.attempts import Attempt, AttemptState
from central_server.store.donations.unconfirmed_gifts import Unconfirmed
from central_server.store.engine.connection import Connection
from central_server.store.places.places import communities
from sync_contract.records import IntentState

CAUSE = "import"
COLUMNS = ("gift", "registered", "project", "amount_yuan", "gateway", "evidence", "paid_on")
_HEADS = Heads(
    {
        "gift": ("认捐编号", "認捐編號", "gift"),
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


@dataclass(frozen=True, slots=True)
class Proved:
    """One row that makes a gift paid."""

    row: int
    gateway: str
    gift: str
    community: str
    amount_minor: int
    evidence: str
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class EvidencePlan:
    """With faults nothing is applied. `empty`: rows without a number."""

    proved: tuple[Proved, ...]
    empty: int
    faults: tuple[RowFault, ...]

    @property
    def total_minor(self) -> int:
        return sum(each.amount_minor for each in self.proved)

    @property
    def digest(self) -> str:
        """What somebody agreed to."""
        return hashlib.sha256(repr(self.proved).encode()).hexdigest()


def rows(waiting: Collection[Unconfirmed]) -> list[tuple[Cell, ...]]:
    """As COLUMNS has them, to be filled in."""
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


async def plan(connection: Connection, sheet: Sheet, tops: Collection[str], environment: str) -> EvidencePlan:
    """`tops`: where the reader sees to money; a gift of somewhere else is not known there."""
    names = [_HEADS.name_of(told) for told in sheet.head]
    faults = [RowFault(1, name, Fault(name, Word.needed)) for name in _NEEDED if name not in names]
    twice = [name for name, times in Counter(name for name in names if name).items() if times > 1]
    faults += [RowFault(1, name, Fault(name, Word.repeated, name, {"row": 1})) for name in twice]
    if faults:
        return EvidencePlan((), 0, tuple(faults))
    told = [
        (number, {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name})
        for number, cells in sheet.rows
    ]
    filled = [(number, values) for number, values in told if values.get("evidence")]
    inside = await communities(connection, tops)
    known = await unconfirmed_gifts.known(connection, {values.get("gift", "") for _, values in filled})
    used = await unconfirmed_gifts.evidence_used(connection, environment, {values["evidence"] for _, values in filled})
    proved: list[Proved] = []
    gifts, numbers = dict[str, int](), dict[str, int]()
    for number, values in filled:
        read = Reading(values)
        gift, evidence = read.text("gift", 32), read.text("evidence", 64)
        amount, paid_on = read.fen("amount_yuan"), read.day("paid_on")
        mine = [
            each for each in known.get(gift, []) if each[2] == environment and (inside is None or each[1] in inside)
        ]
        if len(mine) != 1:
            read.fault("gift", Word.gift_unknown)
        elif mine[0][3] != IntentState.unconfirmed:
            read.fault("gift", Word.gift_settled)
        elif amount is not None and amount != mine[0][4]:
            read.fault("amount_yuan", Word.other_amount, registered=fen_to_yuan(mine[0][4]))
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
            gateway, community = mine[0][:2]
            proved.append(Proved(number, gateway, gift, community, amount, evidence, paid_on))
    return EvidencePlan(tuple(proved), len(told) - len(filled), tuple(faults))


async def apply(connection: Connection, found: EvidencePlan, by: str, file: str, now: datetime) -> None:
    """Post all of it, within a write in which it was planned. A plan that does not hold any more is refused before."""
    by_community = Counter[str]()
    held = [(each, await _held(connection, each, now)) for each in sorted(found.proved, key=_of_gift)]
    for each, attempt in sorted(held, key=lambda pair: pair[0].community):  # as everybody takes the ledgers' locks
        told = f"{each.evidence} {each.paid_on or ''} {file} {each.row}".replace("  ", " ")
        posted = await post_payment(
            connection,
            attempt,
            payment=each.evidence,
            flawed=False,
            cause=CAUSE,
            evidence=told,
            next_query_at=None,
            at=now,
        )
        assert posted  # its intent was unconfirmed, and is held
        by_community[each.community] += 1
    for community, count in by_community.items():
        await audit_trail.record(connection, AuditLine(by, community, "evidence.import", file, str(count), now))


async def hold(connection: Connection, found: EvidencePlan) -> None:
    """Before it is planned anew in order to apply it: nobody changes these gifts until the write ends."""
    for each in sorted(found.proved, key=_of_gift):
        await intents.lock(connection, each.gateway, each.gift)


async def _held(connection: Connection, each: Proved, now: datetime) -> Attempt:
    """The attempt that ended unconfirmed, or a new one: a gateway without a server hands over by itself."""
    intent = await intents.lock(connection, each.gateway, each.gift)
    assert intent is not None  # it was planned
    before = await attempts.of_intent(connection, each.gateway, each.gift)
    for attempt in reversed(before):
        if attempt.state == AttemptState.unconfirmed and attempt.amount_minor == each.amount_minor:
            return attempt
    made = new_attempt(intent, "link", len(before) + 1, AttemptState.unconfirmed, now)
    await attempts.add(connection, made)
    return made


def _of_gift(each: Proved) -> tuple[str, str]:
    return each.gateway, each.gift
