"""Summarize one day for the overview page, which is opened often."""

from datetime import datetime, timedelta

from central_server.statistics.figure_records import FigureCounts
from central_server.statistics.tally import load_tally
from central_server.store.engine.connection import Connection
from central_server.store.statistics.figure_filter import FigureFilter, FigureScope


async def summarize_day(connection: Connection, scope: FigureScope, start: datetime, environment: str) -> FigureCounts:
    """Return the counts of the day that begins at `start`, without different visitors and money."""
    end = start + timedelta(days=1)
    figures = FigureFilter(scope, start, end, timedelta(days=1))
    tally = await load_tally(connection, figures, environment, money=False, visitors=False)
    screens = tally.screens_since is not None and tally.screens_since < end
    return FigureCounts(**tally.counts(0, screens=screens))
