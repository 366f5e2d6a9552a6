"""Compare beacons, projects, gateways or communities over a period."""

from collections.abc import Collection
from datetime import timedelta

from central_server.statistics.figure_records import FigureRow
from central_server.statistics.periods import Period
from central_server.statistics.tally import load_tally
from central_server.store.engine.connection import Connection
from central_server.store.engine.tables.figures import DWELLS
from central_server.store.statistics import gift_figures
from central_server.store.statistics.figure_filter import By, FigureFilter, FigureScope


async def compare_figures(
    connection: Connection,
    scope: FigureScope,
    period: Period,
    environment: str,
    by: By,
    known: Collection[str] = (),
    *,
    money: bool = True,
) -> tuple[FigureRow, ...]:
    """Return one row for each key with counts, and for each of `known`, by key. `money`: as for `build_report`."""
    figures = FigureFilter(scope, period.since, period.until, timedelta(days=1))
    tally = await load_tally(connection, figures, environment, by, money=money)
    spent = {
        key or "": count
        for key, count in (await gift_figures.spent_gifts(connection, figures, environment, by.value)).items()
    }
    counting = tally.screens_since is not None and tally.screens_since < period.until

    def row(key: str) -> FigureRow:
        # A gateway without any row of its screen has not reported that it counts touches.
        screens = counting and (by is not By.gateway or key in tally.screens)
        dwell = None if tally.visits is None else tuple(tally.visits.get(key, {}).get(name, 0) for name in DWELLS)
        return FigureRow(key=key, dwell=dwell, spent=spent.get(key, 0), **tally.counts(key, screens=screens))

    rows = (row(str(key)) for key in sorted({*known, *spent, *map(str, tally.keys)}))
    return tuple(row for row in rows if row.key in known or not row.empty)
