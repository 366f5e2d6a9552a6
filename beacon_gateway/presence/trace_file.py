"""The trace as a file: JSON lines, version 1, of place beacons only.

Line 1, the header: {"trace": 1, "began": ISO 8601 or "", "thinned_s": seconds, "beacons": [Beacon…],
"presence": {PresenceRules}, "choice": {ChoiceRules}, "several": [[beacon, [project…]]…], "rules": {project:
{ProjectRule}}, "bound": [[beacon, [{Option}…]]…], "every_place": [{Option}…], "need": {project: share}}; the last
five may be left out, and the last three are the catalogue's. `beacons` are the place beacons, each with the project
that it brought; other lines name them by their index. Every other line has `at`, seconds since the first line, and
one of

    "heard": beacon, "rssi": dBm or null, "adapter": "hci0"
    "level": beacon, "level_db": dB against 1 m or null, "distance_m": metres or null, "zone": "near"
    "decided": "arrived" | "zone" | "left" | "shown", "beacon": index or null, "rssi", "level_db", "distance_m",
        "edges": [{"edge_m", "evidence_s", "asked_s", "crossings"}…], "rule": words, "before", "after", "dwell_s"

Of people's tags nothing is written: a project that one of them brought is a "shown" with the rule "a person's tag".
A replay needs the `heard` lines alone; the others say what was believed at the time. Thinned frames are a part of
those that were heard, so a replay of them may decide some tenths of a second later.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from beacon_gateway.errors import GatewayError
from beacon_gateway.model.beacons import Beacon, Sighting
from beacon_gateway.presence.explain.trace_json import edges
from beacon_gateway.presence.presence_rules import ChoiceRules, PresenceRules
from beacon_gateway.presence.project_selection import ProjectRule, ProjectRules
from beacon_gateway.presence.trace import Decision, Heard, Level, Trace
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.project_rules import Bound, Option
from sync_contract.records import Door
from sync_contract.rssi import Dbm, is_level

VERSION: Final = 1
LONGEST_GAP_S = 3600.0
"""More silence than this tells nothing more."""
LONGEST_LINE = 512 * 1024
_LATEST_S = 1e12
BY_A_PERSON = "a person's tag"


class TraceUnreadable(GatewayError):
    """Not a trace that can be replayed; the text says which line and why."""


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
    def of_catalogue(self) -> Bound:
        """What the catalogue bound by rules."""
        return Bound({self.beacons[number].id: options for number, options in self.bound}, self.every_place)

    @property
    def projects(self) -> ProjectRules:
        return ProjectRules({self.beacons[number].id: brought for number, brought in self.several}, self.rules)


@dataclass(frozen=True, slots=True)
class Recording:
    """What a trace holds for a replay; `at` of the sightings counts from 0 and never falls.

    `end_s`: the time of the last line, by the same count.
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


_HEADER = TypeAdapter(Header)
_HEARD = TypeAdapter(_HeardLine)


def trace_lines(
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
    """The lines of the file, each with its newline. `began`: wall time of the first line, empty when not trusted.

    `bound`, `need`: the catalogue's. People's tags are left out of them.
    """
    places = tuple(
        replace(beacon, project=bindings.get(beacon.id, beacon.project))
        for beacon in trace.beacons
        if beacon.kind is BeaconKind.place
    )
    index = {beacon.id: number for number, beacon in enumerate(places)}
    rules = projects or ProjectRules()
    several = tuple((index[id_], brought) for id_, brought in rules.several.items() if id_ in index)
    told = bound or Bound()
    header = Header(
        VERSION,
        began,
        trace.thinned_s,
        places,
        presence,
        choice,
        several,
        dict(rules.by_project),
        tuple((index[id_], options) for id_, options in told.by_beacon.items() if id_ in index),
        told.every_place,
        dict(need or {}),
    )
    yield _line(_HEADER.dump_python(header, mode="json"))
    entries: list[Heard | Level | Decision] = [
        *trace.place_samples,
        *(decision for decision in trace.decisions if not decision.tag_class),
    ]
    entries.sort(key=lambda entry: entry.at)
    first = entries[0].at if entries else 0.0
    for entry in entries:
        yield _line({"at": round(entry.at - first, 3)} | _words(entry, index))


def _words(entry: Heard | Level | Decision, index: Mapping[BeaconId, int]) -> dict[str, object]:
    match entry:
        case Heard():
            return {"heard": index[entry.beacon], "rssi": entry.rssi, "adapter": entry.adapter}
        case Level():
            return {
                "level": index[entry.beacon],
                "level_db": _rounded(entry.level_db),
                "distance_m": _rounded(entry.distance_m),
                "zone": entry.zone.value,
            }
        case Decision():
            return {
                "decided": entry.what.value,
                "beacon": None if entry.beacon is None else index.get(entry.beacon),
                "rssi": entry.rssi,
                "level_db": _rounded(entry.level_db),
                "distance_m": _rounded(entry.distance_m),
                "edges": edges(entry.crossed),
                "rule": BY_A_PERSON if entry.door is Door.tag else entry.rule,
                "before": entry.before,
                "after": entry.after,
                "dwell_s": _rounded(entry.dwell_s),
            }


def read_trace(lines: Iterable[str]) -> Recording:
    """Raises TraceUnreadable, which names the line."""
    numbered = enumerate(lines, start=1)
    _, first = next(numbered, (1, ""))
    found = _object(1, first)
    if found.get("trace") != VERSION:
        raise TraceUnreadable(f'line 1: a header with "trace": {VERSION} is expected (got {found.get("trace")!r:.40})')
    try:
        header = _HEADER.validate_json(first)
    except (ValidationError, ValueError) as error:
        raise TraceUnreadable(f"line 1: {_reason(error)}") from error
    if fault := _out_of_bounds(header):
        raise TraceUnreadable(f"line 1: {fault}")
    sightings: list[Sighting] = []
    at, before, last = 0.0, 0.0, 0.0
    for number, text in numbered:
        found = _object(number, text)
        if "heard" not in found:
            if not {"level", "decided"} & found.keys():
                raise TraceUnreadable(f"line {number}: heard, level or decided is expected")
            last = max(last, _at(found))
            continue
        try:
            line = _HEARD.validate_json(text, strict=True)
        except ValidationError as error:
            raise TraceUnreadable(f"line {number}: {_reason(error)}") from error
        if not 0 <= line.heard < len(header.beacons):
            raise TraceUnreadable(f"line {number}: the header has no beacon {line.heard}")
        at += min(max(line.at - before, 0.0), LONGEST_GAP_S)
        before = line.at
        beacon = header.beacons[line.heard]
        sightings.append(Sighting(beacon.id, line.rssi, at, None, line.adapter))
    return Recording(header, tuple(sightings), at + min(max(last - before, 0.0), LONGEST_GAP_S))


def _at(found: Mapping[str, object]) -> float:
    """Seconds; 0 where no time stands."""
    at = found.get("at")
    return float(min(at, _LATEST_S)) if isinstance(at, float | int) else 0.0


def _out_of_bounds(header: Header) -> str:
    """What no TOML would have allowed, so no gateway can have written it; empty when there is nothing."""
    if any(beacon.kind is not BeaconKind.place for beacon in header.beacons):
        return "a trace holds place beacons only"
    if any(not is_level(beacon.measured_power) for beacon in header.beacons):
        return "measured_power: must be -127 to 20"
    presence = header.presence
    exponents = [presence.path_loss_exponent, *(b.path_loss_exponent for b in header.beacons if b.path_loss_exponent)]
    if not all(1 <= exponent <= 6 for exponent in exponents):
        return "path_loss_exponent: must be 1 to 6"
    for name, named in (("several", header.several), ("bound", header.bound)):
        if any(not 0 <= number < len(header.beacons) for number, _ in named):
            return f"{name}: the header has no such beacon"
    if not (presence.near_m <= 100 and presence.exit_s <= 3600 and 0 <= header.choice.hold_s <= 600):
        return "near_m is at most 100, exit_s at most 3600, hold_s 0 to 600"
    return ""


def _object(number: int, text: str) -> dict[str, object]:
    if len(text) > LONGEST_LINE:
        raise TraceUnreadable(f"line {number}: longer than {LONGEST_LINE} characters")
    try:
        found = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise TraceUnreadable(f"line {number}: not JSON: {error}") from error
    if not isinstance(found, dict):
        raise TraceUnreadable(f"line {number}: not a JSON object")
    return found


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not a number")


def _reason(error: ValueError) -> str:
    if isinstance(error, ValidationError):
        fault = error.errors(include_url=False)[0]
        return f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}"
    return str(error)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _line(found: Mapping[str, object]) -> str:
    return json.dumps(found, ensure_ascii=False, separators=(", ", ": ")) + "\n"
