"""Add up what parcels counted, by gateway, hour and community."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from central_server.statistics.event_times import day
from central_server.statistics.plausibility import plausible, plausible_touches
from central_server.store.statistics.figures import DAY, FigureKey
from central_server.store.statistics.screen_figures import ScreenUse
from sync_contract.records import BeaconStatistics, Door, Parcel, ScreenStatistics
from sync_contract.statistics import NOTHING, Total, merge, sum_periods

_NOTHING_SHOWN = ("", "", Door.touch.value)
_Shown = tuple[str, str, str]
"""Project and beacon, empty for none, and door."""


@dataclass(slots=True)
class Counts:
    """The counts of some parcels. `periods`: each with whether its time is known, not yet in `summed`.

    `entries`: how many beacons, classes, screens and parcels were added.
    """

    summed: Total = NOTHING
    periods: list[tuple[BeaconStatistics, bool]] = field(default_factory=list)
    screens: dict[_Shown, tuple[int, int]] = field(default_factory=dict)
    entries: int = 0

    def add(self, parcel: Parcel, *, sure: bool) -> None:
        """Add the parcel's counts; none if they are implausible. `sure`: when it happened is known."""
        body = parcel.body
        if isinstance(body, BeaconStatistics):
            if plausible(body):
                self.periods.append((body, sure))
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

    def add_screens(self, screens: Mapping[_Shown, tuple[int, int]]) -> None:
        for shown, (visits, opened) in screens.items():
            self._add_shown(shown, visits, opened)

    def _add_shown(self, shown: _Shown, visits: int, opened: int) -> None:
        before = self.screens.get(shown, (0, 0))
        self.screens[shown] = (before[0] + visits, before[1] + opened)

    def merge(self, other: "Counts") -> None:
        """Add the counts of other parcels."""
        self.summed = merge(self.total(), other.total())
        self.add_screens(other.screens)
        self.entries += other.entries

    def total(self) -> Total:
        """Return the total of all periods. This takes time when many were added since the last call."""
        if self.periods:
            new, self.periods = sum_periods(self.periods), []
            self.summed = new if self.summed is NOTHING else merge(self.summed, new)
        return self.summed

    @property
    def uses(self) -> list[ScreenUse]:
        return [ScreenUse(*shown, *self.screens[shown]) for shown in sorted(self.screens)]


def summed(hours: Mapping[FigureKey, Counts]) -> tuple[dict[FigureKey, Total], dict[FigureKey, list[ScreenUse]]]:
    """Return the totals and the uses of screens by hour and, added up, by day."""
    totals = {key: total for key, counts in hours.items() if (total := counts.total()) is not NOTHING}
    of_days: defaultdict[FigureKey, list[FigureKey]] = defaultdict(list)
    for key in hours:
        of_days[replace(key, span=DAY, start=day(key.start))].append(key)
    uses = {key: counts.uses for key, counts in hours.items() if counts.screens}
    for of_day, keys in of_days.items():
        if found := [totals[key] for key in keys if key in totals]:
            totals[of_day] = merge(*found)
        screens = Counts()
        for key in keys:
            screens.add_screens(hours[key].screens)
        if screens.screens:
            uses[of_day] = screens.uses
    return totals, uses
