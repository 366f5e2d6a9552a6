"""Record made-up use of a drill's server: a year of gifts, help and published ledger heads, and a month of visits.

A seed decides everything that can be seen, so that two demos look alike. Every record passes through the code that
records a real one of that day, with the environment `drill`.
"""

import random
import struct
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.demo_families import HELPED, DemoFamilies
from central_server.donations.open_attempt import new_attempt
from central_server.donations.settlement import post_payment
from central_server.intake.receive import receive
from central_server.ledger import spending
from central_server.ledger.publication import Publisher
from central_server.ledger.spending_rules import SpendingRules
from central_server.store.donations import attempts, intents
from central_server.store.donations.attempts import AttemptState
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.enrolment.gateways import Gateway
from central_server.store.ledger import vouchers
from central_server.store.ledger.disbursements import Disbursement
from central_server.store.ledger.vouchers import Voucher
from central_server.store.statistics import visitors
from central_server.store.statistics.visitors import PhoneVisit
from sync_contract.beacon_identity import BeaconId
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project import Project
from sync_contract.records import (
    DWELL_HISTOGRAM_EDGES_S,
    GAP_HISTOGRAM_EDGES_MS,
    RSSI_HISTOGRAM_BINS,
    BeaconStatistics,
    Body,
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
from sync_contract.uuid7 import new_id

OPEN_HOURS = range(8, 21)
_BUSY_HOURS = (10, 11, 16, 17, 18)
TAG_CLASS = "volunteer-card"
_GIFTS_AN_HOUR = (70, 25, 5)
"""Weights of none, one and two."""
_UNFINISHED = 0.2
"""Part of the gifts that are registered and not paid."""
_SPENDING_DAYS = 7
"""From one spending to the next."""
_MEAL_FEN = 1000
_GIFT_DAYS = (1, 3, 6, 8, 11, 13, 15, 17)
"""Of a month of which only gifts and help are recorded, from 0."""
_HELP_DAY = 22
"""Help for families is paid in the week up to it; each month has one such spending."""
_PHONE_VISITS: tuple[Literal["shake", "click"], ...] = ("shake", "click")
_RULES = SpendingRules(fee_basis_points=0, new_payee_wait=timedelta(0), new_payee_minor=2**53)
_ASKED_BY, _APPROVED_BY = "drill-clerk", "drill-approver"
_DRILL = Environment.drill


@dataclass
class DemoHistory:
    """Records the days of one gateway. `projects`: those with a permit. `poster`: the identity of a place beacon."""

    database: Database
    gateway: Gateway
    projects: tuple[Project, ...]
    poster: BeaconId | None
    bank: str
    key: Ed25519PrivateKey
    families: DemoFamilies
    draw: random.Random
    epoch: str = field(init=False)
    _count: int = 0

    def __post_init__(self) -> None:
        self.epoch = f"{self.draw.getrandbits(64):016x}"

    async def record(self, days: int, now: datetime, *, months: int = 0) -> int:
        """Record `days` days before today, and today until the last full hour; return the number of gifts.

        Of `months` months before them, record only gifts, help and heads.
        """
        today = now.astimezone(OFFICIAL_TIME).date()
        first = today - timedelta(days=days)
        permitted = max(project.permit.opens for project in self.projects if project.permit)
        earlier = [month for ago in range(months, 0, -1) if (month := _month_before(first, ago)) >= permitted]
        async with self.database.write() as connection:
            await self.families.register(connection, _at(earlier[0] if earlier else first, 9))
        gifts = sum([await self._record_month(month, now) for month in earlier])
        for ago in range(days, -1, -1):
            day = today - timedelta(days=ago)
            hours = [at for at in _hours(day) if at + timedelta(hours=1) <= now]
            gifts += await self._record_day(hours)
            if ago % _SPENDING_DAYS == 0 and ago:
                await self._spend(day, now)
            await self._publish(min(_at(day, 21), now))
        async with self.database.write() as connection:
            await self.families.add_waiting(connection, now - timedelta(hours=20))
        return gifts

    async def _record_month(self, month: date, now: datetime) -> int:
        """`month`: its first day."""
        times = sorted(_at(month, self.draw.choice(OPEN_HOURS)) + timedelta(days=day) for day in _GIFT_DAYS)
        parcels = [self._parcel(at, self._gift()) for at in times]
        await self._give(parcels)
        await self._publish(_at(month, 21) + timedelta(days=_HELP_DAY - 2))
        help_day = month + timedelta(days=_HELP_DAY - 1)
        await self._spend(help_day, now)
        await self._publish(_at(help_day, 21))
        return len(parcels)

    async def _publish(self, at: datetime) -> None:
        await Publisher(self.database, self.key, _DRILL, partial(_unchanged, at)).publish_waiting()

    async def _record_day(self, hours: Sequence[datetime]) -> int:
        parcels = [parcel for at in hours for parcel in self._parcels(at)]
        gifts = [parcel for parcel in parcels if isinstance(parcel.body, IntentRegistered)]
        reports = [parcel for parcel in parcels if not isinstance(parcel.body, IntentRegistered)]
        if reports:
            await receive(self.database, self.gateway, reports, _DRILL, hours[-1] + timedelta(minutes=59))
        await self._give(gifts)
        async with self.database.write() as connection:
            if visits := Counter(visit for at in hours for visit in self._phones(at, self.draw.randint(0, 3))):
                await visitors.count_visits(connection, visits)
        return len(gifts)

    async def _give(self, gifts: Sequence[Parcel]) -> None:
        """Let each gift arrive within seconds, before its phone opens the code."""
        for parcel in sorted(gifts, key=lambda each: each.clock.wall):
            await receive(self.database, self.gateway, [parcel], _DRILL, parcel.clock.wall + timedelta(seconds=3))
        async with self.database.write() as connection:
            for parcel in gifts:
                await self._settle(connection, parcel)

    def _parcels(self, at: datetime) -> Iterator[Parcel]:
        """Yield the reports of the hour that begins at `at`, and its gifts."""
        visits = self.draw.randint(1, 9) if at.hour in _BUSY_HOURS else self.draw.randint(0, 4)
        gifts = self.draw.choices((0, 1, 2), _GIFTS_AN_HOUR)[0]
        yield self._parcel(at + timedelta(minutes=5), self._heard(at, visits))
        yield self._parcel(at + timedelta(minutes=5), self._touched(at, visits, gifts))
        for _ in range(gifts):
            yield self._parcel(at + timedelta(minutes=self.draw.randint(6, 55)), self._gift())

    def _parcel(self, at: datetime, body: Body) -> Parcel:
        self._count += 1
        return Parcel(id=new_id(), epoch=self.epoch, n=self._count, clock=self._clock(at), body=body)

    def _clock(self, at: datetime) -> ClockReading:
        midnight = datetime.combine(at.date(), time(), OFFICIAL_TIME)
        monotonic_ns = int((at - midnight).total_seconds() * 1e9)  # the device starts every midnight
        boot = sha256(f"{self.epoch} {at.date()}".encode()).hexdigest()[:32]
        return ClockReading(wall=at, boot=boot, monotonic_ns=monotonic_ns, trusted=True)

    def _heard(self, at: datetime, visits: int) -> BeaconStatistics:
        """Return a period of five minutes: the poster's beacon is well received, and `visits` cards came."""
        dwell = [0] * (len(DWELL_HISTOGRAM_EDGES_S) + 1)
        for _ in range(visits):
            dwell[self.draw.choice((1, 2, 2, 3))] += 1
        tags = ClassStatistics(
            tag_class=TAG_CLASS,
            entries=visits + self.draw.randint(0, 3),
            visits=visits,
            tags=visits,
            dwell_histogram=tuple(dwell),
        )
        return BeaconStatistics(
            start=self._clock(at),
            seconds=300,
            foreign_frames=self.draw.randint(40, 400),
            places=(self._place(self.poster),) if self.poster else (),
            classes=(tags,),
            advertised=(),
        )

    def _place(self, beacon: BeaconId) -> PlaceBeaconStatistics:
        frames = self.draw.randint(285, 299)
        gaps = [0] * (len(GAP_HISTOGRAM_EDGES_MS) + 1)
        gaps[3] = frames
        levels = [0] * RSSI_HISTOGRAM_BINS
        levels[7] = frames
        return PlaceBeaconStatistics(
            beacon=beacon,
            frames=frames,
            frames_without_rssi=0,
            frames_suspect=0,
            expected_frames=300,
            heard_of_expected=frames,
            longest_gap_ms=1900,
            gap_histogram=tuple(gaps),
            rssi_min=-74,
            rssi_max=-66,
            rssi_sum=-70 * frames,
            rssi_histogram=tuple(levels),
        )

    def _touched(self, at: datetime, visits: int, gifts: int) -> ScreenStatistics:
        by_tag = ScreenCount(
            project=self.projects[0].id, beacon=None, door=Door.tag, visits=0, opened=min(visits, gifts + 1)
        )
        by_touch = ScreenCount(
            project=self.projects[-1].id, beacon=None, door=Door.touch, visits=gifts + 1, opened=gifts
        )
        return ScreenStatistics(start=self._clock(at), seconds=300, counts=(by_tag, by_touch))

    def _gift(self) -> IntentRegistered:
        project = self.draw.choices(self.projects, [2, *[1] * (len(self.projects) - 1)])[0]
        amounts = project.amounts_fen
        return IntentRegistered(
            environment=_DRILL,
            project=project.id,
            amount_minor=self.draw.choices(amounts, range(len(amounts), 0, -1))[0],
            currency="CNY",
            beacon=None,
            door=self.draw.choice((Door.touch, Door.tag)),
            handoff=HandoffKind.ticket,
            catalogue_version=1,
        )

    async def _settle(self, connection: Connection, parcel: Parcel) -> None:
        """Pay the gift at the bank within a few minutes, or leave it unfinished."""
        intent = await intents.lock(connection, self.gateway.id, parcel.id)
        assert intent is not None
        opened = parcel.clock.wall + timedelta(seconds=self.draw.randint(20, 60))
        attempt = new_attempt(intent, self.bank, 1, AttemptState.opened, opened)
        await attempts.add(connection, attempt)
        await attempts.move(connection, attempt, AttemptState.sent, at=opened, cause="bank", evidence=attempt.id)
        await intents.move(connection, intent, IntentState.handed_off, at=opened, cause="attempt", evidence=attempt.id)
        current = await attempts.lock(connection, attempt.id)
        assert current is not None
        ended = opened + timedelta(seconds=self.draw.randint(25, 180))
        if self.draw.random() < _UNFINISHED:
            await attempts.move(connection, current, AttemptState.expired, at=ended, cause="query", evidence=attempt.id)
            await intents.move(connection, intent, IntentState.closed, at=ended, cause="query", evidence=attempt.id)
            return
        payment = f"drill-{attempt.id[-20:]}"
        await post_payment(
            connection,
            current,
            payment=payment,
            flawed=False,
            cause="notification",
            evidence=payment,
            next_query_at=None,
            at=ended,
            late=False,
        )

    def _phones(self, at: datetime, times: int) -> Iterator[PhoneVisit]:
        beacon = str(self.poster) if self.poster else ""
        for _ in range(times):
            door = self.draw.choice((Door.phone, Door.qr))
            project = self.projects[0].id
            for kind in _PHONE_VISITS[: 2 if self.draw.random() < 0.6 else 1]:
                yield PhoneVisit(at, self.gateway.community, beacon, project, door.value, kind)

    async def _spend(self, day: date, now: datetime) -> None:
        """Spend half of what the first project has, as two people decide it in the afternoon: once a month for
        families, else for anybody who comes.
        """
        asked, project = _at(day, 15), self.projects[0]
        to_families = day.day > _HELP_DAY - _SPENDING_DAYS and day.day <= _HELP_DAY
        voucher = _voucher(self.gateway.community, asked)
        async with self.database.write() as connection:
            await vouchers.add(connection, voucher)
            request = Disbursement(
                new_id(), self.gateway.community, _DRILL.value, project.id, 0, "CNY", "演练：一周的午餐", "演练食堂",
                voucher.sha256, day, None, "", None, _ASKED_BY, asked,
            )  # fmt: skip
            meals = await spending.free_minor(connection, request.purse, asked) // 2 // _MEAL_FEN
            if to_families:
                meals -= meals % HELPED
            if not meals:
                return
            request = replace(request, amount_minor=meals * _MEAL_FEN, people=None if to_families else meals)
            await spending.ask(connection, request, asked, _RULES)
            later = asked + timedelta(hours=1)
            await spending.approve(connection, request, by=_APPROVED_BY, note="", now=later, rules=_RULES)
            if to_families:
                await self.families.help_all(connection, request, later, now)


def _month_before(day: date, ago: int) -> date:
    """Return the first day of the month that is `ago` months before the day's."""
    months = day.year * 12 + day.month - 1 - ago
    return date(months // 12, months % 12 + 1, 1)


def _at(day: date, hour: int) -> datetime:
    return datetime.combine(day, time(hour), OFFICIAL_TIME)


def _unchanged(at: datetime) -> datetime:
    return at


def _hours(day: date) -> Iterator[datetime]:
    for hour in OPEN_HOURS:
        yield _at(day, hour)


def _voucher(community: str, at: datetime) -> Voucher:
    """Return a small white PNG (PNG specification, 11.2) that is another file each day."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)
    pixels = zlib.compress((b"\0" + b"\xff" * 8) * 8)
    text = f"Title\0drill voucher {at:%Y-%m-%d}".encode("latin-1")
    content = b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"tEXt", text), chunk(b"IDAT", pixels), chunk(b"IEND", b""))
    )
    return Voucher(sha256(content).hexdigest(), community, "image/png", len(content), content, at, _ASKED_BY)
