"""Find the tasks that wait for staff: about gateways, gifts, refunds, spending, records and beacons."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import quote, urlencode

from central_server.alerts import catalogue_tasks, permit_tasks
from central_server.alerts.family_tasks import family_tasks
from central_server.alerts.task_kinds import Task, TaskKind
from central_server.alerts.task_search import TaskSearch
from central_server.enrolment.gateway_status import GatewayStatus, SurveyedGateway
from central_server.statistics.event_times import hour
from central_server.store.alerts import quarantine
from central_server.store.catalogue import projects
from central_server.store.donations import refunds, remittances
from central_server.store.donations.refunds import StoredRefund
from central_server.store.donations.remittances import EnteredGift
from central_server.store.engine.connection import Connection
from central_server.store.enrolment import rejected_requests
from central_server.store.enrolment.gateways import Gateway
from central_server.store.enrolment.rejected_requests import RejectedParcel
from central_server.store.ledger import cosignatures, disbursements, purses
from central_server.store.ledger.disbursements import Disbursement
from central_server.store.parcels import parcels
from central_server.store.places import overview
from central_server.store.places.overview import OddPayment, Trouble
from central_server.store.places.places import TOP
from central_server.store.statistics import figure_queries
from sync_contract.gateway_report import HALL_CHANGED, LOW_BATTERY, Hearing
from sync_contract.money import Money

PartTasks = Callable[[Connection, Collection[str], str, datetime], Awaitable[Iterable[Task]]]
"""Finds the tasks of an optional part at and below the given places, in one environment, at a time."""
_RECORDS_BACK = timedelta(days=7)
_HEAD_REFUSALS_BACK = timedelta(days=30)
_PAYMENTS_BACK = timedelta(days=30)
_SILENT_FOR = timedelta(hours=3)
_OFF_AIR_FOR = timedelta(minutes=5)
"""After this time the gateway has finished its own attempts."""
_AWAITED_FOR = timedelta(minutes=15)
"""A device reports within a minute of its enrolment."""
_REFUND_TAKES = timedelta(days=15)
"""Up to ten settlement days, and a holiday."""
_RADIO_MISSES = {
    "transmitter_lost": TaskKind.tag_silent,
    "never_heard": TaskKind.tag_silent,
    "advert_lost": TaskKind.advert_unheard,
    "advert_never_heard": TaskKind.advert_unheard,
    "nothing_ever": TaskKind.nothing_heard,
    LOW_BATTERY: TaskKind.low_battery,
    HALL_CHANGED: TaskKind.hall_changed,
}
"""By sync_contract.gateway_report.RADIO_MISSES, LOW_BATTERY and HALL_CHANGED."""


@dataclass(frozen=True, slots=True)
class _Scope:
    """What every source reads. `tops`, `money_tops`: places at and below which tasks are wanted."""

    connection: Connection
    surveyed: Collection[SurveyedGateway]
    tops: Collection[str]
    money_tops: Collection[str]
    environment: str
    now: datetime
    search: TaskSearch

    @property
    def gateways(self) -> dict[str, Gateway]:
        return {each.gateway.id: each.gateway for each in self.surveyed}

    @property
    def money(self) -> tuple[Connection, Collection[str], str]:
        """Return the first arguments of queries about money."""
        return self.connection, self.money_tops, self.environment


async def find_tasks(
    connection: Connection,
    surveyed: Collection[SurveyedGateway],
    tops: Collection[str],
    money_tops: Collection[str],
    environment: str,
    now: datetime,
    search: TaskSearch | None = None,
    *,
    family_tops: Collection[str] = (),
    of_parts: Sequence[PartTasks] = (),
) -> tuple[Task, ...]:
    """Return tasks at and below `tops`, the most urgent first; those about money and families only below their tops.

    What cannot be read is left out, and `search` lists it. `of_parts`: further sources, of the optional parts.
    """
    search = search or TaskSearch()
    scope = _Scope(connection, surveyed, tops, money_tops, environment, now, search)
    sources: dict[str, Callable[[], Awaitable[Iterable[Task]]]] = {
        "records": partial(_record_tasks, scope),
        "payments": partial(_payment_tasks, scope),
        "heads": partial(_head_refusals, scope),
        "disbursements": partial(_waiting_disbursements, scope),
        "remittances": partial(_waiting_remittances, scope),
        "shortfalls": partial(_shortfalls, scope),
        "families": partial(family_tasks, connection, family_tops, environment, now),
        "permits": partial(permit_tasks.ending_permits, connection, tops, environment, now),
        "counts": partial(permit_tasks.pending_counts, connection, money_tops, environment),
        "catalogue": partial(catalogue_tasks.find_catalogue_tasks, connection, surveyed, tops, now),
        "refunds": partial(_refund_tasks, scope),
        "rejected": partial(_rejected_requests, scope),
        "missing": partial(_missing_records, scope),
        "quarantined": partial(_quarantined_records, scope),
        "silent": partial(_silent_beacons, scope),
        **{
            f"part {number}": partial(source, connection, tops, environment, now)
            for number, source in enumerate(of_parts)
        },
    }
    found = search.each(
        surveyed,
        lambda each: _gateway_tasks(each, now),
        lambda each: (each.gateway.id, each.gateway.community, each.gateway.id),
    )
    for source, tasks in sources.items():
        found += await search.all_of(source, tasks)
    order = list(TaskKind)
    return tuple(sorted(found, key=lambda task: order.index(task.kind)))


def gateway_task(
    kind: TaskKind, gateway: Gateway, count: int = 1, since: datetime | None = None, link: str = ""
) -> Task:
    link = link or f"/staff/gateways/{gateway.id}"
    return Task(kind, gateway.community, gateway.id, gateway.label, link, count, since, gateway=gateway.id)


def _gateway_tasks(each: SurveyedGateway, now: datetime) -> list[Task]:
    gateway, report = each.gateway, each.report
    found = []
    if each.fork is not None:
        found.append(gateway_task(TaskKind.fork, gateway, since=each.fork.forked_at))
    if each.status is GatewayStatus.late and each.last_contact is not None:
        found.append(gateway_task(TaskKind.late, gateway, since=each.last_contact))
    elif each.status is GatewayStatus.awaited:
        enrolled_at = min(key.added_at for key in each.keys if key.valid(now))
        if now - enrolled_at >= _AWAITED_FOR:
            found.append(gateway_task(TaskKind.awaited, gateway, since=enrolled_at))
    elif each.status is GatewayStatus.revoked and not each.locked:
        found.append(gateway_task(TaskKind.revoked, gateway))
    elif report is not None and report.hearing == Hearing.deaf:
        found.append(gateway_task(TaskKind.deaf, gateway, since=report.hearing_since))
    elif report is not None and (since := report.off_air_since) and now - since >= _OFF_AIR_FOR:
        found.append(gateway_task(TaskKind.off_air, gateway, since=since))
    if report is not None and report.damaged:
        found.append(gateway_task(TaskKind.damaged, gateway, report.damaged))
    if each.status is GatewayStatus.up and report is not None and (missed := _RADIO_MISSES.get(report.radio)):
        found.append(gateway_task(missed, gateway))
    return found


async def _record_tasks(scope: _Scope) -> list[Task]:
    known = scope.gateways

    def build(trouble: Trouble) -> Iterator[Task]:
        link = f"/staff/log?{urlencode({'gateway': trouble.gateway, 'result': trouble.result})}"
        yield gateway_task(TaskKind(trouble.result), known[trouble.gateway], trouble.lines, trouble.newest, link)

    def name(trouble: Trouble) -> tuple[str, str, str]:
        return f"{trouble.gateway} {trouble.result}", known[trouble.gateway].community, trouble.gateway

    found = await overview.troubles(scope.connection, scope.tops, scope.now - _RECORDS_BACK)
    # Another one was enrolled since the survey.
    return scope.search.each((each for each in found if each.gateway in known), build, name)


async def _quarantined_records(scope: _Scope) -> list[Task]:
    known = scope.gateways
    return [
        Task(
            TaskKind.quarantined,
            each.community,
            f"{each.job} {each.gateway or each.community}",
            known[each.gateway].label if each.gateway in known else each.job,
            f"/staff/gateways/{each.gateway}" if each.gateway in known else "/staff/alerts",
            each.records,
            each.newest_at,
            gateway=each.gateway,
        )
        for each in await quarantine.since(scope.connection, scope.tops, scope.now - _RECORDS_BACK)
    ]


async def _payment_tasks(scope: _Scope) -> list[Task]:
    gateways = scope.gateways

    def build(payment: OddPayment) -> Iterator[Task]:
        kind = TaskKind.outside_permit
        if payment.surplus or payment.late:
            kind = TaskKind.surplus if payment.surplus else TaskKind.late_payment
        link = f"/staff/gifts/{payment.gateway}/{payment.intent}"
        label = gateways[payment.gateway].label if payment.gateway in gateways else ""
        about = (payment.community, f"{payment.gateway}/{payment.intent}", label)
        amount = Money(payment.minor, payment.currency)
        yield Task(kind, *about, link, since=payment.at, amount=amount, gateway=payment.gateway)

    found = await overview.odd_payments(*scope.money, scope.now - _PAYMENTS_BACK)
    return scope.search.each(found, build, lambda each: (each.intent, each.community, each.gateway))


async def _refund_tasks(scope: _Scope) -> list[Task]:
    waiting = await refunds.page(*scope.money, waiting=True)
    silent = await refunds.unanswered(*scope.money, scope.now - _REFUND_TAKES)

    def build(kind: TaskKind, each: StoredRefund) -> Iterator[Task]:
        amount = Money(each.amount_minor, each.currency)
        since = each.sent_at or each.requested_at
        yield Task(kind, each.community, each.id, "", "/staff/refunds", since=since, amount=amount)

    return [
        task
        for kind, found in ((TaskKind.refund_waiting, waiting), (TaskKind.refund_unanswered, silent))
        for task in scope.search.each(found, partial(build, kind), lambda each: (each.id, each.community, ""))
    ]


async def _head_refusals(scope: _Scope) -> list[Task]:
    """Gateways that refused published ledger heads, because older ones that they stored contradict them."""
    found: dict[tuple[str, str], Task] = {}
    for refusal, label in await cosignatures.refusals(scope.connection, scope.tops):
        if refusal.reported_at < scope.now - _HEAD_REFUSALS_BACK:
            continue
        key = (refusal.gateway, refusal.project)
        about = (refusal.community, "/".join(key), label)
        link = f"/board/{quote(refusal.community, safe='')}#{refusal.project}"
        task = Task(TaskKind.head_refused, *about, link, since=refusal.reported_at, gateway=refusal.gateway)
        found.setdefault(key, task)
    return list(found.values())


async def _waiting_disbursements(scope: _Scope) -> list[Task]:
    def build(each: Disbursement) -> Iterator[Task]:
        about = (each.community, each.id, "", f"/staff/disbursements/{each.id}")
        amount = Money(each.amount_minor, each.currency)
        yield Task(TaskKind.disbursement_waiting, *about, since=each.requested_at, amount=amount)

    found = await disbursements.page(*scope.money, waiting=True)
    return scope.search.each(found, build, lambda each: (each.id, each.community, ""))


async def _waiting_remittances(scope: _Scope) -> list[Task]:
    def build(each: EnteredGift) -> Iterator[Task]:
        about = (each.attempt.community, each.attempt.id, "", f"/staff/remittances/{each.attempt.id}")
        amount = Money(each.attempt.amount_minor, each.attempt.currency)
        yield Task(TaskKind.remittance_waiting, *about, since=each.remittance.entered_at, amount=amount)

    found = await remittances.page(*scope.money, waiting=True)
    return scope.search.each(found, build, lambda each: (each.attempt.id, each.attempt.community, each.attempt.gateway))


async def _shortfalls(scope: _Scope) -> list[Task]:
    owing = await purses.owing(*scope.money)
    titles = await projects.titles(scope.connection, {(each.community, each.project) for each in owing})
    return [
        Task(
            TaskKind.shortfall,
            each.community,
            each.project,
            each.project,
            f"/staff/ledger?{urlencode({'place': each.community})}",
            amount=Money(each.owed_minor),
            names=titles.get((each.community, each.project)),
        )
        for each in owing
    ]


async def _missing_records(scope: _Scope) -> list[Task]:
    """Sequence numbers that never arrived, of gateways with nothing left to send."""
    known = {each.gateway.id: each for each in scope.surveyed}
    missing: dict[str, int] = {}
    for gap in await parcels.gaps(scope.connection, scope.tops):
        missing[gap.gateway] = missing.get(gap.gateway, 0) + gap.highest - gap.stored
    return [
        gateway_task(TaskKind.lost, known[id_].gateway, count, link=f"/staff/log?gateway={id_}")
        for id_, count in missing.items()
        if id_ in known and (report := known[id_].report) is not None and report.waiting == 0
    ]


async def _rejected_requests(scope: _Scope) -> list[Task]:
    """`since` is the first request: further ones do not make an acknowledged task wait again."""
    known = scope.gateways

    def build(seen: RejectedParcel) -> Iterator[Task]:
        gateway = known.get(seen.gateway)
        if gateway is not None:
            yield gateway_task(TaskKind(seen.what), gateway, seen.times, seen.since)
        elif not seen.gateway and TOP in scope.tops:
            yield Task(TaskKind(seen.what), TOP, "door", "", "/staff/gateways", seen.times, seen.since)

    def name(seen: RejectedParcel) -> tuple[str, str, str]:
        gateway = known.get(seen.gateway)
        return f"{seen.gateway} {seen.what}", TOP if gateway is None else gateway.community, seen.gateway

    return scope.search.each(await rejected_requests.lately(scope.connection, scope.now), build, name)


async def _silent_beacons(scope: _Scope) -> list[Task]:
    """Only of gateways that hear other beacons: otherwise the gateway is the fault."""
    hearing = {
        each.gateway.id: each.gateway
        for each in scope.surveyed
        if each.status is GatewayStatus.up and (each.report is None or each.report.hearing != Hearing.deaf)
    }
    return [
        Task(
            TaskKind.silent_beacon,
            hearing[row["gateway"]].community,
            f"{row['gateway']} {row['beacon']}",
            hearing[row["gateway"]].label,
            f"/staff/figures?{urlencode({'beacon': row['beacon']})}",
            beacon=row["beacon"],
            gateway=row["gateway"],
        )
        for row in await figure_queries.silent_beacons(scope.connection, scope.tops, hour(scope.now) - _SILENT_FOR)
        if row["gateway"] in hearing
    ]
