"""Report the figures of a place, gateway, beacon or project over a period.

None stands for what was not counted then, or not in this view; it is not zero. Doors are never added up.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from central_server.statistics.figure_records import COUNTS, SCREEN_COUNTS, BeaconFigures, Figures, FigureSlot
from central_server.statistics.funnel import funnel
from central_server.statistics.periods import Period
from central_server.statistics.tally import load_tally
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables.figures import DWELLS, GAPS, RSSIS
from central_server.store.statistics import figure_queries, gift_figures, screen_figures
from central_server.store.statistics.figure_filter import FigureFilter, FigureScope, Row

MAX_BEACONS = 500
_SUMMED = ("frames", *COUNTS, "spent_fen")


@dataclass(frozen=True, slots=True)
class Report:
    """`sums`, `before`: counts of the slots that have begun, and of as many slots of the period before.

    `counting`: how many gateways count touches, and how many report at all.
    """

    period: Period
    slots: tuple[FigureSlot, ...]
    sums: Mapping[str, int | None]
    before: Mapping[str, int | None]
    funnel: dict[str, dict[str, int | None]]
    dwell: tuple[int, ...] | None
    rssi: tuple[int, ...] | None
    gaps: tuple[int, ...] | None
    beacons: tuple[BeaconFigures, ...]
    counting: tuple[int, int]

    @property
    def started(self) -> int:
        """How many slots have begun."""
        return sum(not slot.ahead for slot in self.slots)


async def build_report(
    connection: Connection,
    scope: FigureScope,
    period: Period,
    environment: str,
    now: datetime,
    *,
    money: bool = True,
) -> Report:
    """`money` False: no sums of money, for readers without the right to it; a sum of few gifts reveals each."""
    slots, gifts = await _slots(connection, scope, period, environment, now, money=money)
    earlier, _ = await _slots(connection, scope, period.before, environment, now, money=money)
    figures = _filter(scope, period)
    dwell = _add(await figure_queries.visits(connection, figures)) if scope.has_tags else None
    bins = await figure_queries.bins(connection, figures) if scope.has_radio else None
    beacons = await figure_queries.beacons(connection, figures, MAX_BEACONS) if scope.has_radio else []
    spent = await gift_figures.spent_gifts(connection, figures, environment)
    listeners = await figure_queries.listeners(connection, figures)
    reporting = sum(since < figures.until and (end is None or end > figures.since) for since, end in listeners)
    sums = _sums(slots)
    return Report(
        period=period,
        slots=slots,
        sums=sums,
        before=_sums(earlier[: sum(not slot.ahead for slot in slots)]),
        funnel=funnel(sums, gifts, spent),
        dwell=dwell,
        rssi=None if bins is None else tuple(bins[name] for name in RSSIS),
        gaps=None if bins is None else tuple(bins[name] for name in GAPS),
        beacons=tuple(map(_beacon, beacons)),
        counting=(await screen_figures.count_gateways(connection, figures), reporting),
    )


def build_figures_response(report: Report) -> Figures:
    """Leave out slots that have not begun."""
    return Figures(
        first=report.period.first,
        last=report.period.last,
        slots=report.slots[: report.started],
        funnel=report.funnel,
        dwell=report.dwell,
        rssi=report.rssi,
        gaps=report.gaps,
        beacons=report.beacons,
    )


def _filter(scope: FigureScope, period: Period) -> FigureFilter:
    return FigureFilter(scope, period.since, period.until, period.step)


async def _slots(
    connection: Connection, scope: FigureScope, period: Period, environment: str, now: datetime, *, money: bool
) -> tuple[tuple[FigureSlot, ...], Collection[Row]]:
    """Return the slots, and the gifts of all of them."""
    figures = _filter(scope, period)
    tally = await load_tally(connection, figures, environment, money=money)
    listened = await figure_queries.listened(connection, figures) if scope.has_radio else {}
    adverts = await figure_queries.adverts(connection, figures) if scope.has_radio else {}
    listeners = await figure_queries.listeners(connection, figures) if scope.has_radio else []
    spent = await gift_figures.spent_fen(connection, figures, environment) if scope.has_spending else None

    def slot(number: int, start: datetime) -> FigureSlot:
        until = start + period.step
        heard = adverts.get(number, {})
        screens = tally.screens_since is not None and tally.screens_since < until
        return FigureSlot(
            start=start,
            ahead=start > now,
            complete=until <= now,
            heard=_heard(listened.get(number), listeners, start, min(until, now)) if scope.has_radio else None,
            frames=heard.get("frames", 0) if scope.has_radio else None,
            lost=_lost(heard),
            tags=None if tally.visits is None else tally.visits.get(number, {}).get("tags", 0),
            spent_fen=None if spent is None else spent.get(number, 0),
            **tally.counts(number, screens=screens),
        )

    slots = tuple(slot(number, start) for number, start in enumerate(period.slots))
    return slots, [row for rows in tally.gifts.values() for row in rows]


def _heard(
    row: Row | None, listeners: Collection[tuple[datetime, datetime | None]], start: datetime, until: datetime
) -> float | None:
    """Return the share of the time in which gateways listened; None where none was expected to."""
    ms = timedelta(milliseconds=1)
    expected = sum(max(timedelta(0), min(until, end or until) - max(start, since)) / ms for since, end in listeners)
    listened = row["listened_ms"] if row else 0
    if expected <= 0:
        return 1.0 if listened else None
    return round(min(1.0, listened / expected), 4)


def _lost(row: Mapping[str, Any]) -> float | None:
    expected = row.get("expected_frames") or 0
    return round(max(0.0, 1 - row["heard_of_expected"] / expected), 4) if expected else None


def _add(visits: Mapping[Any, Row]) -> tuple[int, ...]:
    return tuple(sum(row[name] for row in visits.values()) for name in DWELLS)


def _sums(slots: Collection[FigureSlot]) -> dict[str, int | None]:
    """Add slots up; touches only over the slots in which they were counted."""
    found: dict[str, int | None] = {}
    for name in _SUMMED:
        values = [getattr(slot, name) for slot in slots]
        if name in SCREEN_COUNTS:
            values = [value for value in values if value is not None] or [None]
        found[name] = None if None in values else sum(values)
    return found


def _beacon(row: Row) -> BeaconFigures:
    measured = row["frames"] - row["frames_without_rssi"]
    return BeaconFigures(
        beacon=row["beacon"],
        gateway=row["gateway"],
        frames=row["frames"],
        lost=_lost(row),
        longest_gap_s=round(row["longest_gap_ms"] / 1000),
        rssi_mean=round(row["rssi_sum"] / measured) if measured > 0 else None,
        suspect=row["frames_suspect"] > 0,
        silent=row["reports"] > 0 and row["frames"] == 0,
        advertised_s=row["advertised_ms"] // 1000,
    )
