"""Store the settings' projects and bindings at the first start; later changes are made on the staff pages."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from central_server.store.catalogue import beacons, bindings, catalogues, organisations, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.catalogue.organisations import Organisation
from central_server.store.catalogue.projects import StoredProject
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind
from sync_contract.permit import Permit
from sync_contract.project import Project
from sync_contract.strict_model import canonical
from sync_contract.uuid7 import new_id

_log = structlog.get_logger()
_BY = "central.toml"


async def seed_catalogue(
    database: Database,
    offered: Sequence[Project],
    bound: Mapping[BeaconId, str],
    now: datetime,
    *,
    own_site: bool = False,
) -> bool:
    """Store them at the top of the tree, for every community. Return False if that was done before.

    `own_site`: the organisation declared this server as its own site.
    """
    content = [*map(canonical, offered), *(f"{beacon} {project}".encode() for beacon, project in bound.items())]
    digest = hashlib.sha256(b"\n".join(content)).hexdigest()

    async def work(connection: Connection) -> bool:
        await versioned_rows.begin(connection)
        stored = await catalogues.seed(connection)
        if stored:
            if stored != digest:
                _log.warning(
                    "catalogue.settings_ignored",
                    reason="[[projects]] or [[bindings]] were changed after the first start",
                    remedy="edit them on the staff pages",
                )
            return False
        await catalogues.note_seed(connection, digest, now)
        await _store(connection, offered, bound, now, own_site=own_site)
        await versioned_rows.record_edit(connection, TOP, now)
        return True

    return await database.written(work)


async def _store(
    connection: Connection,
    offered: Sequence[Project],
    bound: Mapping[BeaconId, str],
    now: datetime,
    *,
    own_site: bool,
) -> None:
    raisers: dict[tuple[str, str, object], str] = {}
    for number, project in enumerate(offered):
        raiser = ""
        if project.permit:
            raiser = await _organisation(connection, raisers, project.permit, now, own_site=own_site)
        await projects.save(connection, _project(project, raiser, number * 10 + 10, now), 0)
    for id_, project_id in bound.items():
        label = f"{id_.major}/{id_.minor}"
        beacon = StoredBeacon(new_id(), TOP, id_, BeaconKind.place, label, -59, "", None, (), "", now, _BY)
        await beacons.save(connection, beacon, 0)
        binding = StoredBinding(
            new_id(), TOP, Target.beacon, id_, "", project_id, 0, (), (), None, None, "", False, now, _BY
        )
        await bindings.save(connection, binding, 0)


async def _organisation(
    connection: Connection,
    raisers: dict[tuple[str, str, object], str],
    permit: Permit,
    now: datetime,
    *,
    own_site: bool,
) -> str:
    papers = (permit.organisation, permit.certificate, permit.certificate_until)
    if papers not in raisers:
        raisers[papers] = f"org-{len(raisers) + 1}"
        facts = (papers[0], None, papers[1], permit.certificate_until, "")
        new = Organisation(TOP, raisers[papers], *facts, now, _BY, own_site=own_site)
        await organisations.save(connection, new, 0)
    return raisers[papers]


def _project(project: Project, organisation: str, position: int, now: datetime) -> StoredProject:
    permit = project.permit
    return StoredProject(
        **{name: getattr(project, name) for name in projects.SHARED},
        place=TOP,
        organisation=organisation,
        filing=permit.filing if permit else "",
        area=permit.area if permit else "",
        opens=permit.opens if permit else None,
        closes=permit.closes if permit else None,
        picture=None,
        withdrawn=False,
        position=position,
        edited_at=now,
        edited_by=_BY,
    )
