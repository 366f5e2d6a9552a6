"""Write the accepted proposal into the settings file; comments and everything else stay."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from beacon_gateway.calibration.measurement import Level
from beacon_gateway.calibration.proposal import Proposal, SpotForecast
from beacon_gateway.commands.effective_settings import load_settings
from beacon_gateway.commands.settings_edit import write_settings
from beacon_gateway.model.beacons import POWER_UNSET, Beacon
from beacon_gateway.settings import Settings
from beacon_gateway.store.acceptance import store_walk
from daemonkit.state_owner import as_owner
from daemonkit.toml_edit import Change
from sync_contract.acceptance_sheet import SheetLevel, SheetSpot, SheetWalk, SheetZones, SpotKind
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind

Walls = Mapping[BeaconId, Mapping[str, Level]]
"""Levels of fixed beacons by adapter."""
MIN_WALL_FRAMES = 30


def write_accepted(config: Path, state_dir: Path, proposal: Proposal, tag: Beacon, walls: Walls) -> tuple[Change, ...]:
    """Write what was proposed, and the levels of the fixed beacons that will reveal a change of the hall.

    Return the changes. The new text is checked before it replaces the file. Raise ConfigRefused, OSError."""
    settings = load_settings(config, state_dir)
    return write_settings(config, state_dir, _wanted(settings, proposal, tag, walls))


def save_walk(state_dir: Path, proposal: Proposal) -> None:
    """Store the accepted walk for the acceptance sheet; without a state folder, nothing. Raise OSError."""
    if not state_dir.is_dir():
        return
    rules = proposal.rules
    zones = SheetZones(immediate_m=rules.immediate_m, near_m=rules.near_m, path_loss_exponent=rules.path_loss_exponent)
    spots = tuple(_sheet_spot(each) for each in proposal.spots)
    with as_owner(state_dir):
        store_walk(state_dir, SheetWalk(at=datetime.now(UTC), good=proposal.good, zones=zones, spots=spots))


def _sheet_spot(found: SpotForecast) -> SheetSpot:
    spot = found.measurement.spot
    levels = tuple(
        SheetLevel(adapter=adapter, dbm=round(level.dbm, 1), frames=level.frames)
        for adapter, level in found.measurement.levels().items()
    )
    return SheetSpot(
        kind=SpotKind(spot.kind.value),
        metres=spot.metres,
        name=spot.name[:120],
        levels=levels,
        wrong_per_hour=round(found.wrong_per_hour, 1),
    )


def _wanted(
    settings: Settings, proposal: Proposal, tag: Beacon, walls: Walls
) -> Iterator[tuple[tuple[str | int, ...], object]]:
    rules = proposal.rules
    yield ("presence", "immediate_m"), rules.immediate_m
    yield ("presence", "near_m"), rules.near_m
    yield ("presence", "path_loss_exponent"), rules.path_loss_exponent
    if rules.adapter_losses:
        yield ("radio", "loss_db"), dict(rules.adapter_losses)
    if settings.presence.stay_s != proposal.choice.stay_s:
        yield ("presence", "stay_s"), proposal.choice.stay_s
    if settings.presence.retreat_s != rules.retreat_s:
        yield ("presence", "retreat_s"), rules.retreat_s
    for number, entry in enumerate(settings.beacons):
        same_model = entry.tag_class == tag.tag_class and (entry.measured_power or POWER_UNSET) == tag.measured_power
        if entry.id == tag.id or (entry.kind is tag.kind and same_model):
            yield ("beacons", number, "measured_power"), proposal.power
        levels = {
            adapter: round(level.dbm, 1)
            for adapter, level in walls.get(entry.id, {}).items()
            if level.frames >= MIN_WALL_FRAMES
        }
        if levels and entry.kind is BeaconKind.place:
            yield ("beacons", number, "accepted_dbm"), levels
