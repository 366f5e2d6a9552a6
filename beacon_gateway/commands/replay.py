"""beacon-gateway replay FILE: print what these settings decide from a recording, and why; the same bytes on every run.

No clock is read: hours and days are those of the recording, and all projects are open if it has none. No donation is in
progress, and nothing is decided after the recording's end.
"""

import json
import sys
import time
from collections import Counter
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
from beacon_gateway.presence.explain.trace_svg import Picture, draw_svg
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import ProjectRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Decision, DecisionKind, Trace
from beacon_gateway.presence.trace_file import TraceUnreadable, read_trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.scan.capture_scanner import SIZE_LIMIT, CaptureScanner
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused
from sync_contract.beacon_identity import BeaconId
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.project_rules import Bound

FAILURE, USAGE, CONFIGURATION = 1, 2, 78
EARLIEST, LATEST = datetime(2020, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp()
"""A recording outside these bounds was made by a clock that was not set."""
MAX_NAMED = 5
MAX_ENTRIES = 1_000_000
"""Decisions and samples of one recording: more than a file of the size limit contains."""


@dataclass(frozen=True, slots=True)
class _Replay:
    """A recording and the settings for it. Times: seconds from the start of the recording.

    `collector` detects clones, as the daemon's does; `began`: official time of second 0; `sources`: one line.
    """

    sightings: tuple[Sighting, ...]
    end_s: float
    beacons: tuple[Beacon, ...]
    bindings: dict[BeaconId, str]
    presence: PresenceRules
    choice: ChoiceRules
    projects: ProjectRules
    collector: Collector
    began: datetime | None
    bound: Bound
    need: Mapping[str, float]
    sources: str

    def official(self, at: float) -> datetime | None:
        return None if self.began is None else self.began + timedelta(seconds=at)

    def decide(self) -> tuple[DecisionEngine, float]:
        """Process the recording; return the engine and the end in seconds."""
        trace = Trace(self.beacons, decisions=MAX_ENTRIES, samples=MAX_ENTRIES, thinned_s=0, keep_people=True)
        choice = build_choice(
            self.choice,
            self.projects,
            self.collector,
            official=self.official,
            bound=lambda: self.bound,
            need=lambda: self.need,
        )
        engine = DecisionEngine(Tracker(self.beacons, self.presence), choice, trace, bindings=lambda: self.bindings)
        return engine, replay(self.sightings, engine, end_s=self.end_s, first=self.collector.add_frame)


def run(
    file: Path,
    config: Path | None,
    fallback: Path,
    state_dir: Path,
    pace: str,
    picture: Path | None,
    as_json: bool,
) -> int:
    """Return the exit code: 0, 1 if a file cannot be read or written, 2 for an invalid pace, 78 for invalid settings.

    `fallback`: settings for a capture if `config` is None. `state_dir`: its enrolment and catalogue are used too.
    """
    try:
        speed = _parse_pace(pace)
    except ValueError as error:
        print(f"beacon-gateway replay: {error}", file=sys.stderr)
        return USAGE
    try:
        recording = _read(file, config, fallback, state_dir)
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        if config is None:
            print("beacon-gateway replay: a capture needs settings: --config FILE", file=sys.stderr)
        return CONFIGURATION
    except GatewayError as error:
        print(f"beacon-gateway replay: {error}", file=sys.stderr)
        return FAILURE
    engine, end_s = recording.decide()
    trace = engine.trace
    if picture is not None:
        samples = (*trace.running_samples, *trace.place_samples)
        drawing = draw_svg(Picture(file.name, recording.beacons, recording.presence, trace.decisions, samples, end_s))
        try:
            write_atomically(picture, drawing.encode(), mode=0o644)
        except OSError as error:
            print(f"beacon-gateway replay: {picture}: {error.strerror}", file=sys.stderr)
            return FAILURE
    known = len(recording.sightings) - engine.tracker.foreign_frames
    if as_json:
        records = [json.dumps(build_decision_record(each), ensure_ascii=False) for each in trace.decisions]
        _print_paced(records, trace, speed)
    else:
        print_folded(_word_head(file, known, engine.tracker.foreign_frames, recording))
        _print_paced(list(word_decisions(trace.decisions, recording.beacons)), trace, speed)
        print_folded(_word_screen_times(trace.decisions, end_s))
        print_folded(_word_present(engine))
    if not known:
        print(_word_unknown(file, recording.sightings), file=sys.stderr)
    return 0


def _word_unknown(file: Path, sightings: tuple[Sighting, ...]) -> str:
    """Name the most frequent beacons of a recording, to be copied into the settings."""
    frequent = Counter(sighting.beacon for sighting in sightings).most_common(MAX_NAMED)
    return "\n".join(
        (
            f"beacon-gateway replay: {file}: 没有认得的信标,请核对 [[beacons]]",
            "  no known beacon was received: compare [[beacons]] of the settings with those of the recording:",
            *(
                f'  uuid = "{each.uuid}"  major = {each.major}  minor = {each.minor}  {count} 帧 frames'
                for each, count in frequent
            ),
        )
    )


def _parse_pace(pace: str) -> float:
    """Return the speed, 0 for no waiting. Raise ValueError."""
    if pace == "max":
        return 0.0
    try:
        speed = float(pace)
    except ValueError:
        speed = -1.0
    if not 0 < speed <= 1000:
        raise ValueError(f"--pace {pace}: max, or a number above 0 and at most 1000, is expected")
    return speed


def _read(file: Path, config: Path | None, fallback: Path, state_dir: Path) -> _Replay:
    """A trace contains its settings; `config` replaces them. Raise GatewayError, ConfigRefused."""
    try:
        with file.open("rb") as opened:
            is_trace = opened.read(1) == b"{"
        if is_trace and file.stat().st_size > SIZE_LIMIT:
            raise TraceUnreadable(f"{file}: larger than {SIZE_LIMIT} bytes")
        if not is_trace:
            capture = CaptureScanner(file)
            inputs = read_inputs(fallback if config is None else config, state_dir)
            return _build_replay(capture.sightings, capture.end_s, inputs, capture.began)
        recording = read_trace(file.read_text(encoding="utf-8", errors="strict").splitlines())
    except OSError as error:
        raise TraceUnreadable(f"{file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TraceUnreadable(f"{file}: not UTF-8 at byte {error.start}") from error
    except TraceUnreadable as error:
        raise TraceUnreadable(f"{file}: {error}" if str(file) not in str(error) else str(error)) from error
    header = recording.header
    began = _parse_time(header.began)
    if config is not None:
        return _build_replay(recording.sightings, recording.end_s, read_inputs(config, state_dir), began)
    return _Replay(
        recording.sightings,
        recording.end_s,
        header.beacons,
        {beacon.id: beacon.project for beacon in header.beacons if beacon.project},
        header.presence,
        header.choice,
        header.project_rules,
        Collector(header.beacons),
        _to_official(began),
        header.catalogue_bound,
        header.need,
        f"{HEAD} 轨迹自带的设置 the settings in the trace; 没有随身卡 it contains no people's tags",
    )


def _parse_time(text: str) -> float | None:
    """Return seconds since 1970; None for a missing or invalid time."""
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _to_official(began: float | None) -> datetime | None:
    """Return official time; None for an unknown time and for a clock that was not set."""
    if began is None or not EARLIEST <= began <= LATEST:
        return None
    return datetime.fromtimestamp(began, OFFICIAL_TIME)


def _build_replay(
    sightings: tuple[Sighting, ...], end_s: float, inputs: DecisionInputs, began: float | None
) -> _Replay:
    settings, offer = inputs.settings, inputs.offer
    return _Replay(
        sightings,
        end_s,
        inputs.beacons,
        offer.bindings,
        settings_mapping.presence_rules(settings),
        settings_mapping.choice_rules(settings),
        settings_mapping.project_rules(settings),
        settings_mapping.collector(settings, offer.beacons),
        _to_official(began),
        offer.bound,
        offer.need,
        inputs.sources,
    )


def _print_paced(blocks: list[str], trace: Trace, speed: float) -> None:
    """Print one block per decision, at the times of the recording or at once."""
    times = [0.0, *(decision.at for decision in trace.decisions)]
    for (before, at), block in zip(pairwise(times), blocks, strict=True):
        if speed:
            time.sleep(max(0.0, at - before) / speed)
        print_folded(block, flush=bool(speed))


def _word_head(file: Path, known: int, foreign: int, recording: _Replay) -> str:
    p = recording.presence
    return (
        f"{file.name}: {known} 帧认得的信标 frames of known beacons, {foreign} 帧其他 iBeacon frames of others\n"
        f"  紧挨 immediate ≤ {p.immediate_m:g} m, 附近 near ≤ {p.near_m:g} m, "
        f"{p.exit_s:g} s 收不到即离开 without frames end a visit\n"
        f"  {recording.sources}"
    )


def _word_screen_times(decisions: tuple[Decision, ...], end_s: float) -> str:
    """Return the seconds that each project was on the screen."""
    shown = [(0.0, ""), *((d.at, d.after) for d in decisions if d.kind is DecisionKind.shown), (end_s, "")]
    seconds: dict[str, float] = {}
    for (start, project), (end, _) in pairwise(shown):
        seconds[project] = seconds.get(project, 0.0) + max(0.0, end - start)
    rows = ", ".join(f"{name_screen(project)} {total:.1f} s" for project, total in sorted(seconds.items()))
    return f"{len(decisions)} 次判定 decisions in {end_s:.1f} s. 屏幕 screen: {rows}"


def _word_present(engine: DecisionEngine) -> str:
    """Return the visits that had not ended at the end of the recording."""
    visits = engine.tracker.visits.values()
    present = ", ".join(f"{name_beacon(visit.beacon)} {name_zone(visit.zone.value)}" for visit in visits) or "–"
    return f"录制到此为止,此时还在 the recording ends; still present: {present}"
