"""beacon-gateway replay FILE: what would be decided, and why, under these settings. The same bytes on every run.

No clock is read: hours and days are those of the recording, all open where it does not tell. Nobody is giving, and
nothing is decided after the recording's end.
"""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from beacon_gateway import settings_mapping
from beacon_gateway.commands.decision_inputs import HEAD, DecisionInputs, read_inputs
from beacon_gateway.commands.effective_settings import print_refused
from beacon_gateway.commands.terminal_wrap import print_folded
from beacon_gateway.errors import GatewayError
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.choice_factory import build_choice
from beacon_gateway.presence.decision_engine import DecisionEngine, replay
from beacon_gateway.presence.decision_json import build_decision_record
from beacon_gateway.presence.explain.decision_wording import name_beacon, name_screen, name_zone, word_decisions
from beacon_gateway.presence.explain.trace_svg import Picture, svg
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import ProjectRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Decision, DecisionKind, Trace
from beacon_gateway.presence.trace_file import TraceUnreadable, read_trace
from beacon_gateway.presence.tracker import Tracker
from beacon_gateway.radio.scan.capture_scanner import SIZE_LIMIT, CaptureScanner
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused
from sync_contract.beacon_identity import BeaconId
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project_rules import Bound

FAILURE, USAGE, CONFIGURATION = 1, 2, 78
EARLIEST, LATEST = datetime(2020, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp()
"""A recording from before the first, or after the second, was made by a clock that nobody had set."""
MOST = 1_000_000
"""Decisions and samples kept of one recording: more than a file of the size limit brings."""


@dataclass(frozen=True, slots=True)
class _Under:
    """The settings of a replay."""

    beacons: tuple[Beacon, ...]
    bindings: dict[BeaconId, str]
    presence: PresenceRules
    choice: ChoiceRules
    projects: ProjectRules
    collector: Collector
    """Notices clones, as the daemon's does."""
    began: datetime | None
    """Official time of the recording's second 0."""
    bound: Bound
    need: Mapping[str, float]
    words: str
    """From what is decided, for a person."""

    def official(self, at: float) -> datetime | None:
        return None if self.began is None else self.began + timedelta(seconds=at)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """`end_s`: of the recording, seconds from its begin; `at` of the sightings is counted likewise."""

    sightings: tuple[Sighting, ...]
    end_s: float
    under: _Under


def run(
    file: Path,
    config: Path | None,
    fallback: Path,
    state_dir: Path,
    pace: str,
    picture: Path | None,
    as_json: bool,
) -> int:
    """The exit code: 0, 1 for a file that cannot be read or written, 2 for a bad pace, 78 for a broken TOML.

    `state_dir`: the enrolment and the catalogue there count beside the TOML, as for the gateway.
    """
    try:
        speed = _speed(pace)
    except ValueError as error:
        print(f"beacon-gateway replay: {error}", file=sys.stderr)
        return USAGE
    try:
        recorded = _read(file, config, fallback, state_dir)
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        if config is None:
            print("beacon-gateway replay: a capture needs the settings: --config FILE", file=sys.stderr)
        return CONFIGURATION
    except GatewayError as error:
        print(f"beacon-gateway replay: {error}", file=sys.stderr)
        return FAILURE
    sightings, under = recorded.sightings, recorded.under
    trace = Trace(under.beacons, decisions=MOST, samples=MOST, thinned_s=0, keep_people=True)
    choice = build_choice(
        under.choice,
        under.projects,
        under.collector,
        official=under.official,
        bound=lambda: under.bound,
        need=lambda: under.need,
    )
    decide = DecisionEngine(Tracker(under.beacons, under.presence), choice, trace, bindings=lambda: under.bindings)
    end_s = replay(sightings, decide, end_s=recorded.end_s, first=under.collector.add_frame)
    if picture is not None:
        samples = (*trace.running_samples, *trace.place_samples)
        drawn = svg(Picture(file.name, under.beacons, under.presence, trace.decisions, samples, end_s))
        try:
            write_atomically(picture, drawn.encode(), mode=0o644)
        except OSError as error:
            print(f"beacon-gateway replay: {picture}: {error.strerror}", file=sys.stderr)
            return FAILURE
    known = len(sightings) - decide.tracker.foreign_frames
    if as_json:
        _tell(
            [json.dumps(build_decision_record(decision), ensure_ascii=False) for decision in trace.decisions],
            trace,
            speed,
        )
    else:
        print_folded(_summary(file, known, decide.tracker.foreign_frames, under))
        _tell(list(word_decisions(trace.decisions, under.beacons)), trace, speed)
        print_folded(_outcome(trace.decisions, end_s))
        print_folded(_still_here(decide))
    if not known:
        print(
            f"beacon-gateway replay: {file}: 没有认得的信标,请核对 [[beacons]]\n"
            "  no known beacon was heard: compare [[beacons]] of the settings with the tags",
            file=sys.stderr,
        )
    return 0


def _speed(pace: str) -> float:
    """0 is without waiting. Raises ValueError."""
    if pace == "max":
        return 0.0
    try:
        speed = float(pace)
    except ValueError:
        speed = -1.0
    if not 0 < speed <= 1000:
        raise ValueError(f"--pace {pace}: max, or a number above 0 and at most 1000, is expected")
    return speed


def _read(file: Path, config: Path | None, fallback: Path, state_dir: Path) -> _Recorded:
    """A trace brings settings of its own. Raises GatewayError, ConfigRefused."""
    try:
        with file.open("rb") as opened:
            is_trace = opened.read(1) == b"{"
        if is_trace and file.stat().st_size > SIZE_LIMIT:
            raise TraceUnreadable(f"{file}: larger than {SIZE_LIMIT} octets")
        if not is_trace:
            capture = CaptureScanner(file)
            basis = read_inputs(fallback if config is None else config, state_dir)
            return _Recorded(capture.sightings, capture.end_s, _under(basis, capture.began))
        recording = read_trace(file.read_text(encoding="utf-8", errors="strict").splitlines())
    except OSError as error:
        raise TraceUnreadable(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TraceUnreadable(f"{file}: not UTF-8 at octet {error.start}") from error
    except TraceUnreadable as error:
        raise TraceUnreadable(f"{file}: {error}" if str(file) not in str(error) else str(error)) from error
    header = recording.header
    began = _seconds(header.began)
    if config is not None:
        return _Recorded(recording.sightings, recording.end_s, _under(read_inputs(config, state_dir), began))
    brought = {beacon.id: beacon.project for beacon in header.beacons if beacon.project}
    under = _Under(
        header.beacons,
        brought,
        header.presence,
        header.choice,
        header.project_rules,
        Collector(header.beacons),
        _official(began),
        header.catalogue_bound,
        header.need,
        f"{HEAD} 轨迹自带的设置 the settings within the trace; 没有随身卡 no people's tags are in it",
    )
    return _Recorded(recording.sightings, recording.end_s, under)


def _seconds(began: str) -> float | None:
    """Since 1970; None for a trace that does not tell, or in no form of ours."""
    try:
        return datetime.fromisoformat(began).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _official(began: float | None) -> datetime | None:
    """None too for a clock that had not been set."""
    if began is None or not EARLIEST <= began <= LATEST:
        return None
    return datetime.fromtimestamp(began, OFFICIAL_TIME)


def _under(basis: DecisionInputs, began: float | None) -> _Under:
    settings, offer = basis.settings, basis.offer
    return _Under(
        basis.beacons,
        offer.bindings,
        settings_mapping.presence_rules(settings),
        settings_mapping.choice_rules(settings),
        settings_mapping.project_rules(settings),
        settings_mapping.collector(settings, offer.beacons),
        _official(began),
        offer.bound,
        offer.need,
        basis.words,
    )


def _tell(blocks: list[str], trace: Trace, speed: float) -> None:
    """At the recording's own times, or at once. What is printed does not depend on it."""
    times = [0.0, *(decision.at for decision in trace.decisions)]
    for (before, at), block in zip(pairwise(times), blocks, strict=True):
        if speed:
            time.sleep(max(0.0, at - before) / speed)
        print_folded(block, flush=bool(speed))


def _summary(file: Path, known: int, foreign: int, under: _Under) -> str:
    p = under.presence
    return (
        f"{file.name}: {known} 帧认得的信标 frames of known beacons, {foreign} 帧其他 iBeacon frames of others\n"
        f"  紧挨 immediate ≤ {p.immediate_m:g} m, 附近 near ≤ {p.near_m:g} m, "
        f"{p.exit_s:g} s 无声即离开 of silence end a visit\n"
        f"  {under.words}"
    )


def _outcome(decisions: tuple[Decision, ...], end_s: float) -> str:
    """Seconds that each project was on the screen."""
    shown = [(0.0, ""), *((d.at, d.after) for d in decisions if d.kind is DecisionKind.shown), (end_s, "")]
    seconds: dict[str, float] = {}
    for (start, project), (end, _) in pairwise(shown):
        seconds[project] = seconds.get(project, 0.0) + max(0.0, end - start)
    rows = ", ".join(f"{name_screen(project)} {total:.1f} s" for project, total in sorted(seconds.items()))
    return f"{len(decisions)} 次判定 decisions in {end_s:.1f} s. 屏幕 screen: {rows}"


def _still_here(decide: DecisionEngine) -> str:
    """Who had not left when the recording ended: what became of them it does not tell."""
    visits = decide.tracker.visits.values()
    there = ", ".join(f"{name_beacon(visit.beacon)} {name_zone(visit.zone.value)}" for visit in visits) or "–"
    return f"录制到此为止,此时还在 the recording ends here; still present: {there}"
