"""The project to show. People outrank places; then the nearest, with a margin, held for a while.

Beacons that are about equally near are told apart by their projects' priority, then by need, then by level, and
last by identity, so that a tie is settled the same way every time. Strangers never come here; a cloned beacon
changes nothing: it takes no screen, and ends no scene.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from beacon_gateway.presence.presence_rules import ChoiceRules
from beacon_gateway.presence.project_selection import Circumstances, Pick, ProjectRules, brought
from beacon_gateway.presence.visit import Visit
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import Door

_PLAIN = Circumstances()


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


@dataclass(frozen=True, slots=True)
class _Candidate:
    visit: Visit
    pick: Pick

    @property
    def id(self) -> BeaconId:
        return self.visit.beacon.id

    @property
    def person(self) -> bool:
        return self.visit.beacon.kind is BeaconKind.person

    @property
    def level(self) -> float:
        return float("-inf") if self.visit.level_db is None else self.visit.level_db


class Choice:
    """Call `update` after each event and on each tick; it gives the same Chosen until another one is due.

    `circumstances` is asked at each update, with its time.
    """

    def __init__(
        self,
        rules: ChoiceRules,
        projects: ProjectRules | None = None,
        circumstances: Callable[[float], Circumstances] = lambda _now: _PLAIN,
    ) -> None:
        self._rules = rules
        self._projects = projects or ProjectRules()
        self._circumstances = circumstances
        self._holder: _Candidate | None = None
        self._near_at = 0.0
        self._led_since: float | None = None
        self.chosen = Chosen(None, None, Door.touch, "nothing is near")
        self.held = ""
        """Why nothing may take over at all just now; empty when something may."""

    def update(self, now: float, visits: Mapping[BeaconId, Visit], bindings: Mapping[BeaconId, str]) -> Chosen:
        """`now`: monotonic seconds. A beacon without binding brings the project of its own entry, if any."""
        around = self._circumstances(now)
        self.held = "somebody is giving" if around.giving else ""
        if around.giving:
            self._near_at, self._led_since = now, None
            return self.chosen
        candidates = self._candidates(visits, bindings, around)
        best = self._best(candidates)
        holder = self._holder
        if holder is None:
            if best is not None:
                self._take(now, best, self._why_nearest(best, candidates))
        elif best is not None and best.person and not holder.person:
            self._take(now, best, "a person's tag outranks a place beacon")
        elif (here := candidates.get(holder.id)) is not None:
            self._defend(now, here, best or here)
        elif best is None and holder.id in visits and (why := around.cloned.get(holder.id)):
            self._near_at, self.held = now, f"its beacon seems to be cloned: {why}"
        elif now - self._near_at >= self._rules.hold_s:
            gone = f"the beacon before it has not been near for {now - self._near_at:.1f} s{self._asked}"
            if best is None:
                self._holder, self.chosen = None, Chosen(None, None, Door.touch, f"nothing is near: {gone}")
            else:
                self._take(now, best, gone)
        return self.chosen

    def _candidates(
        self, visits: Mapping[BeaconId, Visit], bindings: Mapping[BeaconId, str], around: Circumstances
    ) -> dict[BeaconId, _Candidate]:
        found: dict[BeaconId, _Candidate] = {}
        for id_, visit in visits.items():
            if visit.beacon.own or not visit.near or id_ in around.cloned:
                continue
            projects = self._projects.of(id_, bindings.get(id_, visit.beacon.project))
            shown = self.chosen.project if self._holder and self._holder.id == id_ else None
            picked = brought(visit.beacon, projects, visit.zone, around, self._projects, shown)
            if picked is not None:
                found[id_] = _Candidate(visit, picked)
        return found

    def _best(self, candidates: Mapping[BeaconId, _Candidate]) -> _Candidate | None:
        """Of the people, else of the places: of those about as near as the nearest, the one that goes first."""
        best = [each for each in candidates.values() if each.person] or [*candidates.values()]
        if not best:
            return None
        nearest = max(each.level for each in best)
        about = [each for each in best if each.level >= nearest - self._equal_db]
        return max(about, key=lambda each: (each.pick.priority, each.pick.need, each.level, each.id))

    @property
    def _asked(self) -> str:
        return f" ({self._rules.hold_s:g} s asked)"

    @property
    def _equal_db(self) -> float:
        """Half of the margin: who took over by priority is not at once too far behind to keep it."""
        return self._rules.margin_db / 2

    def _defend(self, now: float, here: _Candidate, best: _Candidate) -> None:
        self._holder, self._near_at = here, now
        margin_db = self._rules.margin_db
        if best.level > here.level + margin_db:
            by = f"{best.level - here.level:.1f} dB, " if here.visit.level_db is not None else ""
            why = f"nearer by {by}more than {margin_db:g} dB"
        elif best.pick.priority > here.pick.priority and best.level >= here.level - self._equal_db:
            why = f"priority {best.pick.priority} against {here.pick.priority}, and about as near"
        else:
            why, self._led_since = "", None
        if why:
            self._led_since = now if self._led_since is None else self._led_since
            if (led_s := now - self._led_since) >= self._rules.hold_s:
                self._take(now, best, f"{why} for {led_s:.1f} s{self._asked}")
                return
        if here.pick.project != self.chosen.project:
            self._take(now, here, "it now brings another project")

    def _why_nearest(self, best: _Candidate, candidates: Mapping[BeaconId, _Candidate]) -> str:
        others = [each for each in candidates.values() if each.id != best.id and each.person == best.person]
        if not others:
            return "nothing else is near" if len(candidates) == 1 else "a person's tag outranks a place beacon"
        next_ = max(others, key=lambda each: each.level)
        if best.level - self._equal_db > next_.level:
            behind = "none of the others has an RSSI"
            if next_.visit.level_db is not None:
                behind = f"the next is {best.level - next_.level:.1f} dB behind"
            return f"nearest of {len(others) + 1}: {behind}"
        rank = max(others, key=lambda each: (each.pick.priority, each.pick.need, each.level, each.id)).pick
        about = f"of {len(others) + 1} about equally near"
        if best.pick.priority > rank.priority:
            return f"priority {best.pick.priority} against {rank.priority}, {about}"
        if best.pick.need > rank.need:
            return f"need {best.pick.need:g} against {rank.need:g}, {about}"
        return f"nearest, by level and then by identity, {about}"

    def _take(self, now: float, candidate: _Candidate, because: str) -> None:
        self._holder, self._near_at, self._led_since = candidate, now, None
        visit, beacon = candidate.visit, candidate.visit.beacon
        who = f"tag of class {beacon.tag_class or 'unnamed'}" if candidate.person else f"place beacon {beacon.label}"
        # smoothed, so it lags behind the zone and may not fit it yet
        where = "distance unknown" if visit.distance_m is None else f"smoothed distance {visit.distance_m:.1f} m (lags)"
        why = f"; {candidate.pick.why}" if candidate.pick.why else ""
        self.chosen = Chosen(
            candidate.pick.project,
            None if candidate.person else beacon.id,
            Door.tag if candidate.person else Door.touch,
            f"{who}, zone {visit.zone}, {where}: {because}{why}",
        )
