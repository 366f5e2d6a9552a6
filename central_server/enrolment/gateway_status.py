"""Determines the status of each gateway, for the gateways page, the overview and the alerts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from central_server.store.engine.connection import Connection
from central_server.store.enrolment import gateway_reports, gateways
from central_server.store.enrolment.gateway_reports import Report
from central_server.store.enrolment.gateways import Gateway, Key
from central_server.store.parcels import parcels
from central_server.store.parcels.parcels import Numbered
from sync_contract.gateway_report import Hearing

STATISTICS_EVERY = timedelta(minutes=5)
"""How often every gateway sends a parcel."""


class GatewayStatus(StrEnum):
    """In the order of urgency."""

    late = "late"
    """Its report is overdue: twice its interval has passed."""
    revoked = "revoked"
    """It has keys, and none is valid."""
    awaited = "awaited"
    """Enrolled, without contact since."""
    new = "new"
    """Not enrolled yet."""
    up = "up"


@dataclass(frozen=True, slots=True)
class SurveyedGateway:
    """`keys`: newest first. `numbered`: epochs, the one that advanced last first. `fork`: evidence of a copied card, if
    the device was not enrolled again since."""

    gateway: Gateway
    status: GatewayStatus
    keys: tuple[Key, ...]
    report: Report | None
    numbered: tuple[Numbered, ...]
    fork: Numbered | None

    @property
    def locked(self) -> bool:
        """Return whether staff revoked its keys, so that no alert is needed."""
        ended = [key for key in self.keys if key.revoked_at is not None]
        newest = max(ended, key=lambda key: key.revoked_at or key.added_at, default=None)
        return self.status is GatewayStatus.revoked and newest is not None and newest.revoked_why == "staff"

    @property
    def last_sync(self) -> datetime | None:
        return max((epoch.last_at for epoch in self.numbered if epoch.last_at), default=None)

    @property
    def last_contact(self) -> datetime | None:
        return _latest(self.report, self.last_sync)


async def survey(
    connection: Connection,
    tops: Collection[str],
    now: datetime,
    *,
    retired: bool = False,
    among: Collection[str] | None = None,
) -> tuple[SurveyedGateway, ...]:
    """Return the gateways of the communities at and below `tops` that are in service, or with `retired` the others.

    The most urgent come first, then by label. `among`: only those with these ids.
    """
    every = [each for each in await gateways.every(connection, tops, among) if (each.retired_at is not None) is retired]
    reports = await gateway_reports.every(connection, tops, among)
    keys: dict[str, list[Key]] = {}
    for key in await gateways.keys_within(connection, tops, among):
        keys.setdefault(key.gateway, []).append(key)
    epochs: dict[str, list[Numbered]] = {}
    for numbered in await parcels.numbered(connection, tops, among):
        epochs.setdefault(numbered.gateway, []).append(numbered)
    found = [
        _build(
            gateway, tuple(keys.get(gateway.id, ())), reports.get(gateway.id), tuple(epochs.get(gateway.id, ())), now
        )
        for gateway in every
    ]
    return tuple(sorted(found, key=_urgency))


async def survey_one(connection: Connection, gateway: Gateway, now: datetime) -> SurveyedGateway:
    return _build(
        gateway,
        await gateways.keys(connection, gateway.id),
        await gateway_reports.get(connection, gateway.id),
        await parcels.numbered(connection, (gateway.community,), (gateway.id,)),
        now,
    )


def find_status(
    keys: Collection[Key], report: Report | None, last_sync: datetime | None, now: datetime
) -> GatewayStatus:
    if not keys:
        return GatewayStatus.new
    if not any(key.valid(now) for key in keys):
        return GatewayStatus.revoked
    contact = _latest(report, last_sync)
    if contact is None or contact < min(key.added_at for key in keys if key.valid(now)):
        return GatewayStatus.awaited
    every = timedelta(seconds=report.every_s) if report else STATISTICS_EVERY
    return GatewayStatus.late if now - contact > 2 * every else GatewayStatus.up


def _urgency(one: SurveyedGateway) -> tuple[bool, bool, int]:
    """Return the sort key: the most urgent is the smallest."""
    report = one.report if one.status is GatewayStatus.up else None
    radio = report is not None and (report.hearing == Hearing.deaf or report.off_air_since is not None)
    troubled = radio or one.status in (GatewayStatus.late, GatewayStatus.revoked, GatewayStatus.awaited)
    return one.fork is None, not troubled, list(GatewayStatus).index(one.status)


def _build(
    gateway: Gateway, keys: tuple[Key, ...], report: Report | None, numbered: tuple[Numbered, ...], now: datetime
) -> SurveyedGateway:
    last_sync = max((epoch.last_at for epoch in numbered if epoch.last_at), default=None)
    enrolled_at = max((key.added_at for key in keys if key.origin != "roll"), default=None)
    forked = (epoch for epoch in numbered if epoch.forked_at and (not enrolled_at or epoch.forked_at > enrolled_at))
    return SurveyedGateway(
        gateway, find_status(keys, report, last_sync, now), keys, report, numbered, next(forked, None)
    )


def _latest(report: Report | None, last_sync: datetime | None) -> datetime | None:
    return max((at for at in (report.received_at if report else None, last_sync) if at is not None), default=None)
