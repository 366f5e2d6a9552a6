"""beacon-gateway scan: show what is received now, which project would be shown, and why. It sends no adverts."""

import asyncio
import logging
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import structlog
from rich.console import Console
from rich.live import Live

from beacon_gateway import settings_mapping
from beacon_gateway.commands.decision_inputs import DecisionInputs, read_inputs
from beacon_gateway.commands.effective_settings import print_refused
from beacon_gateway.commands.scan_table import build_table, word_rows
from beacon_gateway.commands.terminal_wrap import print_folded
from beacon_gateway.errors import GatewayError
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.choice_factory import build_choice
from beacon_gateway.presence.decision_engine import TICK_S, DecisionEngine
from beacon_gateway.presence.explain.decision_wording import word_decisions
from beacon_gateway.presence.explain.live_table import Listening
from beacon_gateway.presence.statistics import Collector
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.trace_file import write_trace
from beacon_gateway.presence.visit_tracker import Tracker
from beacon_gateway.radio.backend_selection import BackendSelector
from beacon_gateway.radio.radio_factory import RadioPlan, Radios, make_radios
from beacon_gateway.radio.scan.recorder import Recorder
from daemonkit.clock import clock_synchronised
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused
from sync_contract.catalogue import BeaconKind
from sync_contract.permit import OFFICIAL_TIME

FAILURE, USAGE, CONFIGURATION = 1, 2, 78
PLAIN_EVERY_S = 5.0
_NO_TAGS = "  回放时看不到卡引起的换屏 a replay will not show screen changes caused by a card"


@dataclass(frozen=True, slots=True)
class ScanOutputs:
    """Files written at the end. `trace`: the activity of place beacons; `record`: their frames as btsnoop, with
    `everybody` also those of people's tags and unknown beacons."""

    trace: Path | None = None
    record: Path | None = None
    everybody: bool = False


@dataclass(frozen=True, slots=True)
class _Scan:
    """A running scan. `began`: monotonic seconds; `wall`: the same moment as a date."""

    inputs: DecisionInputs
    radios: Radios
    engine: DecisionEngine
    listening: Listening
    collector: Collector
    outputs: ScanOutputs
    recorder: Recorder | None
    began: float
    wall: datetime
    stop: asyncio.Event
    seconds: float | None

    def hear(self, sighting: Sighting) -> None:
        self.collector.add_frame(sighting)
        self.listening.hear(sighting)
        if self.recorder:
            self.recorder.record(sighting)

    async def is_over(self) -> bool:
        """Wait for the next tick; return whether the scan was stopped or its time is over."""
        ends_at = None if self.seconds is None else self.began + self.seconds
        left_s = TICK_S if ends_at is None else min(TICK_S, ends_at - time.monotonic())
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stop.wait(), max(0.0, left_s))
        return self.stop.is_set() or (ends_at is not None and time.monotonic() >= ends_at)


def run(
    config: Path, state_dir: Path, radio: str, seconds: float | None, plain: bool, foreign: bool, outputs: ScanOutputs
) -> int:
    """Return the exit code: 0, 1 if the radio or a file fails, 2 for an unknown `radio`, 78 for invalid settings.

    `state_dir`: its enrolment and catalogue are used and only read.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # the table shows it
    try:
        inputs = read_inputs(config, state_dir)
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return CONFIGURATION
    try:
        return asyncio.run(_scan(inputs, radio, seconds, plain or not sys.stdout.isatty(), foreign, outputs))
    except GatewayError as error:
        print(f"beacon-gateway scan: {error}", file=sys.stderr)
        return FAILURE


def plan_radio(inputs: DecisionInputs, backend: str) -> RadioPlan:
    """Return the plan without our adverts: a scan sends none, and those that it receives come from the running gateway.

    The scan takes no recovery steps: two programs that switch one adapter would disturb each other.
    """
    plan = settings_mapping.radio_plan(inputs.settings, inputs.offer.beacons)
    return replace(plan, frames=(), observe_only=True) if backend == "bluez" else plan


async def _scan(
    inputs: DecisionInputs, radio: str, seconds: float | None, plain: bool, foreign: bool, outputs: ScanOutputs
) -> int:
    try:
        backend = await BackendSelector(radio).resolve(inputs.settings.site.environment)
        radios = make_radios(backend, plan_radio(inputs, backend))
    except ValueError as error:
        print(f"beacon-gateway scan: {error}", file=sys.stderr)
        return USAGE
    scan = _build_scan(inputs, radios, seconds, foreign, outputs)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, scan.stop.set)
    hearing = asyncio.create_task(radios.scanner.hear(scan.hear), name="radio")
    hearing.add_done_callback(lambda _: scan.stop.set())
    print_folded(inputs.sources, flush=True)
    try:
        await (_show_lines(scan) if plain else _show_table(scan))
    finally:
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing  # raises RadioLost
    return 0 if _write_trace(scan) and _write_recording(scan) else FAILURE


def _build_scan(
    inputs: DecisionInputs, radios: Radios, seconds: float | None, foreign: bool, outputs: ScanOutputs
) -> _Scan:
    settings, offer, beacons = inputs.settings, inputs.offer, inputs.beacons
    began, wall = time.monotonic(), datetime.now(UTC)
    collector = settings_mapping.collector(settings, offer.beacons)
    choice = build_choice(
        settings_mapping.choice_rules(settings),
        settings_mapping.project_rules(settings),
        collector,
        official=lambda _now: datetime.now(OFFICIAL_TIME) if clock_synchronised() else None,
        bound=lambda: offer.bound,
        need=lambda: offer.need,
    )
    tracker = Tracker(beacons, settings_mapping.presence_rules(settings))
    trace = Trace(beacons, thinned_s=0 if outputs.trace else 1.0)
    engine = DecisionEngine(tracker, choice, trace, lambda: offer.bindings)
    places = None if outputs.everybody else {b.id for b in beacons if b.kind is BeaconKind.place}
    recorder = Recorder(places, began=wall, began_at=began) if outputs.record else None
    listening = Listening(beacons, engine, inputs.list_projects(), strangers=foreign, at=began)
    return _Scan(inputs, radios, engine, listening, collector, outputs, recorder, began, wall, asyncio.Event(), seconds)


def _write_trace(scan: _Scan) -> bool:
    file = scan.outputs.trace
    if file is None:
        return True
    settings, offer = scan.inputs.settings, scan.inputs.offer
    lines = list(
        write_trace(
            scan.engine.trace,
            settings_mapping.presence_rules(settings),
            settings_mapping.choice_rules(settings),
            offer.bindings,
            projects=settings_mapping.project_rules(settings),
            bound=offer.bound,
            need=offer.need,
            began=scan.wall.isoformat(timespec="seconds") if clock_synchronised() else "",
        )
    )
    if not _write(file, "".join(lines).encode()):
        return False
    print(f"{file}: 已写轨迹 trace written, {len(lines)} 行 lines; 随身卡不在其中 people's tags are left out")
    print(_NO_TAGS)
    return True


def _write_recording(scan: _Scan) -> bool:
    file, recorder = scan.outputs.record, scan.recorder
    if file is None or recorder is None:
        return True
    if not _write(file, recorder.build_file()):
        return False
    print(f"{file}: 已录 recorded {recorder.frames} 帧 frames")
    if recorder.over_limit:
        print(f"  录满了,后面的没有录 full: {recorder.over_limit} 帧 later frames are left out")
    if scan.outputs.everybody:
        print("  含随身卡和陌生信标,用完请删除 it contains tags and unknown beacons: delete it after use")
    else:
        omitted = recorder.left_out
        print(
            f"  没有录随身卡和陌生信标({omitted} 帧)"
            f" people's tags and unknown beacons are left out ({omitted} frames): --all"
        )
        print(_NO_TAGS)
    return True


def _write(file: Path, content: bytes) -> bool:
    try:
        write_atomically(file, content, mode=0o600)
    except OSError as error:
        print(f"beacon-gateway scan: {file}: {error.strerror}", file=sys.stderr)
        return False
    return True


async def _show_table(scan: _Scan) -> None:
    with Live(console=Console(), auto_refresh=False) as live:
        while True:
            now = time.monotonic()
            scan.listening.tick(now)
            table = build_table(scan.listening, scan.engine.chosen, scan.radios, now, now - scan.began)
            live.update(table, refresh=True)
            if await scan.is_over():
                return


async def _show_lines(scan: _Scan) -> None:
    """Print each decision at once, and what is received every 5 s and at the end. People's tags by class only."""
    printed, shown, next_at = 0, "", 0.0
    while True:
        now = time.monotonic()
        scan.listening.tick(now)
        trace = scan.engine.trace
        fresh = [replace(each, at=each.at - scan.began) for each in trace.decisions if each.number > printed]
        printed = fresh[-1].number if fresh else printed
        for block in word_decisions(fresh, trace.beacons, shown):
            print_folded(block)
        shown = scan.engine.chosen.project or ""
        over = await scan.is_over()
        if over or now - scan.began >= next_at:
            next_at = now - scan.began + PLAIN_EVERY_S
            print_folded(word_rows(scan.listening, scan.engine.chosen, scan.radios, now, now - scan.began), flush=True)
        if over:
            return
