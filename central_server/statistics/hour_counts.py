"""Add up what parcels counted, by gateway, hour and community."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from central_server.statistics.event_times import day
from central_server.statistics.plausibility import plausible, plausible_touches
from central_server.store.statistics.figures import DAY, FigureKey
from central_server.store.statistics.screen_figures import ScreenUse
from sync_contract.records import BeaconStatistics, Door, Parcel, ScreenStatistics
from sync_contract.statistics import Total, merge, total

_NOTHING_SHOWN = ("", "", Door.touch.value)
_Shown = tuple[str, str, str]
"""Project and beacon, empty for none, and door."""


@dataclass(slots=True)
class Counts:
    """The counts of some parcels. `entries`: how many beacons, classes, screens and parcels were added."""

    totals: list[Total] = field(default_factory=list)
    screens: dict[_Shown, tuple[int, int]] = field(default_factory=dict)
    entries: int = 0

    def add(self, parcel: Parcel, *, sure: bool) -> None:
        """Add the parcel's counts; none if they are implausible. `sure`: when it happened is known."""
        body = parcel.body
        if isinstance(body, BeaconStatistics):
            if plausible(body):
                self.totals.append(total(body, trusted=sure))
                self.entries += len(body.places) + len(body.classes) + len(body.advertised)
        elif isinstance(body, ScreenStatistics) and plausible_touches(body):
            self._add_screen(body)
            self.entries += len(body.counts)
        self.entries += 1

    def _add_screen(self, period: ScreenStatistics) -> None:
        """A period without touches yields a row of zeros: it was counted."""
        self._add_shown(_NOTHING_SHOWN, 0, 0)
        for count in period.counts:
            shown = (count.project or "", "" if count.beacon is None else str(count.beacon), count.door.value)
            self._add_shown(shown, count.visits, count.opened)

    def _add_shown(self, shown: _Shown, visits: int, opened: int) -> None:
        before = self.screens.get(shown, (0, 0))
        self.screens[shown] = (before[0] + visits, before[1] + opened)

    def merge(self, other: "Counts") -> None:
        """Add the counts of other parcels."""
        if other.totals:
            self.totals = [merge(*self.totals, *other.totals)]
        for shown, (visits, opened) in other.screens.items():
            self._add_shown(shown, visits, opened)
        self.entries += other.entries

    @property
    def uses(self) -> list[ScreenUse]:
        return [ScreenUse(*shown, *self.screens[shown]) for shown in sorted(self.screens)]


def summed(hours: Mapping[FigureKey, Counts]) -> tuple[dict[FigureKey, Total], dict[FigureKey, list[ScreenUse]]]:
    """Return the totals and the uses of screens by hour and, added up, by day."""
    spans = defaultdict(Counts, hours)
    for key, counts in hours.items():
        spans[replace(key, span=DAY, start=day(key.start))].merge(counts)
    totals = {key: merge(*counts.totals) for key, counts in spans.items() if counts.totals}
    return totals, {key: counts.uses for key, counts in spans.items() if counts.screens}
