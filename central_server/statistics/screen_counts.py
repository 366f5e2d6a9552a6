"""Counts of the screen that add up: of stretches, hours, gateways and days, in any order and grouping."""

from collections import Counter
from collections.abc import Iterable

from central_server.store.statistics.screen_figures import Used
from sync_contract.records import Door, ScreenStatistics

_NOTHING_SHOWN = ("", "", Door.touch.value)


def used(stretches: Iterable[ScreenStatistics]) -> list[Used]:
    """Of at least one stretch there is a row, with 0 where nobody touched the screen: it was counted then."""
    visits: Counter[tuple[str, str, str]] = Counter()
    opened: Counter[tuple[str, str, str]] = Counter()
    for stretch in stretches:
        visits[_NOTHING_SHOWN] += 0
        for count in stretch.counts:
            shown = (count.project or "", "" if count.beacon is None else str(count.beacon), count.door.value)
            visits[shown] += count.visits
            opened[shown] += count.opened
    return [Used(*shown, visits[shown], opened[shown]) for shown in visits]
