"""Tests of the selection of a project, which the gateway and the central server share."""

from datetime import date, time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import Binding
from sync_contract.project_rules import (
    AlreadyShown,
    GreatestNeed,
    HighestPriority,
    Hours,
    ListedFirst,
    Moment,
    OnlyOpen,
    Option,
    Rule,
    bound,
    pick,
)

NIGHT = Hours(time(22), time(2))
NOON = Hours(time(10), time(13, 30))
FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 27), date(2026, 11, 28), date(2026, 11, 29)
DOOR, CARD = BeaconId(UUID(int=1), 1, 1), BeaconId(UUID(int=1), 1, 2)


@pytest.mark.parametrize(
    ("rule", "now", "holds"),
    [
        (Rule(weekdays=(5,)), Moment(time(12), FRIDAY), True),
        (Rule(weekdays=(5,)), Moment(time(12), SATURDAY), False),
        (Rule(weekdays=(5,), hours=(NIGHT,)), Moment(time(23), FRIDAY), True),
        (Rule(weekdays=(5,), hours=(NIGHT,)), Moment(time(1), SATURDAY), True),  # Friday's night is not over
        (Rule(weekdays=(5,), hours=(NIGHT,)), Moment(time(1), FRIDAY), False),
        (Rule(weekdays=(6,), hours=(NIGHT,)), Moment(time(1), SATURDAY), False),
        (Rule(since=SATURDAY), Moment(time(0), FRIDAY), False),
        (Rule(since=SATURDAY), Moment(time(0), SATURDAY), True),
        (Rule(until=SATURDAY), Moment(time(23, 59), SATURDAY), True),
        (Rule(until=SATURDAY), Moment(time(0), SUNDAY), False),
        (Rule(until=SATURDAY, hours=(NIGHT,)), Moment(time(1), SUNDAY), True),
        (Rule(weekdays=(1,), since=SATURDAY, hours=(NOON,)), Moment(), True),  # no clock to be trusted
        (Rule(weekdays=(1,), hours=(NOON,)), Moment(time(12)), True),
        (Rule(weekdays=(1,), hours=(NOON,)), Moment(time(15)), False),
        (Rule(zone="immediate"), Moment(zone="immediate"), True),
        (Rule(zone="immediate"), Moment(zone="near"), False),
        (Rule(zone="near"), Moment(), False),
        (Rule(while_needed=True), Moment(need={"lunch": 0.1}), True),
        (Rule(while_needed=True), Moment(need={"lunch": 0.0}), False),
        (Rule(while_needed=True), Moment(), True),
    ],
)
def test_a_rule_holds_when_all_its_conditions_hold(rule: Rule, now: Moment, holds: bool) -> None:
    assert rule.holds("lunch", now) is holds


def test_priority_then_the_shown_project_then_need_then_list_order_decide() -> None:
    lunch, books = Option("lunch", Rule(hours=(NOON,))), Option("books")
    first = Option("aid", Rule(priority=5, weekdays=(6,)))
    at_noon = Moment(time(12), FRIDAY)
    for offered, now, shown, project, reason in (
        ((lunch, books), at_noon, None, "lunch", ListedFirst(2)),
        ((lunch, books), Moment(time(20), FRIDAY), None, "books", OnlyOpen(2, time(20))),
        ((lunch, books), at_noon, "books", "books", AlreadyShown()),
        ((lunch, books), Moment(time(12), FRIDAY, need={"books": 2.0}), None, "books", GreatestNeed(2, 0)),
        ((lunch, books, first), Moment(time(12), SATURDAY), "lunch", "aid", HighestPriority(5, 0)),
        ((lunch, books, first), at_noon, None, "lunch", ListedFirst(2)),
        ((lunch,), at_noon, None, "lunch", None),
    ):
        picked = pick(offered, now, shown)
        assert picked is not None
        assert (picked.project, picked.reason) == (project, reason)
    assert pick((lunch,), Moment(time(20), FRIDAY)) is None
    assert pick((), at_noon) is None


def test_one_project_bound_twice_is_one_project() -> None:
    twice = (Option("lunch", Rule(hours=(NOON,))), Option("lunch", Rule(hours=(NIGHT,))), Option("books"))
    picked = pick(twice, Moment(time(12), FRIDAY, need={"lunch": 1.0}))
    assert picked is not None
    assert (picked.project, picked.reason) == ("lunch", GreatestNeed(1, 0))


def test_options_for_every_place_beacon_do_not_apply_to_a_persons_tag() -> None:
    options = bound([(DOOR, Option("lunch")), (None, Option("books")), (CARD, Option("aid"))])
    assert [option.project for option in options.of(DOOR, person=False)] == ["lunch", "books"]
    assert [option.project for option in options.of(CARD, person=True)] == ["aid"]
    unknown = BeaconId(UUID(int=2), 1, 1)
    assert [option.project for option in options.of(unknown, (Option("own"),), person=False)] == ["own", "books"]
    assert [option.project for option in options.of(DOOR, (Option("own"),), person=False)] == ["lunch", "books"]


times = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))


@given(times, times, times, st.sampled_from([FRIDAY, SATURDAY, SUNDAY]))
def test_hours_past_midnight_belong_to_the_day_before(since: time, until: time, now: time, today: date) -> None:
    rule = Rule(hours=(Hours(since, until),), weekdays=(today.isoweekday(),))
    if rule.holds("lunch", Moment(now, today)):
        assert since < until or now >= since, "the small hours belong to the day before"


def test_a_binding_on_the_wire_means_its_rule() -> None:
    wire = b"""{"beacon": null, "project": "lunch", "priority": -3, "hours": ["22:00-02:00"], "weekdays": [1, 7],
        "since": "2026-01-01", "until": "2026-12-31", "zone": "near", "while_needed": true}"""
    rule = Rule(-3, (NIGHT,), (1, 7), date(2026, 1, 1), date(2026, 12, 31), "near", while_needed=True)
    binding = Binding.model_validate_json(wire)
    assert (binding.rule, binding.plain) == (rule, False)
    assert Binding(beacon=DOOR, project="lunch").plain
