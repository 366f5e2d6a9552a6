"""How each gateway stands, in one word: for the gateways page, the overview and alerts alike."""

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
"""How often every gateway sends a parcel, also one whose software does not report."""


class Standing(StrEnum):
    """In the order in which they ask for somebody's attention."""

    late = "late"
    """What it promised is overdue: twice the time in which it was to come has passed."""
    revoked = "revoked"
    """It had keys; none is valid."""
    awaited = "awaited"
    """Enrolled, and never heard of since."""
    new = "new"
    """Not enrolled yet."""
    up = "up"


@dataclass(frozen=True, slots=True)
class Surveyed:
    """`keys`: newest first. `numbered`: epochs, the one that moved last first. `fork`: a card that was copied, while
    the device has not been enrolled anew since."""

    gateway: Gateway
    standing: Standing
    keys: tuple[Key, ...]
    report: Report | None
    numbered: tuple[Numbered, ...]
    fork: Numbered | None

    @property
    def locked(self) -> bool:
        """Staff locked it out: nobody need tell them."""
        ended = [key for key in self.keys if key.revoked_at is not None]
        newest = max(ended, key=lambda key: key.revoked_at or key.added_at, default=None)
        return self.standing is Standing.revoked and newest is not None and newest.revoked_why == "staff"

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
) -> tuple[Surveyed, ...]:
    """Every gateway of the communities at and below `tops` that is in service, or with `retired` those that are not;
    first those that need somebody, then by label. `among`: only those with these ids.
    """
    every = [each for each in await gateways.every(connection, tops, among) if (each.retired_at is not None) is retired]
    told = await gateway_reports.every(connection, tops, among)
    keys: dict[str, list[Key]] = {}
    for key in await gateways.keys_within(connection, tops, among):
        keys.setdefault(key.gateway, []).append(key)
    epochs: dict[str, list[Numbered]] = {}
    for numbered in await parcels.numbered(connection, tops, among):
        epochs.setdefault(numbered.gateway, []).append(numbered)
    found = [
        _surveyed(
            gateway, tuple(keys.get(gateway.id, ())), told.get(gateway.id), tuple(epochs.get(gateway.id, ())), now
        )
        for gateway in every
    ]
    return tuple(sorted(found, key=_urgency))


async def survey_one(connection: Connection, gateway: Gateway, now: datetime) -> Surveyed:
    return _surveyed(
        gateway,
        await gateways.keys(connection, gateway.id),
        await gateway_reports.get(connection, gateway.id),
        await parcels.numbered(connection, (gateway.community,), (gateway.id,)),
        now,
    )


def standing(keys: Collection[Key], report: Report | None, last_sync: datetime | None, now: datetime) -> Standing:
    if not keys:
        return Standing.new
    if not any(key.valid(now) for key in keys):
        return Standing.revoked
    heard = _latest(report, last_sync)
    if heard is None or heard < min(key.added_at for key in keys if key.valid(now)):
        return Standing.awaited
    every = timedelta(seconds=report.every_s) if report else STATISTICS_EVERY
    return Standing.late if now - heard > 2 * every else Standing.up


def _urgency(one: Surveyed) -> tuple[bool, bool, int]:
    """The smaller, the sooner somebody should look."""
    report = one.report if one.standing is Standing.up else None
    radio = report is not None and (report.hearing == Hearing.deaf or report.off_air_since is not None)
    troubled = radio or one.standing in (Standing.late, Standing.revoked, Standing.awaited)
    return one.fork is None, not troubled, list(Standing).index(one.standing)


def _surveyed(
    gateway: Gateway, keys: tuple[Key, ...], report: Report | None, numbered: tuple[Numbered, ...], now: datetime
) -> Surveyed:
    last_sync = max((epoch.last_at for epoch in numbered if epoch.last_at), default=None)
    enrolled_at = max((key.added_at for key in keys if key.origin != "roll"), default=None)
    forked = (epoch for epoch in numbered if epoch.forked_at and (not enrolled_at or epoch.forked_at > enrolled_at))
    return Surveyed(gateway, standing(keys, report, last_sync, now), keys, report, numbered, next(forked, None))


def _latest(report: Report | None, last_sync: datetime | None) -> datetime | None:
    return max((at for at in (report.received_at if report else None, last_sync) if at is not None), default=None)
