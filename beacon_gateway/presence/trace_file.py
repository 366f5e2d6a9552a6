"""Write and read a trace as JSON lines, version 1, with place beacons only.

Line 1, the header: {"trace": 1, "began": ISO 8601 or "", "thinned_s": seconds, "beacons": [Beacon…],
"presence": {PresenceRules}, "choice": {ChoiceRules}, "several": [[beacon, [project…]]…], "rules": {project:
{ProjectRule}}, "bound": [[beacon, [{Option}…]]…], "every_place": [{Option}…], "need": {project: share}}. The last
five are optional, and the last three come from the catalogue. `beacons` are the place beacons, each with its project;
"bound", "heard" and "level" use their index. Every other line has `at`, seconds since the first line, and one of

    "heard": beacon, "rssi": dBm or null, "adapter": "hci0", "power": announced dBm, if the settings have none
    "level": beacon, "level_db": dB against 1 m or null, "distance_m": metres or null, "zone": "near"
    "decision": the record of decision_json.py

People's tags are left out: when one of them selected a project, the decision's reason is "person_tag". A replay needs
only the `heard` lines; the others show the state at that time. Thinned frames are a part of the received ones, so a
replay of them may decide some tenths of a second later.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Final, Literal

from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.beacons import POWER_UNSET, Beacon, Sighting
from beacon_gateway.model.reasons import PersonTag
from beacon_gateway.presence.decision_json import DecisionUnreadable, build_decision_record, read_decision
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import ProjectRule, ProjectRules
from beacon_gateway.presence.trace import Decision, Heard, Level, Trace
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.project_rules import Bound, Option
from sync_contract.records import Door
from sync_contract.rssi import LEVELS, MAX_DBM, MIN_DBM, Dbm

VERSION: Final = 1
LONGEST_GAP_S = 3600.0
"""A longer silence is shortened to this."""
LONGEST_LINE = 512 * 1024
_LATEST_S = 1e12


class TraceUnreadable(GatewayError):
    """The file is not a trace that can be replayed; the text contains line and cause."""


@dataclass(frozen=True)
class Header:
    trace: Literal[1]
    began: str
    thinned_s: float
    beacons: tuple[Beacon, ...]
    presence: PresenceRules
    choice: ChoiceRules
    several: tuple[tuple[int, tuple[str, ...]], ...] = ()
    rules: dict[str, ProjectRule] = field(default_factory=dict)
    bound: tuple[tuple[int, tuple[Option, ...]], ...] = ()
    every_place: tuple[Option, ...] = ()
    need: dict[str, FiniteFloat] = field(default_factory=dict)

    @property
    def catalogue_bound(self) -> Bound:
        """The catalogue's bindings with rules."""
        return Bound({self.beacons[number].id: options for number, options in self.bound}, self.every_place)

    @property
    def project_rules(self) -> ProjectRules:
        return ProjectRules({self.beacons[number].id: projects for number, projects in self.several}, self.rules)


@dataclass(frozen=True, slots=True)
class Recording:
    """The contents of a trace for a replay; `at` of the sightings counts from 0 and never falls.

    `end_s`: the time of the last line, on the same clock.
    """

    header: Header
    sightings: tuple[Sighting, ...]
    end_s: float


@dataclass(frozen=True, slots=True)
class _HeardLine:
    at: FiniteFloat
    heard: int
    rssi: Dbm | None
    adapter: str
    power: Annotated[int, Field(ge=-128, le=127)] | None = None


_HEADER = TypeAdapter(Header)
_HEARD = TypeAdapter(_HeardLine)


def write_trace(
    trace: Trace,
    presence: PresenceRules,
    choice: ChoiceRules,
    bindings: Mapping[BeaconId, str],
    *,
    projects: ProjectRules | None = None,
    bound: Bound | None = None,
    need: Mapping[str, float] | None = None,
    began: str = "",
) -> Iterator[str]:
    """Yield the lines of the file, each with its newline. `began`: wall time of the first line, empty if not trusted.

    `bound`, `need`: the catalogue's.
    """
    places = tuple(
        replace(beacon, project=bindings.get(beacon.id, beacon.project))
        for beacon in trace.beacons
        if beacon.kind is BeaconKind.place
    )
    unset = {beacon.id for beacon in places if beacon.measured_power == POWER_UNSET}
    index = {beacon.id: number for number, beacon in enumerate(places)}
    rules = projects or ProjectRules()
    bound = bound or Bound()
    header = Header(
        VERSION,
        began,
        trace.thinned_s,
        places,
        presence,
        choice,
        tuple((index[id_], several) for id_, several in rules.several.items() if id_ in index),
        dict(rules.by_project),
        tuple((index[id_], options) for id_, options in bound.by_beacon.items() if id_ in index),
        bound.every_place,
        dict(need or {}),
    )
    yield _dump_line(_HEADER.dump_python(header, mode="json"))
    entries: list[Heard | Level | Decision] = [
        *trace.place_samples,
        *(decision for decision in trace.decisions if not decision.tag_class),
    ]
    entries.sort(key=lambda entry: entry.at)
    first = entries[0].at if entries else 0.0
    for entry in entries:
        yield _dump_line({"at": round(entry.at - first, 3)} | _build_line(entry, index, unset, first))


def _build_line(
    entry: Heard | Level | Decision, index: Mapping[BeaconId, int], unset: Collection[BeaconId], first: float
) -> dict[str, object]:
    match entry:
        case Heard():
            line: dict[str, object] = {"heard": index[entry.beacon], "rssi": entry.rssi, "adapter": entry.adapter}
            return line | {"power": entry.power} if entry.beacon in unset else line
        case Level():
            return {
                "level": index[entry.beacon],
                "level_db": None if entry.level_db is None else round(entry.level_db, 3),
                "distance_m": None if entry.distance_m is None else round(entry.distance_m, 3),
                "zone": entry.zone.value,
            }
        case Decision():
            reason = PersonTag() if entry.door is Door.tag else entry.reason
            return {"decision": build_decision_record(replace(entry, at=entry.at - first, reason=reason))}


def read_trace(lines: Iterable[str]) -> Recording:
    """Raise TraceUnreadable with the number of the line."""
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (1, ""))
    header = _read_header(first)
    sightings: list[Sighting] = []
    at, before, last = 0.0, 0.0, 0.0
    for number, text in numbered:
        found = _parse_line(number, text)
        if "heard" not in found:
            last = max(last, _check_other_line(number, found))
            continue
        try:
            line = _HEARD.validate_json(text, strict=True)
        except ValidationError as error:
            raise TraceUnreadable(f"line {number}: {_describe_fault(error)}") from error
        if not 0 <= line.heard < len(header.beacons):
            raise TraceUnreadable(f"line {number}: the header has no beacon {line.heard}")
        at += min(max(line.at - before, 0.0), LONGEST_GAP_S)
        before = line.at
        beacon = header.beacons[line.heard]
        sightings.append(Sighting(beacon.id, line.rssi, at, line.power, line.adapter))
    return Recording(header, tuple(sightings), at + min(max(last - before, 0.0), LONGEST_GAP_S))


def _read_header(text: str) -> Header:
    found = _parse_line(1, text)
    if found.get("trace") != VERSION:
        raise TraceUnreadable(f'line 1: a header with "trace": {VERSION} is expected (got {found.get("trace")!r:.40})')
    try:
        header = _HEADER.validate_json(text)
    except ValueError as error:
        raise TraceUnreadable(f"line 1: {_describe_fault(error)}") from error
    if fault := _find_out_of_bounds(header):
        raise TraceUnreadable(f"line 1: {fault}")
    return header


def _check_other_line(number: int, found: Mapping[str, Any]) -> float:
    """Return its time in seconds; 0 if it has none."""
    if isinstance(decision := found.get("decision"), dict):
        try:
            read_decision(decision)
        except DecisionUnreadable as error:
            raise TraceUnreadable(f"line {number}: decision: {error}") from error
    elif "level" not in found:
        raise TraceUnreadable(f"line {number}: heard, level or decision is expected")
    at = found.get("at")
    return float(min(at, _LATEST_S)) if isinstance(at, float | int) else 0.0


def _find_out_of_bounds(header: Header) -> str:
    """Return a value that no TOML allows, so no gateway can have written it; empty if there is none."""
    if any(beacon.kind is not BeaconKind.place for beacon in header.beacons):
        return "a trace contains place beacons only"
    if any(beacon.measured_power not in LEVELS for beacon in header.beacons):
        return f"measured_power: must be {MIN_DBM} to {MAX_DBM}"
    presence = header.presence
    exponents = [presence.path_loss_exponent, *(b.path_loss_exponent for b in header.beacons if b.path_loss_exponent)]
    if not all(1 <= exponent <= 6 for exponent in exponents):
        return "path_loss_exponent: must be 1 to 6"
    if not all(0 <= loss_db <= 40 for _, loss_db in presence.adapter_losses):
        return "adapter_losses: must be 0 to 40"
    for name, entries in (("several", header.several), ("bound", header.bound)):
        if any(not 0 <= number < len(header.beacons) for number, _ in entries):
            return f"{name}: the header has no such beacon"
    if not (
        presence.near_m <= 100
        and presence.exit_s <= 3600
        and 0 <= header.choice.hold_s <= 600
        and 0 <= header.choice.stay_s <= 600
    ):
        return "near_m is at most 100, exit_s at most 3600, hold_s and stay_s 0 to 600"
    return ""


def _parse_line(number: int, text: str) -> dict[str, Any]:
    if len(text) > LONGEST_LINE:
        raise TraceUnreadable(f"line {number}: longer than {LONGEST_LINE} characters")
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise TraceUnreadable(f"line {number}: not JSON: {error}") from error
    if not isinstance(found, dict):
        raise TraceUnreadable(f"line {number}: not a JSON object")
    return found


def _refuse_constant(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _describe_fault(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
    return str(error)


def _dump_line(found: Mapping[str, object]) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(", ", ": ")) + "\n"
