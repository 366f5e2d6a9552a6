"""The project to show. People outrank places; then the nearest, with a margin, held for a while."""

from collections.abc import Mapping
from dataclasses import dataclass

from beacon_gateway.presence.rules import ChoiceRules
from beacon_gateway.presence.tracker import Visit
from sync_contract.beacon import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import Door


@dataclass(frozen=True, slots=True)
class Chosen:
    """`project` None: nobody is near, the attract page.

    `beacon` is a place beacon or None: a person's tag never leaves this package, since what is chosen goes to
    disk and wire with the intent. A place beacon is fixed and tells of nobody, so its door is touch.
    """

    project: str | None
    beacon: BeaconId | None
    door: Door
    reason: str


class Choice:
    """Call `update` after each event and on each tick; it gives the same Chosen until another one is due."""

    def __init__(self, rules: ChoiceRules) -> None:
        self._rules = rules
        self._holder: Visit | None = None
        self._near_at = 0.0
        self._led_since: float | None = None
        self.chosen = Chosen(None, None, Door.touch, "nothing is near")

    def update(self, now: float, visits: Mapping[BeaconId, Visit], bindings: Mapping[BeaconId, str]) -> Chosen:
        """`now`: monotonic seconds. A beacon without binding brings the project of its own entry, if any."""
        candidates = {id_: visit for id_, visit in visits.items() if visit.near and _project(visit, bindings)}
        best = max(candidates.values(), key=_rank, default=None)
        holder = self._holder
        if holder is None:
            if best is not None:
                self._take(now, best, bindings, "nothing else is near")
        elif best is not None and _is_person(best) and not _is_person(holder):
            self._take(now, best, bindings, "a person's tag outranks a place beacon")
        elif (here := candidates.get(holder.beacon.id)) is not None:
            self._defend(now, here, best or here, bindings)
        elif now - self._near_at >= self._rules.hold_s:
            gone = f"the beacon before it has not been near for {now - self._near_at:.1f} s"
            if best is None:
                self._holder, self.chosen = None, Chosen(None, None, Door.touch, f"nothing is near: {gone}")
            else:
                self._take(now, best, bindings, gone)
        return self.chosen

    def _defend(self, now: float, here: Visit, best: Visit, bindings: Mapping[BeaconId, str]) -> None:
        self._holder, self._near_at = here, now
        margin_db = self._rules.margin_db
        if _level(best) <= _level(here) + margin_db:
            self._led_since = None
        else:
            self._led_since = now if self._led_since is None else self._led_since
            if (led_s := now - self._led_since) >= self._rules.hold_s:
                self._take(now, best, bindings, f"nearer by more than {margin_db:g} dB for {led_s:.1f} s")
                return
        if _project(here, bindings) != self.chosen.project:
            self._take(now, here, bindings, "it now brings another project")

    def _take(self, now: float, visit: Visit, bindings: Mapping[BeaconId, str], because: str) -> None:
        self._holder, self._near_at, self._led_since = visit, now, None
        person, beacon = _is_person(visit), visit.beacon
        who = f"tag of class {beacon.tag_class or 'unnamed'}" if person else f"place beacon {beacon.label}"
        where = "distance unknown" if visit.distance_m is None else f"about {visit.distance_m:.1f} m"
        self.chosen = Chosen(
            _project(visit, bindings),
            None if person else beacon.id,
            Door.tag if person else Door.touch,
            f"{who}, zone {visit.zone}, {where}: {because}",
        )


def _project(visit: Visit, bindings: Mapping[BeaconId, str]) -> str | None:
    return bindings.get(visit.beacon.id, visit.beacon.project)


def _is_person(visit: Visit) -> bool:
    return visit.beacon.kind is BeaconKind.person


def _level(visit: Visit) -> float:
    return float("-inf") if visit.level_db is None else visit.level_db


def _rank(visit: Visit) -> tuple[bool, float, BeaconId]:
    """The identity last: it settles ties the same way every time."""
    return _is_person(visit), _level(visit), visit.beacon.id
