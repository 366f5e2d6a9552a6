"""What waits for somebody: each with what it is, why, and what to do. The sentences stand in tasks.html."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import quote, urlencode

from central_server.alerts import catalogue_tasks, permit_tasks
from central_server.enrolment.gateway_status import Standing, Surveyed
from central_server.statistics.event_times import hour
from central_server.store.donations import refunds
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import rejected_requests
from central_server.store.ledger import cosignatures, disbursements
from central_server.store.parcels import parcels
from central_server.store.places import overview
from central_server.store.places.places import TOP
from central_server.store.statistics import figure_queries
from sync_contract.gateway_report import Hearing
from sync_contract.money import Money
from sync_contract.project import Texts

_LOOKED_BACK = timedelta(days=7)
_REFUSED_BACK = timedelta(days=30)
_PAYMENTS_BACK = timedelta(days=30)
_SILENT_FOR = timedelta(hours=3)
_OFF_AIR_FOR = timedelta(minutes=5)
"""By then the gateway has tried what it can."""
_AWAITED_FOR = timedelta(minutes=15)
"""A device reports within a minute of being enrolled."""
_REFUND_TAKES = timedelta(days=15)
"""Ten settlement days at most, and a holiday."""


class Matter(StrEnum):
    """In the order in which they are told."""

    fork = "fork"
    wrong_signature = "wrong_signature"
    code_used = "code_used"
    catalogue_older = "catalogue_older"
    catalogue_full = "catalogue_full"
    catalogue_number = "catalogue_number"
    catalogue_lost = "catalogue_lost"
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
    backup_missing = "backup_missing"
    receipt_due = "receipt_due"
    conflict = "conflict"
    refused = "refused"
    lost = "lost"
    damaged = "damaged"
    deaf = "deaf"
    tag_silent = "tag_silent"
    advert_unheard = "advert_unheard"
    nothing_heard = "nothing_heard"
    off_air = "off_air"
    late = "late"
    awaited = "awaited"
    unknown_gateway = "unknown_gateway"
    revoked = "revoked"
    cloned_beacon = "cloned_beacon"
    identity_twice = "identity_twice"
    identity_wanted = "identity_wanted"
    advert_twice = "advert_twice"
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

_MISSED = {
    "transmitter_lost": Matter.tag_silent,
    "never_heard": Matter.tag_silent,
    "advert_lost": Matter.advert_unheard,
    "advert_never_heard": Matter.advert_unheard,
    "nothing_ever": Matter.nothing_heard,
}
"""By sync_contract.gateway_report.RADIO_MISSES. A tag heard before a restart and not since is the same matter."""


@dataclass(frozen=True, slots=True)
class Task:
    """`subject`: what it is about; with the matter it says whether two tasks are the same one. `gateway`: its label.

    `count`: of whatever the matter counts; `since`: since when, or when it was last. `names`: what it is about in the
    three languages, where it has a name in each; it goes before `gateway`.
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
    names: Texts | None = None


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
    found = [task for each in surveyed for task in _of_gateway(each, now)]
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
        *await permit_tasks.papers(connection, tops, environment, now),
        *await permit_tasks.waiting(connection, money_tops, environment),
    ):
        about = (paper.place, paper.subject, paper.name)
        found.append(Task(Matter(paper.word), *about, paper.link, paper.days, paper.since, names=paper.names))
    for one in await catalogue_tasks.concerns(connection, surveyed, tops, now):
        about = (one.place, one.subject, one.label)
        found.append(Task(Matter(one.word), *about, one.link, one.count, one.since, beacon=one.beacon, names=one.names))
    found += await _refunds(connection, money_tops, environment, now)
    found += await _at_the_door(connection, surveyed, tops, now)
    found += await _lost(connection, surveyed, tops)
    found += await _silent(connection, surveyed, tops, now)
    order = list(Matter)
    return tuple(sorted(found, key=lambda task: order.index(task.matter)))


def _of_gateway(each: Surveyed, now: datetime) -> list[Task]:
    about = (each.gateway.community, each.gateway.id, each.gateway.label)
    page = f"/staff/gateways/{each.gateway.id}"
    found = []
    if each.fork is not None:
        found.append(Task(Matter.fork, *about, page, since=each.fork.forked_at))
    if each.standing is Standing.late and each.last_contact is not None:
        found.append(Task(Matter.late, *about, page, since=each.last_contact))
    elif each.standing is Standing.awaited:
        enrolled_at = min(key.added_at for key in each.keys if key.valid(now))
        if now - enrolled_at >= _AWAITED_FOR:
            found.append(Task(Matter.awaited, *about, page, since=enrolled_at))
    elif each.standing is Standing.revoked and not each.locked:
        found.append(Task(Matter.revoked, *about, page))
    elif each.report is not None and each.report.hearing == Hearing.deaf:
        found.append(Task(Matter.deaf, *about, page, since=each.report.hearing_since))
    elif each.report is not None and (since := each.report.off_air_since) and now - since >= _OFF_AIR_FOR:
        found.append(Task(Matter.off_air, *about, page, since=since))
    if each.report is not None and each.report.damaged:
        found.append(Task(Matter.damaged, *about, page, each.report.damaged))
    if each.standing is Standing.up and each.report is not None and (missed := _MISSED.get(each.report.radio)):
        found.append(Task(missed, *about, page))
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
            since=each.sent_at or each.requested_at,
            amount=Money(each.amount_minor, each.currency),
        )
        for matter, found in ((Matter.refund_waiting, waiting), (Matter.refund_unanswered, silent))
        for each in found
    ]


async def _published(connection: Connection, tops: Collection[str], now: datetime) -> list[Task]:
    """Gateways that were shown figures that contradict what they keep."""
    found: dict[tuple[str, str], Task] = {}
    for refusal, label in await cosignatures.refusals(connection, tops):
        if refusal.reported_at < now - _REFUSED_BACK:
            continue
        about = (refusal.community, f"{refusal.gateway}/{refusal.project}", label)
        link = f"/board/{quote(refusal.community, safe='')}#{refusal.project}"
        found.setdefault(
            (refusal.gateway, refusal.project), Task(Matter.head_refused, *about, link, since=refusal.reported_at)
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
            since=each.requested_at,
            amount=Money(each.amount_minor, each.currency),
        )
        for each in await disbursements.page(connection, money_tops, environment, waiting=True)
    ]


async def _lost(connection: Connection, surveyed: Collection[Surveyed], tops: Collection[str]) -> list[Task]:
    """Numbers that never came, of gateways that have nothing left to send: what is damaged there, they cannot."""
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
        if gateway in told and (report := told[gateway].report) is not None and report.waiting == 0
    ]


async def _at_the_door(
    connection: Connection, surveyed: Collection[Surveyed], tops: Collection[str], now: datetime
) -> list[Task]:
    """What strangers tried. `since` is when it began, so that trying again makes nothing wait anew."""
    told = {each.gateway.id: each.gateway for each in surveyed}
    found = []
    for seen in await rejected_requests.lately(connection, now):
        gateway = told.get(seen.gateway)
        if gateway is not None:
            about = (gateway.community, gateway.id, gateway.label, f"/staff/gateways/{gateway.id}")
            found.append(Task(Matter(seen.what), *about, seen.times, seen.since))
        elif not seen.gateway and TOP in tops:
            found.append(Task(Matter(seen.what), TOP, "door", "", "/staff/gateways", seen.times, seen.since))
    return found


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
        for row in await figure_queries.silent_beacons(connection, tops, hour(now) - _SILENT_FOR)
        if row["gateway"] in hearing
    ]
