"""Build a community with a catalogue."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central_server.catalogue.settings_seed import seed_catalogue
from central_server.settings import Settings
from central_server.state_files import catalogue_key
from central_server.store.catalogue import beacons, bindings, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.engine import versioned_rows
from central_server.store.engine.connection import Connection
from central_server.store.engine.database import Database
from central_server.store.places.places import plant_community
from daemonkit.toml import load
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind, Catalogue, SignedCatalogue, verify
from sync_contract.project import Texts
from sync_contract.uuid7 import new_id
from tests.fakes.central_process import CONFIG, RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
"""Tuesday noon in Beijing."""
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
UUID_1 = UUID("1ae1b83f-2b0d-41d8-8486-e4a5492b2ec0")
DOOR, HALL, CARD = (BeaconId(UUID_1, 1, minor) for minor in (1, 2, 3))
BINDING = f"""
[[bindings]]
uuid = "{UUID_1}"
major = 1
minor = 1
project = "lunch"
"""


def texts(text: str) -> Texts:
    return Texts.model_validate({"zh-Hans": text, "zh-Hant": text, "en": text})


async def pulled(gateway: DeliveringGateway, central: RunningCentral) -> Catalogue:
    status, body = await gateway.get("/api/v1/catalogue")
    assert status == 200, body
    return verify(SignedCatalogue.model_validate(body), catalogue_key(central.state).public_key(), 0)


async def known(
    connection: Connection,
    beacon: BeaconId,
    kind: BeaconKind = BeaconKind.place,
    *,
    place: str = "huada",
    groups: tuple[str, ...] = (),
    gateway: str | None = None,
) -> None:
    await versioned_rows.begin(connection)
    tag_class = "card" if kind is BeaconKind.person else ""
    stored = StoredBeacon(
        new_id(), place, beacon, kind, str(beacon.minor), -59, tag_class, gateway, groups, "", NOW, "chen"
    )
    assert await beacons.save(connection, stored, 0)
    await versioned_rows.record_edit(connection, place, NOW)


async def bound(
    connection: Connection,
    target: Target,
    beacon: BeaconId | None,
    *,
    project: str,
    place: str = "huada",
    group: str = "",
    hours: tuple[str, ...] = (),
    weekdays: tuple[int, ...] = (),
    zone: str = "",
    priority: int = 0,
    while_needed: bool = False,
) -> None:
    await versioned_rows.begin(connection)
    stored = StoredBinding(
        new_id(),
        place,
        target,
        beacon,
        group,
        project,
        priority,
        hours,
        weekdays,
        None,
        None,
        zone,
        while_needed,
        NOW,
        "chen",
    )
    assert await bindings.save(connection, stored, 0)
    await versioned_rows.record_edit(connection, place, NOW)


@pytest.fixture
async def huada(database: Database, tmp_path: Path) -> Database:
    file = tmp_path / "central.toml"
    file.write_text(CONFIG, encoding="utf-8")
    await seed_catalogue(database, load(file, Settings).projects, {}, NOW)
    async with database.write() as connection:
        await plant_community(connection, "huada", NOW)
        await plant_community(connection, "neighbours", NOW)
    return database


async def edit(database: Database, place: str, **changed: object) -> None:
    """Change the project `lunch` as the staff page does."""
    async with database.write() as connection:
        await versioned_rows.begin(connection)
        stored = await projects.get(connection, place, "lunch")
        assert stored is not None
        fields = {name: getattr(stored, name) for name in stored.__slots__} | changed
        assert await projects.save(connection, type(stored)(**fields), stored.revision)
        await versioned_rows.record_edit(connection, place, NOW)
