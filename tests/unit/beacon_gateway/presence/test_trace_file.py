"""Tests of writing and reading a trace file."""

import json
from dataclasses import replace
from datetime import date, time

import pytest

from beacon_gateway.model.beacons import POWER_UNSET
from beacon_gateway.model.reasons import EdgesCrossed
from beacon_gateway.presence.decision_json import read_decision
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.trace import Heard
from beacon_gateway.presence.trace_file import LONGEST_GAP_S, TraceUnreadable, read_trace, write_trace
from sync_contract.project_rules import Bound, Hours, Option, Rule
from tests.unit.beacon_gateway.presence.people import heard, place
from tests.unit.beacon_gateway.presence.test_trace import deciding, played

SHELF = place(1, "books")
RULES = PresenceRules(near_m=5.0)


def written() -> list[str]:
    trace = played(deciding(SHELF), heard(SHELF, -55, since=100, until=103))
    return list(write_trace(trace, RULES, ChoiceRules(hold_s=4.0), {SHELF.id: "lunch"}, began="2026-01-01T00:00:00Z"))


def test_read_inverts_write() -> None:
    recording = read_trace(written())
    assert recording.header.presence == RULES
    assert recording.header.choice == ChoiceRules(hold_s=4.0)
    assert recording.header.beacons[0].id == SHELF.id
    assert recording.header.beacons[0].project == "lunch"
    assert recording.header.began == "2026-01-01T00:00:00Z"
    assert [s.rssi for s in recording.sightings] == [-55] * 31
    assert recording.sightings[0].at == 0.0
    assert recording.sightings[-1].at == pytest.approx(3.0)


@pytest.mark.parametrize(("power", "announced"), [(-59, -59), (-59, -80), (POWER_UNSET, -80), (POWER_UNSET, 0)])
def test_a_replay_of_the_file_gives_the_same_decisions(power: int, announced: int) -> None:
    """Where the settings have no power, a visit has the announced one, and the file contains it."""
    shelf = replace(SHELF, measured_power=power)
    frames = (each._replace(measured_power=announced) for each in heard(shelf, -72, since=0, until=5))
    trace = played(deciding(shelf), frames)
    again = played(deciding(shelf), read_trace(write_trace(trace, RULES, ChoiceRules(), {})).sightings)
    assert again.decisions == trace.decisions
    near = any(decision.after == "immediate" for decision in again.decisions)
    assert near == (power == POWER_UNSET and announced == -80)
    assert len([s for s in again.place_samples if isinstance(s, Heard)]) == 51


def test_the_file_contains_the_decisions_with_their_reasons() -> None:
    decisions = [json.loads(line)["decision"] for line in written() if '"decision"' in line]
    zone = next(read_decision(each) for each in decisions if each["kind"] == "zone")
    assert isinstance(zone.reason, EdgesCrossed)
    assert [(edge.edge_m, edge.required_s, edge.recent_crossings) for edge in zone.reason.edges] == [(1.5, 1.0, 0)]
    assert zone.reason.edges[0].evidence_s >= 1.0


def test_the_recording_ends_with_the_last_line_of_any_kind() -> None:
    header, *lines = written()
    frames = [line for line in lines if '"heard"' in line]
    assert read_trace([header, *frames]).end_s == pytest.approx(3.0)
    assert read_trace([header, *lines]).end_s > 13, "the silence was listened to"
    late = '{"level": 0, "at": 1e999}'
    assert read_trace([header, *frames, late]).end_s == pytest.approx(3.0 + LONGEST_GAP_S)
    for odd in ('{"level": 0}', '{"level": 0, "at": "x"}', '{"level": 0, "at": -1e9}', '{"level": 0, "at": null}'):
        assert read_trace([header, *frames, odd]).end_s == pytest.approx(3.0)
    assert read_trace([header, *frames, '{"level": 0, "at": 1' + "0" * 400 + "}"]).end_s > 3


def test_bindings_of_the_catalogue_are_in_the_file() -> None:
    rule = Rule(2, (Hours(time(9), time(12)),), (1, 5), date(2026, 5, 1), None, "near", while_needed=True)
    bound = Bound({SHELF.id: (Option("books", rule),), place(9).id: (Option("x"),)}, (Option("aid"),))
    trace = played(deciding(SHELF), heard(SHELF, -55, since=0, until=1))
    lines = list(write_trace(trace, RULES, ChoiceRules(), {}, bound=bound, need={"books": 0.25}))
    header = read_trace(lines).header
    assert header.catalogue_bound == Bound({SHELF.id: (Option("books", rule),)}, (Option("aid"),)), (
        "no beacon but its own"
    )
    assert header.need == {"books": 0.25}
    with pytest.raises(TraceUnreadable, match="bound: the header has no such beacon"):
        read_trace([lines[0].replace('"bound": [[0', '"bound": [[7')])


def test_time_jumps_are_bounded() -> None:
    header = written()[0]
    frames = [f'{{"at": {at}, "heard": 0, "rssi": -60, "adapter": ""}}' for at in (0, 9e99, 5, 6)]
    assert [s.at for s in read_trace([header, *frames]).sightings] == [
        0, LONGEST_GAP_S, LONGEST_GAP_S, LONGEST_GAP_S + 1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "line 2: not JSON"),
        ("[1]", "line 2: not a JSON object"),
        ("[" * 100_000, "line 2: not JSON"),
        ("{}", "line 2: heard, level or decision is expected"),
        ('{"at": 1, "decision": {"version": 2}}', "line 2: decision: version 2 of a decision; 1 is expected"),
        ('{"at": 1, "decision": {"version": 1}}', "line 2: decision: "),
        ('{"at": NaN, "heard": 0, "rssi": 1, "adapter": ""}', "line 2: not JSON: NaN is not a number"),
        ('{"at": 1e999, "heard": 0, "rssi": 1, "adapter": ""}', "line 2: at: "),
        ('{"at": 1, "heard": 7, "rssi": 1, "adapter": ""}', "line 2: the header has no beacon 7"),
        ('{"at": 1, "heard": -1, "rssi": 1, "adapter": ""}', "line 2: the header has no beacon -1"),
        ('{"at": 1, "heard": 0, "rssi": "loud", "adapter": ""}', "line 2: rssi: "),
        ('{"at": 1, "heard": 0, "rssi": 900, "adapter": ""}', "line 2: rssi: "),
        ('{"heard": 0, "rssi": 1, "adapter": ""}', "line 2: at: "),
        ('{"at": 1, "heard": 0, "rssi": 1, "adapter": ""}' + " " * 600_000, "line 2: longer than"),
    ],
)
def test_an_invalid_line_is_refused_with_its_number(line: str, reason: str) -> None:
    with pytest.raises(TraceUnreadable) as refused:
        read_trace([written()[0], line])
    assert str(refused.value).startswith(reason)


@pytest.mark.parametrize(
    "change",
    [
        ('"trace": 1', '"trace": 2'),
        ('"kind": "place"', '"kind": "person"'),
        ('"major": 1', '"major": -1'),
        ('"near_m": 5.0', '"near_m": 0.1'),
        ('"near_m": 5.0', '"near_m": 1e9'),
        ('"path_loss_exponent": 2.2', '"path_loss_exponent": 1e-300'),
        ('"path_loss_exponent": null', '"path_loss_exponent": 99.0'),
        ('"measured_power": -59', '"measured_power": -99999'),
        ('"beacons"', '"tags"'),
    ],
)
def test_an_invalid_header_is_refused(change: tuple[str, str]) -> None:
    header = written()[0]
    assert change[0] in header
    with pytest.raises(TraceUnreadable, match="line 1: "):
        read_trace([header.replace(*change)])


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(TraceUnreadable, match="line 1: "):
        read_trace([])
