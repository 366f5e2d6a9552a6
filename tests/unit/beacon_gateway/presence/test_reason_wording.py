"""Tests of the wording of reasons in English and Chinese, and of their JSON."""

from datetime import time
from string import Formatter
from typing import get_args

import pytest

from beacon_gateway.model.beacons import Zone
from beacon_gateway.model.reasons import (
    BeaconChosen,
    ChoiceCause,
    CloneEvidence,
    CloneSuspected,
    Crossing,
    DonationInProgress,
    EdgesCrossed,
    EqualByLevel,
    EqualByNeed,
    EqualByPriority,
    FirstFrame,
    FirstFrameWithoutRssi,
    FirstRssi,
    ImpossibleMoves,
    LeadByLevel,
    LeadByPriority,
    LeadByRssi,
    Nearest,
    NearestByRssi,
    NoRssi,
    NothingNear,
    OnlyOneNear,
    OwnIdentityHeard,
    PersonFirst,
    PersonTag,
    PreviousGone,
    ProjectChanged,
    Reason,
    ShortGaps,
    Silence,
    TooManyFrames,
    TwoLevels,
)
from beacon_gateway.presence.choice import Choice
from beacon_gateway.presence.decision_engine import DecisionEngine, replay
from beacon_gateway.presence.decision_json import (
    DecisionUnreadable,
    build_decision_record,
    build_reason_record,
    read_decision,
    read_reason,
)
from beacon_gateway.presence.explain.decision_wording import word_decisions
from beacon_gateway.presence.explain.reason_wording import CHINESE, ENGLISH, word_in_both
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import ProjectRules
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.visit_tracker import Tracker
from sync_contract.project_rules import AlreadyShown, GreatestNeed, HighestPriority, ListedFirst, OnlyOpen, PickReason
from tests.unit.beacon_gateway.presence.people import heard, person, place

CAUSES: tuple[ChoiceCause, ...] = (
    OnlyOneNear(), PersonFirst(), Nearest(3, 7.5), NearestByRssi(2), EqualByPriority(2, 5, 0),
    EqualByNeed(2, 0.5, 0.25), EqualByLevel(2), PreviousGone(3.5, 3), LeadByLevel(7.5, 3, 3), LeadByRssi(3, 3),
    LeadByPriority(5, 0, 3, 3), ProjectChanged(),
)  # fmt: skip
SELECTIONS: tuple[PickReason, ...] = (
    HighestPriority(2, 0), OnlyOpen(3, time(20)), AlreadyShown(), GreatestNeed(0.5, 0.25), ListedFirst(2),
)  # fmt: skip
EVIDENCE: tuple[CloneEvidence, ...] = (
    TooManyFrames(32, 1.5, 8),
    ShortGaps(16, 32, 1.0),
    ImpossibleMoves(11, 32, 8),
    TwoLevels(12, 32, -85, -60),
    OwnIdentityHeard(),
)
EDGE = Crossing(1.5, 1.4, 1, 0)
REASONS: tuple[Reason, ...] = (
    FirstFrame(-50, 0.5, 9), FirstFrameWithoutRssi(), FirstRssi(10, -22), NoRssi(10), EdgesCrossed(True, (EDGE,)),
    EdgesCrossed(False, (EDGE, Crossing(4, 4, 3.5, 0.5))), Silence(10, 4),
    NothingNear(), PersonTag(), PreviousGone(3, 3),
    DonationInProgress(), *(CloneSuspected(each) for each in EVIDENCE),
    *(BeaconChosen(True, "card", Zone.near, None, each, "lunch", None) for each in CAUSES),
    *(BeaconChosen(False, "east", Zone.far, 4.5, OnlyOneNear(), "lunch", each) for each in SELECTIONS),
)  # fmt: skip


def test_the_examples_contain_every_kind_of_reason() -> None:
    assert {type(each) for each in (*REASONS, *EVIDENCE)} == {*get_args(Reason), *get_args(CloneEvidence)}
    assert {type(each) for each in CAUSES} == {*get_args(ChoiceCause)}
    assert {type(each) for each in SELECTIONS} == {*get_args(PickReason)}


@pytest.mark.parametrize("reason", [*REASONS, *EVIDENCE], ids=lambda each: each.kind)
def test_every_reason_has_a_wording_in_both_languages_and_survives_json(reason: Reason | CloneEvidence) -> None:
    chinese, english = word_in_both(reason)
    assert any("一" <= letter <= "鿿" for letter in chinese)
    assert english.isascii()
    assert read_reason(build_reason_record(reason)) == reason


def test_both_languages_show_the_same_numbers() -> None:
    def fields(text: str) -> set[tuple[str | None, str | None]]:
        return {(name, form) for _, name, form, _ in Formatter().parse(text) if name}

    assert {kind: fields(text) for kind, text in ENGLISH.items()} == {
        kind: fields(text) for kind, text in CHINESE.items() if kind not in list(Zone)
    }


@pytest.mark.parametrize(
    ("reason", "chinese", "english"),
    [
        (
            EdgesCrossed(False, (Crossing(1.5, 13.4, 13.3, 2.1), Crossing(4, 4, 3.5, 0.9))),
            "在 1.5 米以外的明确证据 13.4 秒(要求 13.3 秒,近来越界 2.1 次);"
            "在 4 米以外的明确证据 4.0 秒(要求 3.5 秒,近来越界 0.9 次)",
            "13.4 s of clear evidence beyond 1.5 m (required 13.3 s; recent crossings 2.1); "
            "4.0 s of clear evidence beyond 4 m (required 3.5 s; recent crossings 0.9)",
        ),
        (
            BeaconChosen(False, "东门; east", Zone.near, 2.0, Nearest(2, 6.5), "lunch", ListedFirst(2)),
            "固定信标 东门; east,附近,平滑距离(滞后) 2.0 米:2 个中最近,下一个弱 6.5 dB;2 个相同,lunch 列在最前",
            "place beacon 东门; east, zone near, smoothed distance 2.0 m (lags): nearest of 2; the next is 6.5 dB "
            "behind; lunch is the first in the list of 2 equal ones",
        ),
    ],
)
def test_compound_reasons(reason: Reason, chinese: str, english: str) -> None:
    assert word_in_both(reason) == (chinese, english)


def test_real_decisions_survive_json_and_have_a_wording() -> None:
    east, west, card = place(1, "books"), place(2, "lunch"), person(1, project="aid")
    beacons = (east, west, card)
    rules = ProjectRules(several={east.id: ("books", "aid", "lunch"), card.id: ("aid", "x")})
    engine = DecisionEngine(
        Tracker(beacons, PresenceRules(unknown_counts_as_near=True)), Choice(ChoiceRules(), rules), Trace(beacons), dict
    )
    frames = [
        *heard(east, -60, since=0, until=40), *heard(west, None, since=2, until=8),
        *heard(west, -57, since=8, until=30), *heard(card, -50, since=12, until=18),
    ]  # fmt: skip
    replay(sorted(frames, key=lambda sighting: sighting.at), engine)
    assert len(engine.trace.decisions) > 10
    for decision in engine.trace.decisions:
        record = build_decision_record(decision)
        assert build_decision_record(read_decision(record)) == record
        assert all(word_in_both(decision.reason))


@pytest.mark.parametrize("record", [{}, {"kind": "unheard_of"}, {"kind": "nearest", "of": "x", "ahead_db": 1}, None])
def test_an_unknown_reason_is_refused(record: object) -> None:
    with pytest.raises(DecisionUnreadable):
        read_reason(record)


def test_the_same_project_by_another_beacon_is_no_change_of_the_screen() -> None:
    east, other = place(1, "books"), place(2, "books")
    trace = Trace((east, other))
    engine = DecisionEngine(Tracker((east, other), PresenceRules()), Choice(ChoiceRules()), trace, dict)
    frames = [*heard(east, -64, since=0, until=30), *heard(other, -50, since=10, until=30)]
    replay(sorted(frames, key=lambda sighting: sighting.at), engine, end_s=0.0)
    text = "\n".join(word_decisions(trace.decisions, trace.beacons))
    assert "屏幕不变 screen stays  books: 换了信标 by another beacon" in text
    assert "books → books" not in text
