"""Which of a beacon's projects, and which of beacons equally near."""

import random
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.model.beacons import Beacon, Zone
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import Circumstances, Hours, ProjectRule, ProjectRules, pick
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.tracker import Tracker
from beacon_gateway.presence.visit import Visit
from sync_contract.beacon_identity import BeaconId
from tests.unit.beacon_gateway.presence.people import frame, person, place

NOON, NIGHT = Hours(time(10), time(13, 30)), Hours(time(22), time(6))
LUNCH, BOOKS, WARM = "lunch", "books", "warm"
ALL = (LUNCH, BOOKS, WARM)
EAST, WEST, CARD = place(1, LUNCH), place(2, BOOKS), person(1, project=WARM)
UNBOUND: dict[BeaconId, str] = {}


def rules(**by_project: ProjectRule) -> ProjectRules:
    return ProjectRules({EAST.id: ALL}, by_project)


def here(*seen: tuple[Beacon, float | None]) -> dict[BeaconId, Visit]:
    return {beacon.id: Visit(beacon, Zone.near, 0, 0, 0, level, None, True) for beacon, level in seen}


class Around:
    """What the daemon tells, as a test sets it."""

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
def test_hours_begin_with_the_first_minute_end_before_the_last_and_pass_midnight(
    hours: Hours, local: time, hold: bool
) -> None:
    assert hours.hold(local) is hold


@pytest.mark.parametrize(
    ("by_project", "now", "project", "why"),
    [
        ({}, Circumstances(), LUNCH, "lunch is listed first of 3 alike"),
        ({WARM: ProjectRule(2)}, Circumstances(), WARM, "warm has priority 2 against 0"),
        ({}, Circumstances(need={BOOKS: 4.5, WARM: 1}), BOOKS, "books needs 4.5 against 1"),
        ({WARM: ProjectRule(2)}, Circumstances(need={BOOKS: 4}), WARM, "warm has priority 2 against 0"),
        ({LUNCH: ProjectRule(9, (NOON,))}, Circumstances(local=time(20)), BOOKS, "books is listed first of 2 alike"),
        ({LUNCH: ProjectRule(9, (NOON,))}, Circumstances(local=time(12)), LUNCH, "lunch has priority 9 against 0"),
        ({LUNCH: ProjectRule(9, (NOON,))}, Circumstances(), LUNCH, "lunch has priority 9 against 0"),
        (
            {LUNCH: ProjectRule(0, (NOON,)), WARM: ProjectRule(0, (NIGHT,))},
            Circumstances(local=time(20)),
            BOOKS,
            "books is the only one of 3 at 20:00",
        ),
    ],
)
def test_the_hour_then_priority_then_need_then_the_order_decide(
    by_project: dict[str, ProjectRule], now: Circumstances, project: str, why: str
) -> None:
    picked = pick(ALL, rules(**by_project), now, None)
    assert picked is not None
    assert (picked.project, picked.why) == (project, why)


def test_out_of_all_hours_the_beacon_brings_nothing() -> None:
    closed = rules(lunch=ProjectRule(0, (NOON,)), books=ProjectRule(0, (NOON,)), warm=ProjectRule(0, (NOON,)))
    choice = Choice(ChoiceRules(), closed, Around(Circumstances(local=time(20))))
    assert choice.update(0, here((EAST, 0.0)), UNBOUND).project is None


@given(st.permutations(ALL), st.dictionaries(st.sampled_from(ALL), st.integers(-3, 3)))
def test_the_one_shown_stays_whatever_the_needs_become(order: list[str], need: dict[str, int]) -> None:
    picked = pick(order, rules(), Circumstances(need={name: float(value) for name, value in need.items()}), BOOKS)
    assert picked is not None
    assert picked.project == BOOKS


def test_a_binding_to_another_project_stands_alone() -> None:
    choice = Choice(ChoiceRules(), rules())
    assert choice.update(0, here((EAST, 0.0)), {EAST.id: "garden"}).project == "garden"
    assert rules().of(EAST.id, LUNCH) == ALL
    assert rules().of(WEST.id, None) == ()


def test_the_reason_names_the_rule_and_its_numbers() -> None:
    choice = Choice(ChoiceRules(), rules(warm=ProjectRule(2)))
    chosen = choice.update(0, here((EAST, 0.0)), UNBOUND)
    assert chosen.reason.endswith("nothing else is near; warm has priority 2 against 0")
    for seen, says in (
        (here((EAST, 0.0), (WEST, -10.0)), "nearest of 2: the next is 10.0 dB behind"),
        (here((EAST, 0.0), (WEST, -1.0)), "priority 2 against 0, of 2 about equally near"),
        (here((EAST, 0.0), (WEST, None)), "nearest of 2: none of the others has an RSSI"),
        (
            here((WEST, -1.0), (place(3, LUNCH), -1.0)),
            "nearest, by level and then by identity, of 2 about equally near",
        ),
    ):
        assert says in Choice(ChoiceRules(), rules(warm=ProjectRule(2))).update(0, seen, UNBOUND).reason
    needy = Choice(ChoiceRules(), ProjectRules(), Around(Circumstances(need={LUNCH: 3.0})))
    chosen = needy.update(0, here((EAST, -1.0), (WEST, 0.0)), UNBOUND)
    assert chosen.project == LUNCH
    assert "need 3 against 0, of 2 about equally near" in chosen.reason


def test_a_higher_priority_about_as_near_takes_over_after_the_hold_and_keeps_it_within_the_margin() -> None:
    choice = Choice(ChoiceRules(hold_s=3, margin_db=6), ProjectRules({}, {BOOKS: ProjectRule(5)}))
    assert choice.update(0, here((EAST, 0.0)), UNBOUND).project == LUNCH
    assert choice.update(1, here((EAST, 0.0), (WEST, -2.9)), UNBOUND).project == LUNCH
    chosen = choice.update(4, here((EAST, 0.0), (WEST, -2.9)), UNBOUND)
    assert chosen.project == BOOKS
    assert "priority 5 against 0, and about as near for 3.0 s" in chosen.reason
    for now in range(5, 60):
        assert choice.update(now, here((EAST, 0.0), (WEST, -5.9)), UNBOUND).project == BOOKS
    choice.update(60, here((EAST, 0.0), (WEST, -6.1)), UNBOUND)
    assert choice.update(63, here((EAST, 0.0), (WEST, -6.1)), UNBOUND).project == LUNCH


def test_a_higher_priority_far_behind_does_not_take_over() -> None:
    choice = Choice(ChoiceRules(hold_s=0), ProjectRules({}, {BOOKS: ProjectRule(5)}))
    choice.update(0, here((EAST, 0.0)), UNBOUND)
    for now in range(1, 20):
        assert choice.update(now, here((EAST, 0.0), (WEST, -3.1)), UNBOUND).project == LUNCH


def test_while_somebody_is_giving_nothing_takes_over_not_even_a_person() -> None:
    around = Around()
    choice = Choice(ChoiceRules(hold_s=3), ProjectRules(), around)
    before = choice.update(0, here((EAST, 0.0)), UNBOUND)
    around.now = Circumstances(giving=True)
    assert choice.update(1, here((CARD, 9.0)), UNBOUND) is before
    assert choice.update(500, {}, UNBOUND) is before
    assert choice.held == "somebody is giving"
    around.now = Circumstances()
    assert choice.update(502.9, {}, UNBOUND) is before
    assert choice.held == ""
    assert choice.update(503, {}, UNBOUND).project is None


def test_a_cloned_beacon_takes_no_screen_and_ends_no_scene() -> None:
    around = Around(Circumstances(cloned={EAST.id: "RSSI jumped"}))
    choice = Choice(ChoiceRules(hold_s=3), ProjectRules(), around)
    assert choice.update(0, here((EAST, 0.0)), UNBOUND).project is None
    around.now = Circumstances()
    shown = choice.update(1, here((EAST, 0.0)), UNBOUND)
    around.now = Circumstances(cloned={EAST.id: "RSSI jumped"})
    for now in range(2, 60):
        assert choice.update(now, here((EAST, 0.0)), UNBOUND) is shown
    assert "cloned: RSSI jumped" in choice.held
    assert choice.update(63, here((EAST, 0.0), (WEST, -20.0)), UNBOUND).project == BOOKS


@given(st.permutations([(place(n, f"p{n}"), -3.0) for n in range(5)]))
def test_a_tie_is_settled_the_same_way_in_every_order(order: list[tuple[Beacon, float]]) -> None:
    assert Choice(ChoiceRules()).update(0, here(*order), UNBOUND).project == "p4"


@pytest.mark.parametrize("seed", range(3))
def test_a_spoof_from_across_the_hall_turns_no_page_and_is_reported(seed: int) -> None:
    """Our wall tag at 2 m; somebody sends its identity, and a card's, from 15 m away, as often."""
    draw, wall = random.Random(seed), place(1, LUNCH)
    collector, tracker = Collector([wall, CARD], interval_ms={wall.id: 100}), Tracker([wall, CARD], PresenceRules())
    now = 0.0
    choice = Choice(ChoiceRules(), ProjectRules(), lambda at: Circumstances(cloned=collector.cloned(at)))
    shown: list[str | None] = []
    for number in range(6000):
        now = number / 20
        level = -63 if number % 2 == 0 or now < 20 else -92
        for beacon, rssi in ((wall, level), (CARD, -95 if number % 2 else -90)):
            sighting = frame(beacon, round(draw.gauss(rssi, 3)), now)
            collector.heard(sighting)
            tracker.hear(sighting)
        project = choice.update(now, tracker.visits, UNBOUND).project
        if not shown or shown[-1] != project:
            shown.append(project)
    assert shown == [None, LUNCH]
    told = collector.describe(now)
    assert told["cloned"] == 1
    assert list(told["cloned_places"]) == [str(wall.id)]  # type: ignore[call-overload]  # a mapping
