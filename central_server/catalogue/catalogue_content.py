"""Collect the content of a community's catalogue: projects, beacons and bindings of it and of the places above."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from central_server.ledger import help_figures
from central_server.permits.fundraising_venue import accepts_gifts, raisers
from central_server.store.catalogue import beacons, bindings, pictures, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.engine.connection import Connection
from central_server.store.ledger import ledger_heads
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import Binding, KnownBeacon, Picture
from sync_contract.project import Project
from sync_contract.strict_model import Environment


@dataclass(frozen=True, slots=True)
class Content:
    projects: tuple[Project, ...]
    bindings: tuple[Binding, ...]
    beacons: tuple[KnownBeacon, ...]
    pictures: tuple[Picture, ...]


async def load_content(
    connection: Connection,
    community: str,
    environment: Environment,
    now: datetime,
    platforms: Collection[str] | None = None,
) -> Content:
    """Include what the ledger of `environment` published of the projects, and which take gifts elsewhere.

    `platforms`: hosts of designated platforms; None: do not check the organisations.
    """
    offered = await with_paid(
        connection, community, await projects.all_offered(connection, community), environment, now
    )
    if platforms is not None:
        offered = await _with_elsewhere(connection, community, offered, platforms)
    known = await beacons.concerning(connection, community)
    rules = await bindings.holding(connection, community)
    return Content(
        offered,
        tuple(bound_beacons(rules, known, {project.id for project in offered})),
        tuple(_published(beacon) for beacon in known),
        await _pictures(connection, community, offered),
    )


async def with_paid(
    connection: Connection, community: str, offered: tuple[Project, ...], environment: Environment, now: datetime
) -> tuple[Project, ...]:
    """Add what was paid to projects with a goal, how many people were helped, and what households confirmed."""
    if not offered:
        return offered
    rows = await projects.holding(connection, community)
    totals = await ledger_heads.published_totals(
        connection, environment, {(rows[each.id].place, each.id) for each in offered}
    )

    tops = {rows[each.id].place for each in offered}
    helped = {top: await help_figures.help_by_project(connection, environment, top, now) for top in sorted(tops)}

    def add(project: Project) -> Project:
        total = totals[rows[project.id].place, project.id]
        return project.model_copy(
            update={
                "paid_fen": total.fen if project.goal_fen else None,
                "helped": total.helped or None,
                "help": helped[rows[project.id].place].get(project.id, ()),
            }
        )

    return tuple(map(add, offered))


async def _with_elsewhere(
    connection: Connection, community: str, offered: tuple[Project, ...], platforms: Collection[str]
) -> tuple[Project, ...]:
    rows = await projects.holding(connection, community)
    raising = await raisers(connection, (rows[project.id] for project in offered))
    return tuple(
        project.model_copy(update={"elsewhere": not accepts_gifts(raising.get(project.id), platforms)})
        for project in offered
    )


def bound_beacons(
    rules: Iterable[StoredBinding], known: Iterable[StoredBeacon], offered: set[str]
) -> Iterable[Binding]:
    """Expand groups to their beacons, and leave out bindings to projects that are not on offer."""
    members: dict[str, list[BeaconId]] = {}
    for beacon in known:
        for group in beacon.groups:
            members.setdefault(group, []).append(beacon.beacon)
    for binding in rules:
        if binding.project not in offered:
            continue
        match binding.target:
            case Target.beacon:
                yield _binding(binding, binding.beacon)
            case Target.every:
                yield _binding(binding, None)
            case Target.group:
                yield from (_binding(binding, beacon) for beacon in members.get(binding.group, ()))


def _binding(row: StoredBinding, beacon: BeaconId | None) -> Binding:
    return Binding(
        beacon=beacon,
        project=row.project,
        priority=row.priority,
        hours=row.hours,
        weekdays=row.weekdays,
        since=row.since,
        until=row.until,
        zone=row.zone,  # type: ignore[arg-type]  # pydantic checks that it is one of the three
        while_needed=row.while_needed,
    )


def _published(row: StoredBeacon) -> KnownBeacon:
    return KnownBeacon(
        beacon=row.beacon,
        kind=row.kind,
        label=row.label,
        measured_power=row.measured_power,
        tag_class=row.tag_class,
    )


async def _pictures(connection: Connection, community: str, offered: Iterable[Project]) -> tuple[Picture, ...]:
    rows = await projects.holding(connection, community)
    chosen = {project.id: (sha, rows[project.id].focus) for project in offered if (sha := rows[project.id].picture)}
    facts = await pictures.facts(connection, {sha for sha, _ in chosen.values()})
    return tuple(
        Picture.model_validate(
            {"project": project, "sha256": sha, "content_type": facts[sha][0], "size_bytes": facts[sha][1]}
            | {"focus": focus}
        )
        for project, (sha, focus) in chosen.items()
    )
