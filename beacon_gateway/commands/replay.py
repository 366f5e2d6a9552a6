"""beacon-gateway replay FILE: what would be decided, and why, under these settings. The same bytes on every run.

No clock is read: hours and days are those of the recording, all open where it does not tell. Nobody is giving.
"""

import json
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from beacon_gateway import from_settings
from beacon_gateway.errors import GatewayError
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.choosing import choosing
from beacon_gateway.presence.decide import Decide, replay
from beacon_gateway.presence.explain.picture import Picture, svg
from beacon_gateway.presence.explain.plain import plain
from beacon_gateway.presence.explain.words import screen, sentences
from beacon_gateway.presence.projects import ProjectRules
from beacon_gateway.presence.rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Decision, Trace, What
from beacon_gateway.presence.trace_lines import TraceUnreadable, read_trace
from beacon_gateway.presence.tracker import Tracker
from beacon_gateway.radio.capture import SIZE_LIMIT, CaptureScanner
from beacon_gateway.settings import Settings
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused, load
from sync_contract.beacon import BeaconId
from sync_contract.permit import OFFICIAL_TIME

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

    def official(self, at: float) -> datetime | None:
        return None if self.began is None else self.began + timedelta(seconds=at)


def run(file: Path, config: Path | None, fallback: Path, pace: str, picture: Path | None, as_json: bool) -> int:
    """The exit code: 0, 1 for a file that cannot be read or written, 2 for a bad pace, 78 for a broken TOML."""
    try:
        speed = _speed(pace)
    except ValueError as error:
        print(f"beacon-gateway replay: {error}", file=sys.stderr)
        return USAGE
    try:
        sightings, under = _read(file, config, fallback)
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        if config is None:
            print("beacon-gateway replay: a capture needs the settings: --config FILE", file=sys.stderr)
        return CONFIGURATION
    except GatewayError as error:
        print(f"beacon-gateway replay: {error}", file=sys.stderr)
        return FAILURE
    trace = Trace(under.beacons, decisions=MOST, samples=MOST, thinned_s=0, keep_people=True)
    choice = choosing(under.choice, under.projects, under.collector, official=under.official)
    decide = Decide(Tracker(under.beacons, under.presence), choice, trace, bindings=lambda: under.bindings)
    end_s = replay(sightings, decide, first=under.collector.heard)
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
            [
                json.dumps({"at": round(decision.at, 3), **plain(decision)}, ensure_ascii=False)
                for decision in trace.decisions
            ],
            trace,
            speed,
        )
    else:
        print(_summary(file, known, decide.tracker.foreign_frames, under))
        _tell(list(sentences(trace.decisions, under.beacons)), trace, speed)
        print(_outcome(trace.decisions, end_s))
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


def _read(file: Path, config: Path | None, fallback: Path) -> tuple[tuple[Sighting, ...], _Under]:
    """A trace brings settings of its own. Raises GatewayError, ConfigRefused."""
    try:
        with file.open("rb") as opened:
            is_trace = opened.read(1) == b"{"
        if is_trace and file.stat().st_size > SIZE_LIMIT:
            raise TraceUnreadable(f"{file}: larger than {SIZE_LIMIT} octets")
        if not is_trace:
            capture = CaptureScanner(file)
            return capture.sightings, _under(load(fallback if config is None else config, Settings), capture.began)
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
        return recording.sightings, _under(load(config, Settings), began)
    brought = {beacon.id: beacon.project for beacon in header.beacons if beacon.project}
    return recording.sightings, _Under(
        header.beacons,
        brought,
        header.presence,
        header.choice,
        header.projects,
        Collector(header.beacons),
        _official(began),
    )


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


def _under(settings: Settings, began: float | None) -> _Under:
    return _Under(
        from_settings.known_beacons(settings),
        from_settings.bindings(settings),
        from_settings.presence_rules(settings),
        from_settings.choice_rules(settings),
        from_settings.project_rules(settings),
        from_settings.collector(settings),
        _official(began),
    )


def _tell(blocks: list[str], trace: Trace, speed: float) -> None:
    """At the recording's own times, or at once. What is printed does not depend on it."""
    times = [0.0, *(decision.at for decision in trace.decisions)]
    for (before, at), block in zip(pairwise(times), blocks, strict=True):
        if speed:
            time.sleep(max(0.0, at - before) / speed)
        print(block, flush=bool(speed))


def _summary(file: Path, known: int, foreign: int, under: _Under) -> str:
    p = under.presence
    return (
        f"{file.name}: {known} 帧认得的信标 frames of known beacons, {foreign} 帧其他 iBeacon frames of others\n"
        f"  紧挨 immediate ≤ {p.immediate_m:g} m, 附近 near ≤ {p.near_m:g} m, "
        f"{p.exit_s:g} s 无声即离开 of silence end a visit"
    )


def _outcome(decisions: tuple[Decision, ...], end_s: float) -> str:
    """Seconds that each project was on the screen."""
    shown = [(0.0, ""), *((d.at, d.after) for d in decisions if d.what is What.shown), (end_s, "")]
    seconds: dict[str, float] = {}
    for (start, project), (end, _) in pairwise(shown):
        seconds[project] = seconds.get(project, 0.0) + max(0.0, end - start)
    rows = ", ".join(f"{screen(project)} {total:.1f} s" for project, total in sorted(seconds.items()))
    return f"{len(decisions)} 次判定 decisions in {end_s:.1f} s. 屏幕 screen: {rows}"
