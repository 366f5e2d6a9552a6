"""Read the facts of a sync log line from its JSON, for one sentence on the page."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from central_server.store.catalogue import projects
from central_server.store.engine.connection import Connection
from central_server.store.parcels.sync_log import Arrival
from sync_contract.money import Money
from sync_contract.project import Texts
from sync_contract.records import (
    BeaconStatistics,
    Body,
    IntentRegistered,
    PlaceBeaconStatistics,
    Receipt,
    ScreenStatistics,
)
from sync_contract.statistics import loss

_BODY: TypeAdapter[Body] = TypeAdapter(Body)


@dataclass(frozen=True, slots=True)
class GiftFacts:
    """`project`: its title, None when it is no longer offered. `amount`: None without the money right."""

    amount: Money | None
    project: Texts | None
    project_id: str
    door: str
    handoff: str


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A place beacon in one report. `frames` 0: silent. `lost_percent`: None without a known interval."""

    beacon: str
    frames: int
    lost_percent: int | None
    longest_gap_s: int
    rssi_mean: int | None
    cloned: bool


@dataclass(frozen=True, slots=True)
class ReportFacts:
    minutes: int
    frames: int
    places: int
    visits: int
    advertised_minutes: int
    silent: int
    foreign_frames: int
    clock_trusted: bool
    rows: tuple[PlaceFacts, ...]


@dataclass(frozen=True, slots=True)
class ScreenFacts:
    minutes: int
    visits: int
    opened: int


@dataclass(frozen=True, slots=True)
class Line:
    """`what`: gift, report, sheet, bell, ticket or unknown. `reason`: a machine-readable code; `detail`: its value."""

    gateway: str
    gateway_label: str
    community: str
    parcel: str
    result: Receipt
    what: str
    reason: str
    detail: str
    first_at: datetime
    last_at: datetime
    times: int
    gift: GiftFacts | None = None
    report: ReportFacts | None = None
    screen: ScreenFacts | None = None
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def of_screen(self) -> bool:
        """Whether its kind is a count of the screen, even if its content is invalid."""
        body = self.content.get("body")
        return self.screen is not None or (isinstance(body, Mapping) and body.get("kind") == "screen")


Titles = Mapping[tuple[str, str], Texts]
"""By community and id."""


def read_line(arrival: Arrival, labels: Mapping[str, str], known: Titles, blind: Collection[str] = ()) -> Line:
    """`blind`: communities whose single gifts the reader may not see; their amounts are omitted."""
    hidden = arrival.community in blind
    content = _object(arrival.content)
    body = _body(content)
    reason, _, detail = arrival.reason.partition(":")
    kinds = {"intent": "gift", "statistics": "report", "sheet": "sheet", "bell": "bell", "ticket": "ticket"}
    return Line(
        gateway=arrival.gateway,
        gateway_label=labels.get(arrival.gateway, arrival.gateway),
        community=arrival.community,
        parcel=arrival.parcel,
        result=arrival.result,
        what=kinds.get(arrival.kind, "unknown"),
        reason=reason,
        detail=detail.strip(),
        first_at=arrival.first_at,
        last_at=arrival.last_at,
        times=arrival.times,
        gift=_gift(body, arrival.community, known, hidden=hidden) if isinstance(body, IntentRegistered) else None,
        report=_report(body) if isinstance(body, BeaconStatistics) else None,
        screen=_screen(body) if isinstance(body, ScreenStatistics) else None,
        content=_without_amounts(content) if hidden else content,
    )


async def find_titles(connection: Connection, found: Iterable[Arrival]) -> Titles:
    """Return the titles of all projects in the arrivals."""
    wanted = {(arrival.community, body.project) for arrival in found if (body := _intent(arrival))}
    return await projects.titles(connection, wanted)


def _intent(arrival: Arrival) -> IntentRegistered | None:
    if arrival.kind != "intent":
        return None
    body = _body(_object(arrival.content))
    return body if isinstance(body, IntentRegistered) else None


def _object(text: str | None) -> Mapping[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _body(content: Mapping[str, Any]) -> Body | None:
    """Return None for an invalid body."""
    try:
        return _BODY.validate_json(json.dumps(content.get("body")))
    except ValidationError:
        return None


def _without_amounts(content: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: _without_amounts(value) if isinstance(value, dict) else value
        for name, value in content.items()
        if "amount" not in name
    }


def _gift(body: IntentRegistered, community: str, known: Titles, *, hidden: bool) -> GiftFacts:
    return GiftFacts(
        None if hidden else Money(body.amount_minor, body.currency),
        known.get((community, body.project)),
        body.project,
        body.door.value,
        body.handoff.value,
    )


def _report(body: BeaconStatistics) -> ReportFacts:
    return ReportFacts(
        minutes=max(1, round(body.seconds / 60)),
        frames=sum(place.frames for place in body.places),
        places=sum(place.frames > 0 for place in body.places),
        visits=sum(entry.visits for entry in body.classes),
        advertised_minutes=round(sum(entry.seconds for entry in body.advertised) / 60),
        silent=sum(place.frames == 0 for place in body.places),
        foreign_frames=body.foreign_frames,
        clock_trusted=body.start.reliable,
        rows=tuple(_place(place) for place in body.places),
    )


def _screen(body: ScreenStatistics) -> ScreenFacts:
    visits, opened = (sum(count.visits for count in body.counts), sum(count.opened for count in body.counts))
    return ScreenFacts(max(1, round(body.seconds / 60)), visits, opened)


def _place(place: PlaceBeaconStatistics) -> PlaceFacts:
    measured, lost = place.frames - place.frames_without_rssi, loss(place)
    return PlaceFacts(
        beacon=str(place.beacon),
        frames=place.frames,
        lost_percent=None if lost is None else round(100 * lost),
        longest_gap_s=round(place.longest_gap_ms / 1000),
        rssi_mean=round(place.rssi_sum / measured) if measured > 0 else None,
        cloned=place.frames_suspect > 0,
    )
