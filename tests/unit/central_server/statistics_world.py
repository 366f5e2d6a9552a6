"""Build parcels with counts, deliver them in any order, and read the figures of a day at two gateways."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from msgspec import structs

from central_server.enrolment.gateways import register
from central_server.intake.receive import receive
from central_server.statistics.periods import Span, period_of
from central_server.statistics.report import Report, build_report
from central_server.statistics.rollup import count_new
from central_server.store.donations import intents
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway
from central_server.store.statistics import visitors
from central_server.store.statistics.figure_filter import FigureScope
from central_server.store.statistics.visitors import PhoneVisit
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import (
    AdvertisedSeconds,
    BeaconStatistics,
    ClassStatistics,
    ClockReading,
    Door,
    HandoffKind,
    IntentRegistered,
    IntentState,
    Parcel,
    PlaceBeaconStatistics,
    ScreenCount,
    ScreenStatistics,
)
from sync_contract.strict_model import Environment
from tests.fakes.counting import count_all

MIDNIGHT = datetime(2026, 11, 23, 16, tzinfo=UTC)
"""In Beijing."""
TODAY = date(2026, 11, 24)
"""Begins at MIDNIGHT."""
NOW = MIDNIGHT + timedelta(hours=10, minutes=30)
RECEIVED = MIDNIGHT + timedelta(days=40)
GATEWAYS = [Gateway("a" * 16, "huada", "大厅"), Gateway("b" * 16, "fengze", "門口")]
HALL, BOTH = frozenset({"huada"}), frozenset({"huada", "fengze"})
WALL = BeaconId(UUID(int=7), 1, 1)


def place(beacon: int | BeaconId, frames: int) -> PlaceBeaconStatistics:
    heard = frames > 0
    return PlaceBeaconStatistics(
        beacon=BeaconId(UUID(int=7), 1, beacon) if isinstance(beacon, int) else beacon,
        frames=frames,
        frames_without_rssi=0,
        frames_suspect=0,
        expected_frames=100,
        heard_of_expected=frames,
        longest_gap_ms=frames * 10,
        gap_histogram=(0, frames, *[0] * 7),
        rssi_min=max(-127, -60 - frames) if heard else None,
        rssi_max=-60 if heard else None,
        rssi_sum=-60 * frames,
        rssi_histogram=(*[0] * 9, frames, *[0] * 6),
    )


def visits(number: int, tag_class: str = "volunteer") -> ClassStatistics:
    """Different tags that came near, each once, and one more that passed at a distance."""
    return ClassStatistics(
        tag_class=tag_class, entries=number + 1, visits=number, tags=number, dwell_histogram=(number, *[0] * 7)
    )


def stretch(
    n: int,
    start: datetime,
    *,
    trusted: bool = True,
    boot: str = "0" * 32,
    monotonic_s: float = 0,
    end_trusted: bool | None = None,
    **changes: Any,
) -> Parcel:
    """A report of five minutes that began when the clock read `start`."""
    began = ClockReading(wall=start, boot=boot, monotonic_ns=int(monotonic_s * 1e9), trusted=trusted)
    ended = ClockReading(
        wall=start + timedelta(minutes=5),
        boot=boot,
        monotonic_ns=int((monotonic_s + 300) * 1e9),
        trusted=trusted if end_trusted is None else end_trusted,
    )
    body: dict[str, Any] = {
        "start": began,
        "seconds": 300,
        "foreign_frames": 3,
        "places": (place(1, n % 50), place(2, 0)),
        "classes": (visits(n % 3),),
        "advertised": (AdvertisedSeconds(beacon=BeaconId(UUID(int=7), 1, 9), seconds=299.5),),
    }
    return Parcel(id=f"{n:032x}", epoch="e" * 16, n=n, clock=ended, body=BeaconStatistics(**(body | changes)))


def count(project: str | None = None, door: Door = Door.touch, **changes: Any) -> ScreenCount:
    plain: dict[str, Any] = {"project": project, "beacon": None, "door": door, "visits": 0, "opened": 0}
    return ScreenCount(**(plain | changes))


def touched(n: int, start: datetime, counts: Sequence[ScreenCount] = (), *, trusted: bool = True) -> Parcel:
    """A report of five minutes of a screen, sent three days later."""
    began = ClockReading(wall=start, boot="0" * 32, monotonic_ns=0, trusted=trusted)
    body = ScreenStatistics(start=began, seconds=300, counts=tuple(counts))
    later = structs.replace(began, wall=start + timedelta(days=3), monotonic_ns=3 * 86_400 * 10**9)
    return Parcel(id=f"{n:032x}", epoch="e" * 16, n=n, clock=later, body=body)


def gift(n: int, at: datetime, door: Door = Door.touch, **changes: Any) -> Parcel:
    body: dict[str, Any] = {
        "environment": Environment.drill,
        "project": "lunch",
        "amount_minor": 1000,
        "currency": "CNY",
        "beacon": None,
        "door": door,
        "handoff": HandoffKind.ticket,
        "catalogue_version": 1,
    }
    clock = ClockReading(wall=at, boot="0" * 32, monotonic_ns=0, trusted=True)
    return Parcel(id=f"{n:032x}", epoch="f" * 16, n=n, clock=clock, body=IntentRegistered(**(body | changes)))


async def register_gateways(database: Database) -> None:
    for gateway, letter in zip(GATEWAYS, "AB", strict=True):
        await register(database, gateway.id, letter * 43, gateway.community, gateway.label, MIDNIGHT)


async def deliver(database: Database, gateway: Gateway, batch: Sequence[Parcel], at: datetime = RECEIVED) -> list[str]:
    answer = await receive(database, gateway, batch, Environment.drill, at)
    return [receipt.receipt.value for receipt in answer.receipts]


async def deliver_shuffled(
    database: Database, gateway: Gateway, parcels: Sequence[Parcel], draw: random.Random
) -> None:
    """Deliver in random order and batches, some parcels twice, with counting in between."""
    sent = [*parcels, *draw.choices(parcels, k=20)]
    draw.shuffle(sent)
    while sent:
        size = draw.randint(1, 25)
        await deliver(database, gateway, sent[:size])
        sent = sent[size:]
        if draw.random() < 0.5:
            await count_new(database, RECEIVED)


async def change_state(connection: Connection, gateway: str, number: int, *states: str) -> None:
    intent = await intents.get(connection, gateway, f"{number:032x}")
    assert intent is not None
    for state in states:
        await intents.move(connection, intent, IntentState(state), at=NOW, cause="bank", evidence="x")


def visit(
    hour: datetime = MIDNIGHT,
    beacon: str = "",
    *,
    community: str = "huada",
    project: str = "lunch",
    door: str = "phone",
    kind: Literal["shake", "click"] = "shake",
) -> PhoneVisit:
    return PhoneVisit(hour, community, beacon, project, door, kind)


async def count_visits(connection: Connection, *counted: tuple[str, Literal["shake", "click"]]) -> None:
    for door, kind in counted:
        await visitors.count_visit(connection, visit(door=door, kind=kind))


async def report_of(
    database: Database, scope: FigureScope, span: Span = Span.day, now: datetime = NOW, day: date = TODAY
) -> Report:
    await count_all(database)
    async with database.read() as connection:
        return await build_report(connection, scope, period_of(span, day), "drill", now)
