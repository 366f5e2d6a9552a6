"""beacon-gateway calibrate: measure a tag at spots of the hall, propose the settings of presence, write them."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog
import typer

from beacon_gateway import settings_mapping
from beacon_gateway.calibration.hall_picture import draw_hall
from beacon_gateway.calibration.measurement import Measurement, Spot, SpotKind
from beacon_gateway.calibration.proposal import Proposal, propose
from beacon_gateway.calibration.walk_check import WalkFault, WrongTag, find_spot_fault, find_walk_fault
from beacon_gateway.calibration.walk_recorder import SpotRecording, WalkRecorder
from beacon_gateway.commands import calibrate_wording as wording
from beacon_gateway.commands.calibrate_settings import Walls, save_walk, write_accepted
from beacon_gateway.commands.decision_inputs import DecisionInputs, read_inputs
from beacon_gateway.commands.effective_settings import print_refused
from beacon_gateway.commands.installer_dialogue import Dialogue, TerminalDialogue
from beacon_gateway.commands.scan import CONFIGURATION, FAILURE, USAGE, plan_radio
from beacon_gateway.errors import GatewayError
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.radio.backend_selection import BackendSelector
from beacon_gateway.radio.radio_factory import make_radios
from daemonkit.files import write_atomically
from daemonkit.toml import ConfigRefused
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

PROGRESS_S = 10.0
MIN_METRES, MAX_METRES = 1.5, 60.0
_YES = ("y", "yes", "是", "好", "接受")


@dataclass(frozen=True, slots=True)
class WalkOptions:
    """`tag`: MAJOR/MINOR or the label; empty: the loudest at 1 m. `spots`: those beyond 1 m with a known distance.

    `seconds`: at each spot. `accept`: write without a question. `picture`: an SVG file.
    """

    tag: str = ""
    spots: tuple[Spot, ...] = ()
    seconds: float = 60.0
    accept: bool = False
    picture: Path | None = None


class WalkEnded(Exception):
    """The walk ended without a result; `code`: exit code."""

    def __init__(self, text: str, code: int = FAILURE) -> None:
        super().__init__(text)
        self.code = code


def run(config: Path, state_dir: Path, radio: str, options: WalkOptions) -> int:
    """Return the exit code: 0, 1 if the walk gives no result, 2 for bad options, 78 for invalid settings."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        inputs = read_inputs(config, state_dir)
        return asyncio.run(_run(inputs, config, state_dir, radio, options))
    except ConfigRefused as refused:
        print_refused(refused, state_dir)
        return CONFIGURATION
    except (GatewayError, OSError) as error:
        print(f"beacon-gateway calibrate: {error}", file=sys.stderr)
        return FAILURE


async def _run(inputs: DecisionInputs, config: Path, state_dir: Path, radio: str, options: WalkOptions) -> int:
    try:
        backend = await BackendSelector(radio).resolve(inputs.settings.site.environment)
        radios = make_radios(backend, plan_radio(inputs, backend))
    except ValueError as error:
        print(f"beacon-gateway calibrate: {error}", file=sys.stderr)
        return USAGE
    return await calibrate(inputs, config, state_dir, radios.scanner.hear, TerminalDialogue(), options)


async def calibrate(
    inputs: DecisionInputs,
    config: Path,
    state_dir: Path,
    receive: Callable[[Callable[[Sighting], None]], Awaitable[None]],
    dialogue: Dialogue,
    options: WalkOptions,
) -> int:
    """Take the walk and return the exit code. `receive` reports sightings until cancelled."""
    recorder = WalkRecorder(inputs.beacons)
    walk = asyncio.ensure_future(_take_walk(inputs, recorder, dialogue, options))
    receiving = asyncio.ensure_future(receive(recorder.hear))
    try:
        await asyncio.wait({walk, receiving}, return_when=asyncio.FIRST_COMPLETED)
        if not walk.done():
            receiving.result()  # raises RadioLost
        tag, measurements = await walk
    except WalkEnded as ended:
        dialogue.show(f"{ended}\n{wording.NOTHING_CHANGED}")
        return ended.code
    finally:
        for task in (walk, receiving):
            task.cancel()
            with suppress(asyncio.CancelledError, GatewayError, WalkEnded):
                await task
    settings = inputs.settings
    listed = {entry.id for entry in settings.beacons}
    rules, choice = settings_mapping.presence_rules(settings), settings_mapping.choice_rules(settings)
    dialogue.show(wording.CALCULATING)
    proposal = await asyncio.to_thread(propose, measurements, tag, rules, choice)
    dialogue.show(wording.word_proposal(proposal, rules, tag))
    if options.picture:
        try:
            write_atomically(options.picture, draw_hall(proposal, wording.PICTURE_TITLE).encode(), mode=0o644)
            dialogue.show(wording.word_picture(options.picture))
        except OSError as error:  # the walk took minutes; its result is not lost with the picture
            dialogue.show(wording.word_no_picture(options.picture, error))
    return await _ask_and_write(config, state_dir, dialogue, options, proposal, tag, recorder.wall_levels(), listed)


async def _ask_and_write(
    config: Path,
    state_dir: Path,
    dialogue: Dialogue,
    options: WalkOptions,
    proposal: Proposal,
    tag: Beacon,
    walls: Walls,
    listed: Collection[BeaconId],
) -> int:
    """`listed`: the beacons of the settings file; only their power can be written there."""
    answer = "y" if options.accept else await dialogue.ask(wording.ACCEPT)
    if (answer or "").lower() not in _YES:
        dialogue.show(wording.NOTHING_CHANGED)
        return 0
    changes = write_accepted(config, state_dir, proposal, tag, walls)
    save_walk(state_dir, proposal)
    dialogue.show(wording.word_written(config, changes))
    if tag.id not in listed and tag.measured_power != proposal.power:
        dialogue.show(wording.word_power_elsewhere(tag, proposal.power))
    return 0


async def _take_walk(
    inputs: DecisionInputs, recorder: WalkRecorder, dialogue: Dialogue, options: WalkOptions
) -> tuple[Beacon, Sequence[Measurement]]:
    """Measure 1 m, then each other spot. Raise WalkEnded."""
    tags = [beacon for beacon in inputs.beacons if beacon.kind is BeaconKind.person and not beacon.own]
    tag = find_tag(tags, options.tag)
    if not tags:
        raise WalkEnded(wording.NO_TAGS, USAGE)
    dialogue.show(wording.BEFORE)
    spots = [Spot(SpotKind.reference, 1.0), *await _ask_spots(dialogue, options)]
    measurements: list[Measurement] = []
    for number, spot in enumerate(spots, 1):
        while True:
            recording = await _record(recorder, dialogue, spot, (number, len(spots)), options.seconds)
            if tag is None:
                tag = recording.loudest(tags)
            fault = _find_fault(recording, tag, tags, spot)
            if fault is None:
                break
            dialogue.show(wording.word_fault(fault))
            if (await dialogue.ask(wording.AGAIN) or "n").lower() not in (*_YES, ""):
                raise WalkEnded(wording.GAVE_UP)
            tag = None if isinstance(fault, WrongTag) and not options.tag else tag
        assert tag is not None
        measurements.append(recording.measurement(tag.id))
        dialogue.show(wording.word_measurement(measurements[-1], tag))
    assert tag is not None
    if fault := find_walk_fault(measurements):
        raise WalkEnded(wording.word_fault(fault))
    return tag, measurements


def _find_fault(recording: SpotRecording, tag: Beacon | None, tags: Sequence[Beacon], spot: Spot) -> WalkFault | None:
    if tag is None:
        return find_spot_fault(Measurement(spot, recording.began, recording.seconds, ()), 0, {})
    others = {each.label: level for each in tags if each != tag and (level := recording.level(each.id)) is not None}
    return find_spot_fault(recording.measurement(tag.id), recording.received.get(tag.id, 0), others)


async def _record(
    recorder: WalkRecorder, dialogue: Dialogue, spot: Spot, place: tuple[int, int], seconds: float
) -> SpotRecording:
    if await dialogue.ask(wording.word_spot(spot, place, seconds)) is None:
        raise WalkEnded(wording.GAVE_UP)
    began = dialogue.now()
    recorder.begin(spot, began)
    while (left_s := began + seconds - dialogue.now()) > 0:
        await dialogue.pause(min(PROGRESS_S, left_s))
        dialogue.show(wording.word_progress(dialogue.now() - began, seconds, recorder.frames))
    return recorder.end(dialogue.now())


async def _ask_spots(dialogue: Dialogue, options: WalkOptions) -> list[Spot]:
    spots = list(options.spots)
    for kind in (SpotKind.door, SpotKind.far_wall):
        if all(spot.kind is not kind for spot in spots):
            spots.append(Spot(kind, await _ask_metres(dialogue, kind)))
    return sorted(spots, key=lambda spot: (list(SpotKind).index(spot.kind), spot.metres))


async def _ask_metres(dialogue: Dialogue, kind: SpotKind) -> float:
    while True:
        answer = await dialogue.ask(wording.word_metres_question(kind))
        if answer is None:
            raise WalkEnded(wording.GAVE_UP)
        with suppress(ValueError):
            if MIN_METRES <= (metres := float(answer.replace(",", ".").removesuffix("m").strip())) <= MAX_METRES:
                return metres
        dialogue.show(wording.METRES_REFUSED)


def find_tag(tags: Sequence[Beacon], text: str) -> Beacon | None:
    """Return the tag with this MAJOR/MINOR or label; None for an empty text. Raise WalkEnded."""
    if not text:
        return None
    for tag in tags:
        if text in (f"{tag.id.major}/{tag.id.minor}", tag.label):
            return tag
    raise WalkEnded(wording.word_unknown_tag(text, tags), USAGE)


def parse_spots(door: float | None, wall: float | None, neighbours: Sequence[str]) -> tuple[Spot, ...]:
    """Return the spots of the options. Raise typer.BadParameter for a neighbour that is not NAME:METRES."""
    spots = [Spot(kind, metres) for kind, metres in ((SpotKind.door, door), (SpotKind.far_wall, wall)) if metres]
    for text in neighbours:
        name, _, metres = text.rpartition(":")
        try:
            spots.append(Spot(SpotKind.neighbour, float(metres), name))
        except ValueError:
            raise typer.BadParameter(f"{text}: NAME:METRES is expected, such as east:6") from None
        if not name or not MIN_METRES <= spots[-1].metres <= MAX_METRES:
            raise typer.BadParameter(f"{text}: a name, and {MIN_METRES:g} to {MAX_METRES:g} metres are expected")
    return tuple(spots)
