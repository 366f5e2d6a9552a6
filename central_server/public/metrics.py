"""Serve GET /metrics: counts of gateways, alerts and refusals; nothing of a donor, a gift or a sum."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from aiohttp import web

from central_server.backups.backup_files import newest
from central_server.enrolment.gateway_status import GatewayStatus, SurveyedGateway, survey
from central_server.public.health import STALL_S
from central_server.rejected_requests import Refusals
from central_server.store.alerts import alerts
from central_server.store.engine.database import Database
from central_server.store.engine.store_errors import StoreUnavailable
from central_server.store.places.places import TOP
from daemonkit.health import Health
from daemonkit.metrics import Metric, metrics_page, single, stage_metrics
from sync_contract.gateway_report import Hearing

_P = "beacon_central"


@dataclass(frozen=True, slots=True)
class MetricsPage:
    database: Database
    state: Path
    health: Health
    refusals: Refusals
    now: Callable[[], datetime]

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/metrics", metrics_page(self._read))]

    async def _read(self) -> Sequence[Metric]:
        metrics = [*stage_metrics(_P, self.health, STALL_S), *self._describe_process()]
        now = self.now()
        try:
            async with self.database.read() as connection:
                surveyed = await survey(connection, (TOP,), now)
                kinds = Counter(alert.kind for alert in await alerts.open_ones(connection, (TOP,)))
        except StoreUnavailable:
            return [*metrics, single(f"{_P}_store_works", _STORE_WORKS, 0)]
        open_alerts = {kind: float(count) for kind, count in kinds.items()}
        return [
            *metrics,
            single(f"{_P}_store_works", _STORE_WORKS, 1),
            Metric(f"{_P}_open_alerts", "Open alerts by kind.", open_alerts, ("kind",)),
            *_describe_fleet(surveyed, now),
        ]

    def _describe_process(self) -> Iterator[Metric]:
        stalled = bool(self.health.stalled(STALL_S))
        yield single(f"{_P}_healthy", "1: the answer of /healthz is 200.", not stalled)
        refused = self.refusals.counts()
        yield Metric(f"{_P}_requests_refused_total", "Refused requests.", refused, ("what", "reason"))
        use = self.database.pool_use()
        help_ = "Connections to the database, by use."
        yield Metric(f"{_P}_database_connections", help_, {"in_use": use.in_use, "idle": use.idle}, ("use",))
        help_ = "The largest number of connections to the database."
        yield single(f"{_P}_database_connections_limit", help_, use.limit)
        last = newest(self.state)
        made = last and last[1].timestamp()
        yield single(f"{_P}_backup_timestamp_seconds", "When the last nightly backup was made (SQLite).", made)


_STORE_WORKS = "1: the database answers."
_LOCKED = "locked"


def _describe_fleet(surveyed: Sequence[SurveyedGateway], now: datetime) -> Iterator[Metric]:
    states = Counter(_LOCKED if each.locked else each.status.value for each in surveyed)
    gateways = {status: float(states[status]) for status in (*GatewayStatus, _LOCKED)}
    help_ = "Gateways in service by status; locked: staff revoked its keys."
    yield Metric(f"{_P}_gateways", help_, gateways, ("status",))
    reports = [each.report for each in surveyed if each.report is not None]
    heard = Counter(report.hearing for report in reports)
    hearing = {each.value: float(heard[each.value]) for each in Hearing}
    yield Metric(f"{_P}_gateways_hearing", "Gateways by the reception in their last report.", hearing, ("hearing",))
    off_air = sum(report.off_air_since is not None for report in reports)
    yield single(f"{_P}_gateways_off_air", "Gateways whose own beacon does not transmit.", off_air)
    forked = sum(each.fork is not None for each in surveyed)
    yield single(f"{_P}_gateways_copied", "Gateways with evidence of a copied card.", forked)
    versions = Counter(report.version for report in reports)
    by_version = {each: float(count) for each, count in versions.items()}
    yield Metric(f"{_P}_gateways_version", "Gateways by the version that they report.", by_version, ("version",))
    states_of_parcels = ("waiting", "refused", "damaged")
    parcels = {state: float(sum(getattr(report, state) for report in reports)) for state in states_of_parcels}
    yield Metric(f"{_P}_gateway_parcels", "Parcels on gateways by state, by their last reports.", parcels, ("state",))
    contacts = [each.last_contact for each in surveyed if each.last_contact and not each.locked]
    oldest = (now - min(contacts)).total_seconds() if contacts else None
    yield single(f"{_P}_oldest_contact_age_seconds", "Seconds since the gateway silent for longest.", oldest)
