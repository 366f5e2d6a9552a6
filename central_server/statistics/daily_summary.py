"""A few figures of one day, for a page that is opened often."""

from datetime import datetime, timedelta

from central_server.statistics.report import Narrowed
from central_server.store.engine.connection import Connection
from central_server.store.statistics import figure_queries, gift_figures, phone_figures, screen_figures
from central_server.store.statistics.figure_filter import Wanted


async def glance(connection: Connection, of: Narrowed, day: datetime, environment: str) -> dict[str, int | None]:
    """Of the day that begins at `day`: tags, shakes, posters, registered gifts and touches (None where none are counted
    yet). For a page that is opened often.
    """
    wanted = Wanted(of.tops, day, day + timedelta(days=1), timedelta(days=1), of.gateway, of.beacon, of.project)
    visits = await figure_queries.visits(connection, wanted)
    phones = await phone_figures.doors(connection, wanted)
    gifts = await gift_figures.gifts(connection, wanted, environment)
    counting = await screen_figures.since(connection, wanted)
    screen = await screen_figures.by_slot(connection, wanted)
    return {
        "tags": sum(row["arrivals"] for row in visits.values()),
        "shakes": sum(row["times"] for row in phones if (row["door"], row["kind"]) == ("phone", "shake")),
        "posters": sum(row["times"] for row in phones if (row["door"], row["kind"]) == ("qr", "click")),
        "registered": sum(row["registered"] for row in gifts),
        "touches": sum(row["visits"] for row in screen) if counting and counting < wanted.until else None,
    }
