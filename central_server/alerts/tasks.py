"""What waits for somebody: each with what it is, why, and what to do. The sentences stand in tasks.html."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote, urlencode

from central_server.alerts import paper_tasks
from central_server.enrolment.standing import Standing, Surveyed
from central_server.statistics.timing import hour
from central_server.store import cosignatures, disbursements, figures_read, overview, parcels, refunds
from central_server.store.connection import Connection
from sync_contract.money import Money
from sync_contract.report import Hearing

_LOOKED_BACK = timedelta(days=7)
_REFUSED_BACK = timedelta(days=30)
_PAYMENTS_BACK = timedelta(days=30)
_SILENT_FOR = timedelta(hours=3)
_REFUND_TAKES = timedelta(days=15)
"""Ten settlement days at most, and a holiday."""


class Matter(StrEnum):
    """In the order in which they are told."""

    fork = "fork"
    head_refused = "head_refused"
    surplus = "surplus"
    late_payment = "late_payment"
    outside_permit = "outside_permit"
    refund_waiting = "refund_waiting"
    disbursement_waiting = "disbursement_waiting"
    refund_unanswered = "refund_unanswered"
    difference = "difference"
    permit_ends = "permit_ends"
    disclosure_due = "disclosure_due"
    credential_ends = "credential_ends"
    receipt_due = "receipt_due"
    conflict = "conflict"
    refused = "refused"
    lost = "lost"
    deaf = "deaf"
    late = "late"
    revoked = "revoked"
    silent_beacon = "silent_beacon"


ABOUT_MONEY = frozenset(
    {
        Matter.surplus,
        Matter.late_payment,
        Matter.outside_permit,
        Matter.refund_waiting,
        Matter.disbursement_waiting,
        Matter.refund_unanswered,
        Matter.difference,
        Matter.receipt_due,
        Matter.credential_ends,
    }
)
"""Only for those who see to money."""


@dataclass(frozen=True, slots=True)
class Task:
    """`subject`: what it is about; with the matter it says whether two tasks are the same one. `gateway`: its label.

    `count`: of whatever the matter counts; `since`: since when, or when it was last.
    """

    matter: Matter
    community: str
    subject: str
    gateway: str
    link: str
    count: int = 1
    since: datetime | None = None
    amount: Money | None = None
    beacon: str = ""


async def tasks(
    connection: Connection,
    surveyed: Collection[Surveyed],
    tops: Collection[str],
    money_tops: Collection[str],
    environment: str,
    now: datetime,
) -> tuple[Task, ...]:
    """`money_tops`: where the reader sees tasks about money."""
    known = {each.gateway.id: each.gateway for each in surveyed}
    found = [task for each in surveyed for task in _of_gateway(each)]
    for trouble in await overview.troubles(connection, tops, now - _LOOKED_BACK):
        query = urlencode({"gateway": trouble.gateway, "result": trouble.result})
        gateway = known.get(trouble.gateway)
        if gateway is None:  # enrolled since the survey
            continue
        about = (gateway.community, gateway.id, gateway.label)
        found.append(Task(Matter(trouble.result), *about, f"/staff/log?{query}", trouble.lines, trouble.newest))
    for payment in await overview.odd_payments(connection, money_tops, environment, now - _PAYMENTS_BACK):
        matter = Matter.outside_permit
        if payment.surplus or payment.late:
            matter = Matter.surplus if payment.surplus else Matter.late_payment
        link = f"/staff/gifts/{payment.gateway}/{payment.intent}"
        amount = Money(payment.minor, payment.currency)
        label = known[payment.gateway].label if payment.gateway in known else ""
        about = (payment.community, f"{payment.gateway}/{payment.intent}", label)
        found.append(Task(matter, *about, link, since=payment.at, amount=amount))
    found += await _published(connection, tops, now)
    found += await _spending(connection, money_tops, environment)
    for paper in (
        *await paper_tasks.papers(connection, tops, environment, now),
        *await paper_tasks.waiting(connection, money_tops, environment),
    ):
        about = (paper.place, paper.subject, paper.name)
        found.append(Task(Matter(paper.word), *about, paper.link, paper.days, paper.since))
    found += await _refunds(connection, money_tops, environment, now)
    found += await _lost(connection, surveyed, tops)
    found += await _silent(connection, surveyed, tops, now)
    order = list(Matter)
    return tuple(sorted(found, key=lambda task: order.index(task.matter)))


def _of_gateway(each: Surveyed) -> list[Task]:
    about = (each.gateway.community, each.gateway.id, each.gateway.label)
    page = f"/staff/gateways/{each.gateway.id}"
    found = []
    if each.fork is not None:
        found.append(Task(Matter.fork, *about, page, since=each.fork.forked_at))
    if each.standing is Standing.late and each.last_contact is not None:
        found.append(Task(Matter.late, *about, page, since=each.last_contact))
    elif each.standing is Standing.revoked:
        found.append(Task(Matter.revoked, *about, page))
    elif each.report is not None and each.report.hearing == Hearing.deaf:
        found.append(Task(Matter.deaf, *about, page, since=each.report.hearing_since))
    return found


async def _refunds(connection: Connection, money_tops: Collection[str], environment: str, now: datetime) -> list[Task]:
    """Those that wait for a second person, and those of which the bank said nothing for long."""
    waiting = await refunds.page(connection, money_tops, environment, waiting=True)
    silent = await refunds.unanswered(connection, money_tops, environment, now - _REFUND_TAKES)
    return [
        Task(
            matter,
            each.community,
            each.id,
            "",
            "/staff/refunds",
            since=each.sent_at or each.asked_at,
            amount=Money(each.amount_minor, each.currency),
        )
        for matter, found in ((Matter.refund_waiting, waiting), (Matter.refund_unanswered, silent))
        for each in found
    ]


async def _published(connection: Connection, tops: Collection[str], now: datetime) -> list[Task]:
    """Gateways that were shown figures that contradict what they keep."""
    found: dict[tuple[str, str], Task] = {}
    for refusal, label in await cosignatures.refusals(connection, tops):
        if refusal.told_at < now - _REFUSED_BACK:
            continue
        about = (refusal.community, f"{refusal.gateway}/{refusal.project}", label)
        link = f"/board/{quote(refusal.community, safe='')}#{refusal.project}"
        found.setdefault(
            (refusal.gateway, refusal.project), Task(Matter.head_refused, *about, link, since=refusal.told_at)
        )
    return list(found.values())


async def _spending(connection: Connection, money_tops: Collection[str], environment: str) -> list[Task]:
    """What waits for a second person."""
    return [
        Task(
            Matter.disbursement_waiting,
            each.community,
            each.id,
            "",
            f"/staff/disbursements/{each.id}",
            since=each.asked_at,
            amount=Money(each.amount_minor, each.currency),
        )
        for each in await disbursements.page(connection, money_tops, environment, waiting=True)
    ]


async def _lost(connection: Connection, surveyed: Collection[Surveyed], tops: Collection[str]) -> list[Task]:
    """Numbers that never came, of gateways that have nothing left to send."""
    told = {each.gateway.id: each for each in surveyed}
    missing: dict[str, int] = {}
    for gap in await parcels.gaps(connection, tops):
        missing[gap.gateway] = missing.get(gap.gateway, 0) + gap.highest - gap.held
    return [
        Task(
            Matter.lost,
            told[gateway].gateway.community,
            gateway,
            told[gateway].gateway.label,
            f"/staff/log?gateway={gateway}",
            count,
        )
        for gateway, count in missing.items()
        if gateway in told and (report := told[gateway].report) is not None and report.waiting + report.damaged == 0
    ]


async def _silent(
    connection: Connection, surveyed: Collection[Surveyed], tops: Collection[str], now: datetime
) -> list[Task]:
    """Of gateways that hear: else it is the gateway that needs somebody."""
    hearing = {
        each.gateway.id: each.gateway
        for each in surveyed
        if each.standing is Standing.up and (each.report is None or each.report.hearing != Hearing.deaf)
    }
    return [
        Task(
            Matter.silent_beacon,
            hearing[row["gateway"]].community,
            f"{row['gateway']} {row['beacon']}",
            hearing[row["gateway"]].label,
            f"/staff/figures?{urlencode({'beacon': row['beacon']})}",
            beacon=row["beacon"],
        )
        for row in await figures_read.silent_beacons(connection, tops, hour(now) - _SILENT_FOR)
        if row["gateway"] in hearing
    ]
