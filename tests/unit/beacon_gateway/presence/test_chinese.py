"""Each reason that is given has Chinese words beside the English ones."""

import pytest

from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import Decide, replay
from beacon_gateway.presence.explain.chinese import chinese
from beacon_gateway.presence.explain.decision_wording import sentences
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import Circumstances, ProjectRule, ProjectRules
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.tracker import Tracker
from tests.unit.beacon_gateway.presence.people import heard, person, place, walked

EAST, WEST, CARD = place(1, "books"), place(2, "lunch"), person(1, project="aid")
MIXED = [
    *heard(EAST, -60, since=0, until=40), *heard(WEST, None, since=2, until=8), *heard(WEST, -57, since=8, until=30),
    *heard(CARD, -50, since=12, until=18), *walked(CARD, "9m; walk 1m; stay 20s; walk 9m", seed=3),
]  # fmt: skip


def reasons(beacons: tuple[Beacon, ...], frames: list[Sighting], rules: ProjectRules) -> list[str]:
    decide = Decide(
        Tracker(beacons, PresenceRules(unknown_counts_as_near=True)),
        Choice(ChoiceRules(), rules, lambda _at: Circumstances(need={"books": 0.5, "lunch": 0.1})),
        Trace(beacons),
        dict,
    )
    replay(sorted(frames, key=lambda sighting: sighting.at), decide)
    return [decision.rule for decision in decide.trace.decisions]


@pytest.mark.parametrize(
    "rules",
    [
        ProjectRules(),
        ProjectRules(by_project={"lunch": ProjectRule(priority=5), "aid": ProjectRule(priority=-1)}),
        ProjectRules(several={EAST.id: ("books", "aid", "lunch"), CARD.id: ("aid", "x")}),
    ],
)
def test_what_happens_in_a_hall_is_told_in_both_languages(rules: ProjectRules) -> None:
    found = reasons((EAST, WEST, CARD), MIXED, rules)
    assert len(found) > 10
    for rule in found:
        assert any("一" <= letter <= "鿿" for letter in chinese(rule)), rule


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("1.4 s of clear evidence within 1.5 m (1.0 s asked, 0.0 crossings lately)",
         "在 1.5 米以内的明确证据 1.4 秒(要求 1.0 秒,近来越界 0.0 次)"),
        ("13.4 s of clear evidence beyond 1.5 m (13.3 s asked, 2.1 crossings lately)"
         " and 4.0 s of clear evidence beyond 4 m (3.5 s asked, 0.9 crossings lately)",
         "在 1.5 米以外的明确证据 13.4 秒(要求 13.3 秒,近来越界 2.1 次)"
         ";在 4 米以外的明确证据 4.0 秒(要求 3.5 秒,近来越界 0.9 次)"),
        ("place beacon 东门; east, zone near, smoothed distance 2.0 m (lags): nothing else is near",
         "固定信标 东门; east,附近,平滑距离(滞后) 2.0 米:附近没有别的信标"),
        ("nearest, by level and then by identity, of 2 about equally near", "2 个差不多近,取信号最强的"),
        ("something that nobody foresaw", ""),
        ("nothing is near; something that nobody foresaw", ""),
    ],
)  # fmt: skip
def test_the_numbers_are_the_same_and_half_a_reason_is_none(rule: str, words: str) -> None:
    assert chinese(rule) == words


def test_the_same_project_by_another_beacon_is_no_turn_of_the_screen() -> None:
    other = place(2, "books")
    trace = Trace((EAST, other))
    decide = Decide(Tracker((EAST, other), PresenceRules()), Choice(ChoiceRules()), trace, dict)
    frames = [*heard(EAST, -64, since=0, until=30), *heard(other, -50, since=10, until=30)]
    replay(sorted(frames, key=lambda sighting: sighting.at), decide, end_s=0.0)
    text = "\n".join(sentences(trace.decisions, trace.beacons))
    assert "屏幕不变 screen stays  books: 换了信标 by another beacon" in text
    assert "books → books" not in text
