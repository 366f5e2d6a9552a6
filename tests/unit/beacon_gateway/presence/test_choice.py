"""Tests of the choice of the project to show, from visits."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beacon_gateway.model.beacons import Beacon, Zone
from beacon_gateway.model.reasons import BeaconChosen, OnlyOneNear
from beacon_gateway.presence.choice import Choice, Chosen
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.visit_state import Visit
from beacon_gateway.presence.visit_tracker import Tracker
from sync_contract.beacon_identity import BeaconId
from sync_contract.records import Door
from tests.unit.beacon_gateway.presence.people import chosen_by, frame, heard, person, place, visit_of, walked

EAST, WEST = place(1, "library"), place(2, "kitchen")
CARD = person(1, project="lunch")
RULES = ChoiceRules(hold_s=3.0, margin_db=6.0)
NOBODY: dict[BeaconId, Visit] = {}
UNBOUND: dict[BeaconId, str] = {}


def near(*seen: tuple[Beacon, float | None], is_near: bool = True) -> dict[BeaconId, Visit]:
    """Visits with the level of each; None is without RSSI."""
    return {
        beacon.id: visit_of(beacon, level, zone=Zone.unknown if level is None else Zone.near, near=is_near)
        for beacon, level in seen
    }


def shown_projects(choice: Choice, visits: Mapping[BeaconId, Visit], since: float, until: float) -> list[str | None]:
    """Return the projects shown from `since` to `until`, at four updates and frames a second, without repeats."""
    shown: list[str | None] = []
    for step in range(int((until - since) * 4) + 1):
        now = since + step / 4
        seen = {id_: visit._replace(last_heard=now) for id_, visit in visits.items()}
        project = choice.update(now, seen, UNBOUND).project
        if not shown or shown[-1] != project:
            shown.append(project)
    return shown


def test_without_a_near_beacon_the_attract_page_is_shown() -> None:
    choice = Choice(RULES)
    assert choice.update(0, NOBODY, UNBOUND).project is None
    assert choice.update(1, near((EAST, -5.0), is_near=False), UNBOUND).project is None


def test_a_near_place_beacon_shows_its_project_with_door_touch() -> None:
    chosen = Choice(RULES).update(0, near((EAST, -5.0)), UNBOUND)
    assert (chosen.project, chosen.beacon, chosen.door) == ("library", EAST.id, Door.touch)
    assert chosen.reason == BeaconChosen(False, "corner 1", Zone.near, None, OnlyOneNear(), "library", None)


def test_a_person_takes_precedence_over_a_louder_place_at_once() -> None:
    choice = Choice(RULES)
    choice.update(0, near((EAST, 5.0)), UNBOUND)
    chosen = choice.update(0.1, near((EAST, 5.0), (CARD, -10.0)), UNBOUND)
    assert (chosen.project, chosen.door) == ("lunch", Door.tag)


def test_a_choice_does_not_identify_a_persons_tag() -> None:
    chosen = Choice(RULES).update(0, near((CARD, 0.0)), UNBOUND)
    assert chosen.beacon is None
    assert CARD.label not in repr(chosen)
    assert repr(CARD.id) not in repr(chosen)
    assert chosen_by(chosen).name == "volunteer"


def test_a_binding_overrides_the_beacons_own_entry() -> None:
    assert Choice(RULES).update(0, near((EAST, -5.0)), {EAST.id: "garden"}).project == "garden"


def test_a_new_binding_of_the_shown_beacon_applies_at_once() -> None:
    choice = Choice(RULES)
    choice.update(0, near((EAST, -5.0)), UNBOUND)
    assert choice.update(0.1, near((EAST, -5.0)), {EAST.id: "garden"}).project == "garden"


def test_a_beacon_without_project_is_ignored() -> None:
    assert Choice(RULES).update(0, near((place(7), 9.0), (EAST, -9.0)), UNBOUND).project == "library"


def test_a_slightly_louder_beacon_does_not_take_over() -> None:
    choice = Choice(RULES)
    assert shown_projects(choice, near((EAST, -5.0), (WEST, -6.0)), 0, 5) == ["library"]
    assert shown_projects(choice, near((EAST, -5.0), (WEST, 1.0)), 5, 60) == ["library"]


def test_a_place_takes_over_after_clear_evidence_of_the_hold_time_which_a_short_fade_only_reduces() -> None:
    choice = Choice(RULES)
    shown_projects(choice, near((EAST, -5.0)), 0, 0.75)
    leads, fades = near((EAST, -5.0), (WEST, 8.0)), near((EAST, -5.0), (WEST, -6.0))
    assert shown_projects(choice, leads, 1, 3) == ["library"]
    assert shown_projects(choice, fades, 3.25, 4) == ["library"]
    assert shown_projects(choice, leads, 4.25, 6.75) == ["library", "kitchen"]


def test_a_nearer_person_takes_over_at_once_and_each_change_between_the_same_two_needs_more() -> None:
    choice, other = Choice(RULES), person(2, project="garden")
    first, second = near((CARD, -9.0), (other, 0.0)), near((CARD, 0.0), (other, -9.0))
    assert shown_projects(choice, near((CARD, -9.0)), 0, 60) == ["lunch"]
    since, waits = 60.25, []
    for shown, project in ((first, "garden"), (second, "lunch"), (first, "garden")):
        now = since
        while shown_projects(choice, shown, now, now)[0] != project:
            now += 0.25
        waits.append(now - since)
        since = now + 0.25
    assert waits[0] <= 3
    assert waits[0] < waits[1] < waits[2] < 60


def test_a_clock_that_was_set_back_makes_nobody_keep_the_screen() -> None:
    """Levels and changes from before are not later than now for hours."""
    choice, other = Choice(RULES), person(2, project="garden")
    there, nearer = near((CARD, 0.0), (other, -9.0)), near((CARD, -9.0), (other, 0.0))
    assert shown_projects(choice, there, 90_000, 90_060) == ["lunch"]
    assert shown_projects(choice, nearer, 10, 20) == ["lunch", "garden"]
    assert shown_projects(choice, there, 5, 30) == ["garden", "lunch"]


def test_who_just_came_as_near_as_the_one_who_stands_takes_the_screen_and_keeps_it() -> None:
    choice, newcomer = Choice(RULES), person(2, project="garden")
    shown_projects(choice, {CARD.id: visit_of(CARD, 0.0, zone=Zone.immediate)}, 0, 60)
    there, comes = (visit_of(each, 0.0, zone=Zone.immediate) for each in (CARD, newcomer))
    visits = {CARD.id: there, newcomer.id: comes._replace(in_zone_since=60.0)}
    assert shown_projects(choice, visits, 60.25, 600) == ["lunch", "garden"]
    assert shown_projects(choice, visits | {CARD.id: there._replace(in_zone_since=600.0)}, 600, 900) == ["garden"]


def test_a_project_stays_for_the_hold_time_after_its_beacon_was_near() -> None:
    choice = Choice(RULES)
    choice.update(0, near((CARD, 0.0)), UNBOUND)
    assert shown_projects(choice, near((EAST, 0.0)), 0.25, 2.75) == ["lunch"]
    assert shown_projects(choice, near((EAST, 0.0)), 3.0, 3.0) == ["library"]
    assert shown_projects(choice, NOBODY, 3.25, 5.75) == ["library"]
    assert shown_projects(choice, NOBODY, 6.0, 60) == [None]


def test_a_known_distance_takes_precedence_and_identity_decides_ties() -> None:
    assert Choice(RULES).update(0, near((EAST, None), (WEST, -9.0)), UNBOUND).project == "kitchen"
    for order in (near((EAST, None), (WEST, None)), near((WEST, None), (EAST, None))):
        choice = Choice(RULES)
        assert shown_projects(choice, order, 0, 30) == ["kitchen"]


def test_the_same_object_is_returned_until_the_choice_changes() -> None:
    choice = Choice(RULES)
    first = choice.update(0, near((EAST, -5.0)), UNBOUND)
    assert choice.update(9, near((EAST, -1.0)), UNBOUND) is first


def test_a_hold_time_of_zero_still_requires_the_margin() -> None:
    choice = Choice(ChoiceRules(hold_s=0.0, margin_db=6.0))
    assert shown_projects(choice, near((EAST, -5.0), (WEST, -9.0)), 0, 1) == ["library"]
    assert shown_projects(choice, near((EAST, -5.0), (WEST, 0.0)), 2, 9) == ["library"]
    assert shown_projects(choice, near((EAST, -5.0), (WEST, 2.0)), 10, 11) == ["kitchen"]


@pytest.mark.parametrize("seed", range(3))
def test_a_card_that_comes_and_leaves_changes_the_page_once_each_way(seed: int) -> None:
    tracker, choice = Tracker([CARD, EAST], PresenceRules()), Choice(RULES)
    shown: list[Chosen] = []
    for sighting in walked(CARD, "8m 20s; walk to 1m; stay 60s; leave 8m; stay 20s", seed=seed):
        tracker.hear(sighting)
        tracker.hear(frame(EAST, -62, sighting.at))
        chosen = choice.update(sighting.at, tracker.visits, UNBOUND)
        if not shown or shown[-1] is not chosen:
            shown.append(chosen)
    assert [chosen.project for chosen in shown] == [None, "library", "lunch", "library"]


def test_a_place_without_rssi_is_shown_if_the_rules_allow_it() -> None:
    tracker, choice = Tracker([EAST], PresenceRules(unknown_counts_as_near=True)), Choice(RULES)
    for sighting in heard(EAST, None, since=0, until=2):
        tracker.hear(sighting)
        assert choice.update(sighting.at, tracker.visits, UNBOUND).project == "library"
    for step in range(80):
        tracker.tick(2 + step / 4)
        choice.update(2 + step / 4, tracker.visits, UNBOUND)
    assert choice.chosen.project is None


levels = st.none() | st.floats(-60, 60)
rooms = st.dictionaries(st.sampled_from([EAST, WEST, CARD, person(2, project="lunch")]), levels)


@given(st.lists(st.tuples(st.floats(0, 2), rooms), max_size=40))
def test_only_a_person_may_shorten_the_hold_time(steps: list[tuple[float, dict[Beacon, float | None]]]) -> None:
    choice, now, changed = Choice(RULES), 0.0, float("-inf")
    before = choice.chosen
    for seconds, room in steps:
        now += seconds
        chosen = choice.update(now, near(*room.items()), UNBOUND)
        if chosen is not before:
            assert before.project is None or chosen.door is Door.tag or now - changed >= RULES.hold_s
            before, changed = chosen, now
