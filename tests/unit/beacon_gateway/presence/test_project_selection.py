"""Tests of the selection among a beacon's projects and among beacons equally near."""

import random
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.model.beacons import Beacon, Zone
from beacon_gateway.model.reasons import (
    ChoiceCause,
    CloneSuspected,
    DonationInProgress,
    EqualByLevel,
    EqualByNeed,
    EqualByPriority,
    LeadByPriority,
    Nearest,
    NearestByRssi,
    OwnIdentityHeard,
    ScreenLock,
)
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import Circumstances, Hours, ProjectRule, ProjectRules, select_project
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.visit_state import Visit
from beacon_gateway.presence.visit_tracker import Tracker
from sync_contract.beacon_identity import BeaconId
from sync_contract.project_rules import GreatestNeed, HighestPriority, ListedFirst, OnlyOpen, PickReason
from tests.unit.beacon_gateway.presence.people import cause, chosen_by, frame, person, place, visit_of

NOON, NIGHT = Hours(time(10), time(13, 30)), Hours(time(22), time(6))
LUNCH, BOOKS, WARM = "lunch", "books", "warm"
ALL = (LUNCH, BOOKS, WARM)
EAST, WEST, CARD = place(1, LUNCH), place(2, BOOKS), person(1, project=WARM)
UNBOUND: dict[BeaconId, str] = {}


def rules(**by_project: ProjectRule) -> ProjectRules:
    return ProjectRules({EAST.id: ALL}, by_project)


def near(*seen: tuple[Beacon, float | None], at: float = 0.0) -> dict[BeaconId, Visit]:
    return {beacon.id: visit_of(beacon, level, at=at) for beacon, level in seen}


class FakeCircumstances:
    def __init__(self, now: Circumstances | None = None) -> None:
        self.now = now or Circumstances()

    def __call__(self, _now: float) -> Circumstances:
        return self.now


@pytest.mark.parametrize(
    ("hours", "local", "hold"),
    [
        (NOON, time(9, 59), False),
        (NOON, time(10), True),
        (NOON, time(13, 29, 59), True),
        (NOON, time(13, 30), False),
        (NIGHT, time(23), True),
        (NIGHT, time(5, 59), True),
        (NIGHT, time(6), False),
        (NIGHT, time(12), False),
    ],
)
def test_hours_include_the_first_minute_exclude_the_last_and_may_pass_midnight(
    hours: Hours, local: time, hold: bool
) -> None:
    assert hours.hold(local) is hold


@pytest.mark.parametrize(
    ("by_project", "now", "project", "reason"),
    [
        ({}, Circumstances(), LUNCH, ListedFirst(3)),
        ({WARM: ProjectRule(2)}, Circumstances(), WARM, HighestPriority(2, 0)),
        ({}, Circumstances(need={BOOKS: 4.5, WARM: 1}), BOOKS, GreatestNeed(4.5, 1)),
        ({LUNCH: ProjectRule(9, (NOON,))}, Circumstances(local=time(12)), LUNCH, HighestPriority(9, 0)),
        (
            {LUNCH: ProjectRule(0, (NOON,)), WARM: ProjectRule(0, (NIGHT,))},
            Circumstances(local=time(20)),
            BOOKS,
            OnlyOpen(3, time(20)),
        ),
    ],
)
def test_the_hour_then_priority_then_need_then_the_order_decide(
    by_project: dict[str, ProjectRule], now: Circumstances, project: str, reason: PickReason
) -> None:
    picked = select_project(EAST, ALL, Zone.near, now, rules(**by_project), None)
    assert picked is not None
    assert (picked.project, picked.reason) == (project, reason)


def test_outside_all_hours_the_beacon_shows_nothing() -> None:
    closed = rules(lunch=ProjectRule(0, (NOON,)), books=ProjectRule(0, (NOON,)), warm=ProjectRule(0, (NOON,)))
    choice = Choice(ChoiceRules(), closed, FakeCircumstances(Circumstances(local=time(20))))
    assert choice.update(0, near((EAST, 0.0)), UNBOUND).project is None


@given(st.permutations(ALL), st.dictionaries(st.sampled_from(ALL), st.integers(-3, 3)))
def test_the_shown_project_stays_when_needs_change(order: list[str], need: dict[str, int]) -> None:
    now = Circumstances(need={name: float(value) for name, value in need.items()})
    picked = select_project(EAST, order, Zone.near, now, rules(), BOOKS)
    assert picked is not None
    assert picked.project == BOOKS


def test_a_binding_to_another_project_replaces_the_list() -> None:
    choice = Choice(ChoiceRules(), rules())
    assert choice.update(0, near((EAST, 0.0)), {EAST.id: "garden"}).project == "garden"
    assert rules().of(EAST.id, LUNCH) == ALL
    assert rules().of(WEST.id, None) == ()


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (near((EAST, 0.0), (WEST, -10.0)), Nearest(2, 10.0)),
        (near((EAST, 0.0), (WEST, -1.0)), EqualByPriority(2, 2, 0)),
        (near((EAST, 0.0), (WEST, None)), NearestByRssi(2)),
        (near((WEST, -1.0), (place(3, LUNCH), -1.0)), EqualByLevel(2)),
    ],
)
def test_the_cause_of_a_first_choice_has_its_numbers(seen: dict[BeaconId, Visit], expected: ChoiceCause) -> None:
    assert cause(Choice(ChoiceRules(), rules(warm=ProjectRule(2))).update(0, seen, UNBOUND)) == expected


def test_the_reason_contains_the_selection_of_the_project() -> None:
    choice = Choice(ChoiceRules(), rules(warm=ProjectRule(2)))
    assert chosen_by(choice.update(0, near((EAST, 0.0)), UNBOUND)).selection == HighestPriority(2, 0)


def test_of_two_about_equally_near_the_greater_need_is_shown() -> None:
    choice = Choice(ChoiceRules(), ProjectRules(), FakeCircumstances(Circumstances(need={LUNCH: 3.0})))
    chosen = choice.update(0, near((EAST, -1.0), (WEST, 0.0)), UNBOUND)
    assert (chosen.project, cause(chosen)) == (LUNCH, EqualByNeed(2, 3, 0))


def test_a_higher_priority_about_as_near_takes_over_after_the_hold_and_keeps_it_within_the_margin() -> None:
    choice = Choice(ChoiceRules(hold_s=3, margin_db=6), ProjectRules({}, {BOOKS: ProjectRule(5)}))
    assert choice.update(0, near((EAST, 0.0)), UNBOUND).project == LUNCH
    for now in range(1, 3):
        assert choice.update(now, near((EAST, 0.0), (WEST, 1.0), at=now), UNBOUND).project == LUNCH
    chosen = choice.update(3, near((EAST, 0.0), (WEST, 1.0), at=3), UNBOUND)
    assert chosen.project == BOOKS
    assert cause(chosen) == LeadByPriority(5, 0, 3, 3)
    for now in range(4, 60):
        assert choice.update(now, near((EAST, 0.0), (WEST, -5.9), at=now), UNBOUND).project == BOOKS
    shown = [choice.update(now, near((EAST, 0.0), (WEST, -12.0), at=now), UNBOUND).project for now in range(60, 90)]
    assert shown[-1] == LUNCH


def test_a_higher_priority_far_behind_does_not_take_over() -> None:
    choice = Choice(ChoiceRules(hold_s=0), ProjectRules({}, {BOOKS: ProjectRule(5)}))
    choice.update(0, near((EAST, 0.0)), UNBOUND)
    for now in range(1, 20):
        assert choice.update(now, near((EAST, 0.0), (WEST, -3.1), at=now), UNBOUND).project == LUNCH


def test_during_a_donation_nothing_takes_over_not_even_a_person() -> None:
    around = FakeCircumstances()
    choice = Choice(ChoiceRules(hold_s=3), ProjectRules(), around)
    before = choice.update(0, near((EAST, 0.0)), UNBOUND)
    around.now = Circumstances(donation_in_progress=True)
    assert choice.update(1, near((CARD, 9.0)), UNBOUND) is before
    assert choice.update(500, {}, UNBOUND) is before
    lock: ScreenLock | None = choice.screen_lock
    assert lock == DonationInProgress()
    around.now = Circumstances()
    assert choice.update(502.9, {}, UNBOUND) is before
    assert choice.screen_lock is None
    assert choice.update(503, {}, UNBOUND).project is None


def test_a_cloned_beacon_neither_takes_the_screen_nor_ends_its_scene() -> None:
    around = FakeCircumstances(Circumstances(cloned={EAST.id: OwnIdentityHeard()}))
    choice = Choice(ChoiceRules(hold_s=3), ProjectRules(), around)
    assert choice.update(0, near((EAST, 0.0)), UNBOUND).project is None
    around.now = Circumstances()
    shown = choice.update(1, near((EAST, 0.0)), UNBOUND)
    around.now = Circumstances(cloned={EAST.id: OwnIdentityHeard()})
    for now in range(2, 60):
        assert choice.update(now, near((EAST, 0.0)), UNBOUND) is shown
    assert choice.screen_lock == CloneSuspected(OwnIdentityHeard())
    assert choice.update(63, near((EAST, 0.0), (WEST, -20.0)), UNBOUND).project == BOOKS


@given(st.permutations([(place(n, f"p{n}"), -3.0) for n in range(5)]))
def test_a_tie_has_the_same_result_in_every_order(order: list[tuple[Beacon, float]]) -> None:
    assert Choice(ChoiceRules()).update(0, near(*order), UNBOUND).project == "p4"


@pytest.mark.parametrize("seed", range(3))
def test_a_clone_across_the_hall_changes_no_page_and_is_reported(seed: int) -> None:
    """Our wall tag is at 2 m; a clone sends its identity, and a card's, from 15 m away, equally often."""
    draw, wall = random.Random(seed), place(1, LUNCH)
    collector, tracker = Collector([wall, CARD], interval_ms={wall.id: 100}), Tracker([wall, CARD], PresenceRules())
    now = 0.0
    choice = Choice(ChoiceRules(), ProjectRules(), lambda at: Circumstances(cloned=collector.cloned(at)))
    shown: list[str | None] = []
    for number in range(6000):
        now = number // 2 / 10 + number % 2 * 0.03  # the clone sends 30 ms after it
        if number % 2 and now < 20:
            continue
        level = -63 if number % 2 == 0 else -92
        for beacon, rssi in ((wall, level), (CARD, -95 if number % 2 else -90)):
            sighting = frame(beacon, round(draw.gauss(rssi, 3)), now)
            collector.add_frame(sighting)
            tracker.hear(sighting)
        project = choice.update(now, tracker.visits, UNBOUND).project
        if not shown or shown[-1] != project:
            shown.append(project)
    assert shown == [None, LUNCH]
    figures = collector.describe(now)
    assert figures["cloned"] == 1
    assert list(figures["cloned_places"]) == [str(wall.id)]  # type: ignore[call-overload]  # a mapping
