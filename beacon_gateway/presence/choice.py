"""Choose the project to show: people before places, then the nearest beacon, changed on evidence (`takeover.py`).

Candidates that are about equally near are ordered by project priority, need, level and identity, so a tie has one
result. A beacon whose identity seems to be cloned is no candidate; while it is the shown one, the scene stays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

from beacon_gateway.model.reasons import (
    BeaconChosen,
    ChoiceCause,
    CloneSuspected,
    DonationInProgress,
    EqualByLevel,
    EqualByNeed,
    EqualByPriority,
    LeadByLevel,
    LeadByPriority,
    LeadByRssi,
    Nearest,
    NearestByRssi,
    NothingNear,
    OnlyOneNear,
    PersonFirst,
    PreviousGone,
    ProjectChanged,
    ScreenLock,
    ScreenReason,
)
from beacon_gateway.presence.presence_rules import ChoiceRules
from beacon_gateway.presence.project_selection import Circumstances, Pick, ProjectRules, select_project
from beacon_gateway.presence.takeover import Takeover
from beacon_gateway.presence.visit_state import Visit
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.records import Door

PERSON_SHARE = 0.4
"""A person's tag takes over with this share of the evidence that a place beacon needs: people walk."""
_DEFAULT_CIRCUMSTANCES = Circumstances()


@dataclass(frozen=True, slots=True)
class Chosen:
    """`project` None: nothing is near; the kiosk shows the attract page.

    `beacon` is a place beacon or None. It is stored and sent with an intent, so a person's tag must not be in it. A
    place beacon is fixed and identifies no person, so its door is touch.
    """

    project: str | None
    beacon: BeaconId | None
    door: Door
    reason: ScreenReason


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

    @property
    def rank(self) -> tuple[int, float, float, BeaconId]:
        return (self.pick.priority, self.pick.need, self.level, self.id)


class Choice:
    """Call `update` after each event and on each tick; it returns the same Chosen object until the choice changes.

    `circumstances` is called with the time of each update.
    """

    def __init__(
        self,
        rules: ChoiceRules,
        projects: ProjectRules | None = None,
        circumstances: Callable[[float], Circumstances] = lambda _now: _DEFAULT_CIRCUMSTANCES,
    ) -> None:
        self._rules = rules
        self._projects = projects or ProjectRules()
        self._circumstances = circumstances
        self._holder: _Candidate | None = None
        self._near_at = 0.0
        self._takeover = Takeover(rules.margin_db)
        self.chosen = Chosen(None, None, Door.touch, NothingNear())
        self.screen_lock: ScreenLock | None = None
        """Why the choice cannot change now; None when it can."""

    def update(self, now: float, visits: Mapping[BeaconId, Visit], bindings: Mapping[BeaconId, str]) -> Chosen:
        """`now`: monotonic seconds. A beacon without binding selects the project of its own entry, if any."""
        around = self._circumstances(now)
        self._takeover.watch(now, visits)
        self.screen_lock = DonationInProgress() if around.donation_in_progress else None
        if around.donation_in_progress:
            self._near_at = now
            self._takeover.reset(now)
            return self.chosen
        candidates = self._candidates(visits, bindings, around)
        best = self._best(candidates)
        holder = self._holder
        if holder is None:
            if best is not None:
                self._take(now, best, self._cause_of_first(best, candidates))
        elif best is not None and best.person and not holder.person:
            self._take(now, best, PersonFirst())
        elif (current := candidates.get(holder.id)) is not None:
            self._defend(now, current, candidates, visits)
        elif best is None and holder.id in visits and (evidence := around.cloned.get(holder.id)):
            self._near_at, self.screen_lock = now, CloneSuspected(evidence)
        elif now - self._near_at >= self._rules.stay_s:
            gone = PreviousGone(now - self._near_at, self._rules.stay_s)
            if best is None:
                self._holder, self.chosen = None, Chosen(None, None, Door.touch, gone)
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
            picked = select_project(visit.beacon, projects, visit.zone, around, self._projects, shown)
            if picked is not None:
                found[id_] = _Candidate(visit, picked)
        return found

    def _best(self, candidates: Mapping[BeaconId, _Candidate]) -> _Candidate | None:
        """Return the first by rank of those about as near as the nearest person's tag, or else place beacon."""
        best = [each for each in candidates.values() if each.person] or [*candidates.values()]
        if not best:
            return None
        nearest = max(each.level for each in best)
        margin_db = self._rules.margin_db
        return max((each for each in best if each.level >= nearest - margin_db), key=lambda each: each.rank)

    def _defend(
        self,
        now: float,
        current: _Candidate,
        candidates: Mapping[BeaconId, _Candidate],
        visits: Mapping[BeaconId, Visit],
    ) -> None:
        """The shown beacon is still a candidate: it is replaced only on enough evidence of a nearer one."""
        self._holder, self._near_at = current, now
        others = [each for each in candidates.values() if each.id != current.id and each.person == current.person]
        priority = current.pick.priority
        self._takeover.update(
            now, current.visit, ((each.visit, each.pick.priority > priority) for each in others), visits
        )
        enough: dict[BeaconId, _Candidate] = {}
        for each in others:
            evidence_s = self._takeover.evidence_s(each.id)
            if evidence_s > 0 and evidence_s >= self._required_s(current, each, now):
                enough[each.id] = each
        if (best := self._best(enough)) is not None:
            self._take(now, best, self._cause_of_takeover(current, best, now))
        elif current.pick.project != self.chosen.project:
            self._take(now, current, ProjectChanged())

    def _required_s(self, holder: _Candidate, challenger: _Candidate, now: float) -> float:
        share = PERSON_SHARE if challenger.person else 1.0
        return self._rules.hold_s * share * self._takeover.required_share(holder.id, challenger.id, now)

    def _cause_of_takeover(self, holder: _Candidate, best: _Candidate, now: float) -> ChoiceCause:
        evidence_s, required_s = self._takeover.evidence_s(best.id), self._required_s(holder, best, now)
        ahead_db = self._takeover.ahead_db(best.id, holder.id)
        if best.pick.priority > holder.pick.priority and ahead_db <= self._rules.margin_db:
            return LeadByPriority(best.pick.priority, holder.pick.priority, evidence_s, required_s)
        if ahead_db == inf:
            return LeadByRssi(evidence_s, required_s)
        return LeadByLevel(ahead_db, evidence_s, required_s)

    def _cause_of_first(self, best: _Candidate, candidates: Mapping[BeaconId, _Candidate]) -> ChoiceCause:
        others = [each for each in candidates.values() if each.id != best.id and each.person == best.person]
        if not others:
            return OnlyOneNear() if len(candidates) == 1 else PersonFirst()
        of = len(others) + 1
        next_ = max(others, key=lambda each: each.level)
        if best.level - self._rules.margin_db > next_.level:
            return NearestByRssi(of) if next_.visit.level_db is None else Nearest(of, best.level - next_.level)
        other = max(others, key=lambda each: each.rank).pick
        if best.pick.priority > other.priority:
            return EqualByPriority(of, best.pick.priority, other.priority)
        if best.pick.need > other.need:
            return EqualByNeed(of, best.pick.need, other.need)
        return EqualByLevel(of)

    def _take(self, now: float, candidate: _Candidate, cause: ChoiceCause) -> None:
        if self._holder is not None and self._holder.id != candidate.id:
            self._takeover.note_change(self._holder.id, candidate.id, now)
        self._takeover.reset(now)
        self._holder, self._near_at = candidate, now
        visit, beacon, pick = candidate.visit, candidate.visit.beacon, candidate.pick
        name = (beacon.tag_class or "unnamed") if candidate.person else beacon.label
        self.chosen = Chosen(
            pick.project,
            None if candidate.person else beacon.id,
            Door.tag if candidate.person else Door.touch,
            BeaconChosen(candidate.person, name, visit.zone, visit.distance_m, cause, pick.project, pick.reason),
        )
