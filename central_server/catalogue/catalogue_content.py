"""What a community's gateways are told: its projects, beacons and bindings, and those of the places above it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from central_server.permits.fundraising_venue import raisers, takes_gifts
from central_server.store.catalogue import beacons, bindings, pictures, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.engine.connection import Connection
from central_server.store.ledger import published_totals
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


async def content(
    connection: Connection, community: str, environment: Environment, platforms: Collection[str] | None = None
) -> Content:
    """With what the ledger of `environment` published of the projects, and which of them take gifts elsewhere.

    `platforms`: hosts of designated platforms; None where nobody asks whose project it is.
    """
    offered = await with_paid(connection, community, await projects.all_offered(connection, community), environment)
    if platforms is not None:
        offered = await _with_elsewhere(connection, community, offered, platforms)
    known = await beacons.concerning(connection, community)
    held = await bindings.holding(connection, community)
    return Content(
        offered,
        tuple(bound_beacons(held, known, {project.id for project in offered})),
        tuple(_published(beacon) for beacon in known),
        await _pictures(connection, community, offered),
    )


async def with_paid(
    connection: Connection, community: str, offered: tuple[Project, ...], environment: Environment
) -> tuple[Project, ...]:
    """Those that have a goal tell what was paid; those that helped people, how many."""
    if not offered:
        return offered
    held = await projects.holding(connection, community)
    told = await published_totals.for_projects(
        connection, environment, {(held[each.id].place, each.id) for each in offered}
    )

    def telling(project: Project) -> Project:
        known = told[held[project.id].place, project.id]
        return project.model_copy(
            update={"paid_fen": known.fen if project.goal_fen else None, "helped": known.helped or None}
        )

    return tuple(map(telling, offered))


async def _with_elsewhere(
    connection: Connection, community: str, offered: tuple[Project, ...], platforms: Collection[str]
) -> tuple[Project, ...]:
    held = await projects.holding(connection, community)
    raising = await raisers(connection, (held[project.id] for project in offered))
    return tuple(
        project.model_copy(update={"elsewhere": not takes_gifts(raising.get(project.id), platforms)})
        for project in offered
    )


def bound_beacons(held: Iterable[StoredBinding], known: Iterable[StoredBeacon], offered: set[str]) -> Iterable[Binding]:
    """Groups become their beacons; what binds to a project that is not on offer binds nothing."""
    members: dict[str, list[BeaconId]] = {}
    for beacon in known:
        for group in beacon.groups:
            members.setdefault(group, []).append(beacon.beacon)
    for binding in held:
        if binding.project not in offered:
            continue
        match binding.target:
            case Target.beacon:
                yield _binding(binding, binding.beacon)
            case Target.every:
                yield _binding(binding, None)
            case Target.group:
                yield from (_binding(binding, beacon) for beacon in members.get(binding.group, ()))


def _binding(kept: StoredBinding, beacon: BeaconId | None) -> Binding:
    return Binding(
        beacon=beacon,
        project=kept.project,
        priority=kept.priority,
        hours=kept.hours,
        weekdays=kept.weekdays,
        since=kept.since,
        until=kept.until,
        zone=kept.zone,  # type: ignore[arg-type]  # pydantic checks that it is one of the three
        while_needed=kept.while_needed,
    )


def _published(kept: StoredBeacon) -> KnownBeacon:
    return KnownBeacon(
        beacon=kept.beacon,
        kind=kept.kind,
        label=kept.label,
        measured_power=kept.measured_power,
        tag_class=kept.tag_class,
    )


async def _pictures(connection: Connection, community: str, offered: Iterable[Project]) -> tuple[Picture, ...]:
    held = await projects.holding(connection, community)
    chosen = {project.id: sha for project in offered if (sha := held[project.id].picture)}
    facts = await pictures.facts(connection, set(chosen.values()))
    return tuple(
        Picture.model_validate(
            {"project": project, "sha256": sha, "content_type": facts[sha][0], "octets": facts[sha][1]}
        )
        for project, sha in chosen.items()
    )
