"""What the figures say of a place, a gateway, a beacon or a project in a period.

None stands for what was not counted then, or not in this view: nobody shall read it as nought. Doors are never mixed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from central_server.statistics.funnel import funnel
from central_server.statistics.hyperloglog import estimate
from central_server.statistics.periods import Period
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables.figures import DWELLS, GAPS, RSSIS
from central_server.store.statistics import figure_queries, gift_figures, phone_figures, screen_figures
from central_server.store.statistics.figure_filter import Row, Wanted
from sync_contract.records import Door

BEACONS = 500
"""At most so many rows; first those that were heard least."""


@dataclass(frozen=True, slots=True)
class Slot:
    """An hour or a day. `heard`: the share of the time in which every gateway listened, 0 to 1; None where there is
    none. `ahead`: it has not begun. `whole`: it is over. `touches`: visits by touch; `touch_pages`, `tag_pages`: pages
    opened on the screen, which had turned to the project for a tag or not; all three None before that was counted.
    """

    start: datetime
    ahead: bool
    whole: bool
    heard: float | None
    frames: int | None
    lost: float | None
    tags: int | None
    shakes: int | None
    shake_visitors: int | None
    clicks: int | None
    click_visitors: int | None
    posters: int | None
    poster_visitors: int | None
    tags_touched: int | None
    tag_touchers: int | None
    touches: int | None
    touch_pages: int | None
    tag_pages: int | None
    registered: int
    registered_fen: int | None
    handed: int
    handed_fen: int | None
    paid: int
    paid_fen: int | None
    reconciled: int
    spent_fen: int | None


@dataclass(frozen=True, slots=True)
class BeaconRow:
    """Over the period. `lost`: 0 to 1, None where its interval is not known; `silent`: expected, and never heard."""

    beacon: str
    gateway: str
    frames: int
    lost: float | None
    longest_gap_s: int
    rssi_mean: int | None
    suspect: bool
    silent: bool
    advertised_s: int


@dataclass(frozen=True, slots=True)
class Report:
    """`sums` and `before`: of the slots that have begun, and of as many of the period before. `counting`: how many
    gateways count touches, of how many that have reported at all.
    """

    period: Period
    slots: tuple[Slot, ...]
    sums: Mapping[str, int | None]
    before: Mapping[str, int | None]
    funnel: Mapping[str, Mapping[str, int | None]]
    dwell: tuple[int, ...] | None
    rssi: tuple[int, ...] | None
    gaps: tuple[int, ...] | None
    beacons: tuple[BeaconRow, ...]
    counting: tuple[int, int]

    @property
    def begun(self) -> int:
        return sum(not slot.ahead for slot in self.slots)


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What the figures are of; None takes all."""

    tops: Collection[str]
    gateway: str | None = None
    beacon: str | None = None
    project: str | None = None

    @property
    def heard(self) -> bool:
        """What gateways hear tells nothing of a project."""
        return self.project is None

    @property
    def phones(self) -> bool:
        """A phone asks the server, which does not know past which gateway it was carried."""
        return self.gateway is None

    @property
    def spent(self) -> bool:
        """Money that is spent came through no gateway and past no beacon."""
        return self.gateway is None and self.beacon is None

    @property
    def people(self) -> bool:
        """Tags are counted by class alone, never by what else was heard."""
        return self.heard and self.beacon is None


async def report(
    connection: Connection, of: Narrowed, period: Period, environment: str, now: datetime, *, money: bool = True
) -> Report:
    """`money` False: the reader sees to no money there, and a sum over few gifts would tell each: counts alone."""
    slots = await _slots(connection, of, period, environment, now)
    earlier = await _slots(connection, of, period.before, environment, now)
    if not money:
        slots, earlier = _without_money(slots), _without_money(earlier)
    begun = sum(not slot.ahead for slot in slots)
    wanted = _wanted(of, period)
    visits = await figure_queries.visits(connection, wanted) if of.people else {}
    bins = await figure_queries.bins(connection, wanted) if of.heard else {}
    beacons = await figure_queries.beacons(connection, wanted, BEACONS) if of.heard else []
    gifts = await gift_figures.gifts(connection, wanted, environment)
    spent = await gift_figures.spent_gifts(connection, wanted, environment)
    return Report(
        period=period,
        slots=slots,
        sums=_sums(slots),
        before=_sums(earlier[:begun]),
        funnel=funnel(_sums(slots), gifts, spent),
        dwell=tuple(sum(row[name] for row in visits.values()) for name in DWELLS) if of.people else None,
        rssi=tuple(bins[name] for name in RSSIS) if of.heard else None,
        gaps=tuple(bins[name] for name in GAPS) if of.heard else None,
        beacons=tuple(_beacon(row) for row in beacons),
        counting=(await screen_figures.counting(connection, wanted), await _reporting(connection, wanted)),
    )


async def _reporting(connection: Connection, wanted: Wanted) -> int:
    known = await figure_queries.listeners(connection, wanted)
    return sum(since < wanted.until and (end is None or end > wanted.since) for since, end in known)


async def _slots(
    connection: Connection, of: Narrowed, period: Period, environment: str, now: datetime
) -> tuple[Slot, ...]:
    wanted = _wanted(of, period)
    listened = await figure_queries.listened(connection, wanted) if of.heard else {}
    adverts = await figure_queries.adverts(connection, wanted) if of.heard else {}
    visits = await figure_queries.visits(connection, wanted) if of.people else {}
    known = await figure_queries.listeners(connection, wanted) if of.heard else []
    phones = _by_slot(await phone_figures.doors(connection, wanted)) if of.phones else {}
    visitors = _estimated(await phone_figures.registers(connection, wanted)) if of.phones else {}
    gifts = _by_slot(await gift_figures.gifts(connection, wanted, environment))
    spent = await gift_figures.spent(connection, wanted, environment) if of.spent else {}
    screens = _by_slot(await screen_figures.by_slot(connection, wanted))
    counting = await screen_figures.since(connection, wanted)

    def slot(start: datetime) -> Slot:
        until = start + period.step
        heard = _heard(listened.get(start), known, start, min(until, now)) if of.heard else None
        frames = adverts.get(start, {})
        told = {(row["door"], row["kind"]): row["times"] for row in phones.get(start, [])}
        given = gifts.get(start, [])

        def phone(door: str, kind: str) -> int | None:
            return told.get((door, kind), 0) if of.phones else None

        def different(door: str, kind: str) -> int | None:
            return visitors.get((start, door, kind), 0) if of.phones else None

        used = screens.get(start, []) if counting and counting < until else None

        def screen(name: str, *doors: Door) -> int | None:
            return None if used is None else sum(row[name] for row in used if row["door"] in doors)

        return Slot(
            start=start,
            ahead=start > now,
            whole=until <= now,
            heard=heard,
            frames=frames.get("frames", 0) if of.heard else None,
            lost=_lost(frames),
            tags=visits.get(start, {}).get("arrivals", 0) if of.people else None,
            shakes=phone("phone", "shake"),
            shake_visitors=different("phone", "shake"),
            clicks=phone("phone", "click"),
            click_visitors=different("phone", "click"),
            posters=phone("qr", "click"),
            poster_visitors=different("qr", "click"),
            tags_touched=phone("nfc", "click"),
            tag_touchers=different("nfc", "click"),
            touches=screen("visits", Door.touch, Door.tag),
            touch_pages=screen("opened", Door.touch),
            tag_pages=screen("opened", Door.tag),
            **{name: sum(row[name] for row in given) for name in _GIFTS},
            spent_fen=spent.get(start, 0) if of.spent else None,
        )

    return tuple(slot(start) for start in period.slots)


_GIFTS = ("registered", "registered_fen", "handed", "handed_fen", "paid", "paid_fen", "reconciled")
_SCREEN = ("touches", "touch_pages", "tag_pages")
_SUMMED = (
    *("frames", "tags", "shakes", "shake_visitors", "clicks", "click_visitors", "posters", "poster_visitors"),
    *("tags_touched", "tag_touchers"),
    *_SCREEN,
    *_GIFTS,
    "spent_fen",
)


def _without_money(slots: Collection[Slot]) -> tuple[Slot, ...]:
    return tuple(replace(slot, registered_fen=None, handed_fen=None, paid_fen=None) for slot in slots)


def _wanted(of: Narrowed, period: Period) -> Wanted:
    return Wanted(of.tops, period.since, period.until, period.step, of.gateway, of.beacon, of.project)


def _heard(
    row: Row | None, known: Collection[tuple[datetime, datetime | None]], start: datetime, until: datetime
) -> float | None:
    """None where nothing could have been heard: no gateway was known yet, or the time has not come."""
    ms = timedelta(milliseconds=1)
    expected = sum(max(timedelta(0), min(until, end or until) - max(start, since)) / ms for since, end in known)
    listened = row["listened_ms"] if row else 0
    if expected <= 0:
        return 1.0 if listened else None
    return min(1.0, listened / expected)


def _lost(row: Row) -> float | None:
    expected = row.get("expected_frames") or 0
    return max(0.0, 1 - row["heard_of_expected"] / expected) if expected else None


def _by_slot(rows: Collection[Row]) -> dict[datetime, list[Row]]:
    found: dict[datetime, list[Row]] = {}
    for row in rows:
        found.setdefault(row["slot"], []).append(row)
    return found


def _estimated(rows: Collection[Row]) -> dict[tuple[datetime, str, str], int]:
    sketches: dict[tuple[datetime, str, str], dict[int, int]] = {}
    for row in rows:
        sketches.setdefault((row["slot"], row["door"], row["kind"]), {})[row["rank"]] = row["number"]
    return {key: estimate(sketch) for key, sketch in sketches.items()}


def _sums(slots: Collection[Slot]) -> dict[str, int | None]:
    """Different visitors of several days are added up: they cannot be told apart beyond midnight.

    Of the screen: of the time in which it was counted.
    """
    found: dict[str, int | None] = {}
    for name in _SUMMED:
        values = [getattr(slot, name) for slot in slots]
        if name in _SCREEN:
            values = [value for value in values if value is not None] or [None]
        found[name] = None if None in values else sum(values)
    return found


def _beacon(row: Mapping[str, Any]) -> BeaconRow:
    measured = row["frames"] - row["frames_without_rssi"]
    return BeaconRow(
        beacon=row["beacon"],
        gateway=row["gateway"],
        frames=row["frames"],
        lost=_lost(dict(row)),
        longest_gap_s=round(row["longest_gap_ms"] / 1000),
        rssi_mean=round(row["rssi_sum"] / measured) if measured > 0 else None,
        suspect=row["frames_suspect"] > 0,
        silent=row["reports"] > 0 and row["frames"] == 0,
        advertised_s=row["advertised_ms"] // 1000,
    )
