"""beacon-gateway scan: a live table of what is heard, which project would show, and why. It advertises nothing."""

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
from beacon_gateway.commands.scan_table import plain_rows, table
from beacon_gateway.commands.terminal_wrap import print_folded
from beacon_gateway.errors import GatewayError
from beacon_gateway.model.beacons import Sighting
from beacon_gateway.presence.choice_factory import build_choice
from beacon_gateway.presence.decision_engine import TICK_S, DecisionEngine
from beacon_gateway.presence.explain.decision_wording import word_decisions
from beacon_gateway.presence.explain.live_table import Listening
from beacon_gateway.presence.trace import Trace
from beacon_gateway.presence.trace_file import write_trace
from beacon_gateway.presence.tracker import Tracker
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
_NO_TAGS = "  回放时看不到卡引起的换屏 a replay will not show the turns that a card caused"


@dataclass(frozen=True, slots=True)
class Kept:
    """Files written at the end. `trace`: what place beacons did; `record`: frames, as btsnoop, of place beacons or,
    with `everybody`, of people's tags and strangers too."""

    trace: Path | None = None
    record: Path | None = None
    everybody: bool = False


def run(
    config: Path, state_dir: Path, radio: str, seconds: float | None, plain: bool, foreign: bool, kept: Kept
) -> int:
    """The exit code: 0, 1 when there is no radio or no file, 2 for an unknown `radio`, 78 for a broken TOML.

    `state_dir`: the enrolment and the catalogue there count as for the gateway; they are only read.
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # the table says it
    try:
        basis = read_inputs(config, state_dir)
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return CONFIGURATION
    try:
        return asyncio.run(_scan(basis, radio, seconds, plain or not sys.stdout.isatty(), foreign, kept))
    except GatewayError as error:
        print(f"beacon-gateway scan: {error}", file=sys.stderr)
        return FAILURE


def plan_of(basis: DecisionInputs, word: str) -> RadioPlan:
    """Without our adverts: a scan sends none, and what it hears of them the running gateway sends, no stranger.

    What a fault asks for is the gateway's to do: two programs that switch one adapter would be in each other's way.
    """
    plan = settings_mapping.radio_plan(basis.settings, basis.offer.beacons)
    return replace(plan, frames=(), observe_only=True) if word == "bluez" else plan


async def _scan(
    basis: DecisionInputs, radio: str, seconds: float | None, plain: bool, foreign: bool, kept: Kept
) -> int:
    settings, offer = basis.settings, basis.offer
    try:
        word = await BackendSelector(radio).resolve(settings.site.environment)
        radios = make_radios(word, plan_of(basis, word))
    except ValueError as error:
        print(f"beacon-gateway scan: {error}", file=sys.stderr)
        return USAGE
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    began, wall = time.monotonic(), datetime.now(UTC)
    beacons, bindings = basis.beacons, offer.bindings
    presence, choice = settings_mapping.presence_rules(settings), settings_mapping.choice_rules(settings)
    trace = Trace(beacons, thinned_s=0 if kept.trace else 1.0)
    collector = settings_mapping.collector(settings, offer.beacons)

    def official(_now: float) -> datetime | None:
        return datetime.now(OFFICIAL_TIME) if clock_synchronised() else None

    projects = settings_mapping.project_rules(settings)
    choice_now = build_choice(
        choice, projects, collector, official=official, bound=lambda: offer.bound, need=lambda: offer.need
    )
    decide = DecisionEngine(Tracker(beacons, presence), choice_now, trace, lambda: bindings)
    known_places = None if kept.everybody else {b.id for b in beacons if b.kind is BeaconKind.place}
    recorder = Recorder(known_places, began=wall, began_at=began) if kept.record else None
    listening = Listening(beacons, decide, basis.brought(), strangers=foreign, at=began)

    def hear(sighting: Sighting) -> None:
        collector.add_frame(sighting)
        listening.hear(sighting)
        if recorder:
            recorder.record(sighting)

    hearing = asyncio.create_task(radios.scanner.hear(hear), name="radio")
    hearing.add_done_callback(lambda _: stop.set())
    show = _show_lines if plain else _show_table
    print_folded(basis.words, flush=True)
    try:
        await show(listening, decide, radios, stop, began, seconds)
    finally:
        hearing.cancel()
        with suppress(asyncio.CancelledError):
            await hearing  # raises RadioLost
    if kept.trace is not None:
        began_at = wall.isoformat(timespec="seconds") if clock_synchronised() else ""
        lines = [
            *write_trace(
                trace,
                presence,
                choice,
                bindings,
                projects=projects,
                bound=offer.bound,
                need=offer.need,
                began=began_at,
            )
        ]
        if not _written(kept.trace, "".join(lines).encode()):
            return FAILURE
        _tell_traced(kept.trace, len(lines))
    if recorder and kept.record is not None:
        if not _written(kept.record, recorder.build_file()):
            return FAILURE
        _tell_recorded(kept, recorder)
    return 0


def _written(file: Path, octets: bytes) -> bool:
    try:
        write_atomically(file, octets, mode=0o600)
    except OSError as error:
        print(f"beacon-gateway scan: {file}: {error.strerror}", file=sys.stderr)
        return False
    return True


def _tell_traced(file: Path, lines: int) -> None:
    print(f"{file}: 已写轨迹 trace written, {lines} 行 lines; 随身卡不在其中 people's tags are left out")
    print(_NO_TAGS)


def _tell_recorded(kept: Kept, recorder: Recorder) -> None:
    print(f"{kept.record}: 已录 recorded {recorder.frames} 帧 frames")
    if recorder.over_limit:
        print(f"  录满了,后面的没有录 full: {recorder.over_limit} 帧 later frames are not in it")
    if kept.everybody:
        print("  含随身卡和陌生信标,用完请删除 tags and strangers are in it: delete it when done")
    else:
        left = recorder.left_out
        print(f"  没有录随身卡和陌生信标({left} 帧) people's tags and strangers are left out ({left} frames): --all")
        print(_NO_TAGS)


async def _show_table(
    listening: Listening,
    decide: DecisionEngine,
    radios: Radios,
    stop: asyncio.Event,
    began: float,
    seconds: float | None,
) -> None:
    console = Console()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            now = time.monotonic()
            listening.tick(now)
            live.update(table(listening, decide.chosen, radios, now, now - began), refresh=True)
            if await _stopped(stop, began, seconds):
                return


async def _show_lines(
    listening: Listening,
    decide: DecisionEngine,
    radios: Radios,
    stop: asyncio.Event,
    began: float,
    seconds: float | None,
) -> None:
    """Each decision when it is taken; what is heard every 5 s and at the end. May be kept: people's tags by class."""
    told, shown, next_at = 0, "", 0.0
    while True:
        now = time.monotonic()
        listening.tick(now)
        fresh = [replace(d, at=d.at - began) for d in decide.trace.decisions if d.number > told]
        told = fresh[-1].number if fresh else told
        for block in word_decisions(fresh, decide.trace.beacons, shown):
            print_folded(block)
        shown = decide.chosen.project or ""
        over = await _stopped(stop, began, seconds)
        if over or now - began >= next_at:
            next_at = now - began + PLAIN_EVERY_S
            print_folded(plain_rows(listening, decide.chosen, radios, now, now - began), flush=True)
        if over:
            return


async def _stopped(stop: asyncio.Event, began: float, seconds: float | None) -> bool:
    left_s = TICK_S if seconds is None else min(TICK_S, began + seconds - time.monotonic())
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), max(0.0, left_s))
    return stop.is_set() or (seconds is not None and time.monotonic() >= began + seconds)
