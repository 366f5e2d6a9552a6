"""Organisations, projects, beacons, bindings, their files, and the catalogues of gateways."""

import hashlib
import json
from base64 import b64decode
from datetime import UTC, datetime
from uuid import UUID

import aiohttp
import pytest

from central_server.accounts.access import Right
from central_server.staff.frame.record_editor import path_of
from central_server.state_files import catalogue_key
from central_server.store.catalogue import beacons, bindings, import_drafts, organisations, pictures, projects
from central_server.store.catalogue.beacons import StoredBeacon
from central_server.store.catalogue.bindings import StoredBinding, Target
from central_server.store.catalogue.import_drafts import Draft
from central_server.store.catalogue.organisations import Organisation
from central_server.store.catalogue.pictures import StoredPicture
from central_server.store.catalogue.projects import StoredProject
from central_server.store.engine import versioned_rows
from sync_contract.beacon_identity import BeaconId
from sync_contract.catalogue import BeaconKind, SignedCatalogue, verify
from sync_contract.project import Texts
from sync_contract.site_offer import OfferRefused, SiteOffer
from sync_contract.uuid7 import new_id
from tests.unit.central_server.tenancy.entries import NEIGHBOURS, OURS, Checked, Entry, Signed, Staff, World

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
UUID_OF = {OURS: UUID(int=0xA1), NEIGHBOURS: UUID(int=0xB2)}
PICTURE = b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
THREE = ("zh_hans", "zh_hant", "en")


def texts(text: str) -> Texts:
    return Texts.model_validate({"zh-Hans": text, "zh-Hant": text, "en": text})


def three(name: str, text: str) -> dict[str, str]:
    return {f"{name}_{language}": text for language in THREE}


PROJECT_FORM = {
    **three("title", "Project of ours"),
    **three("summary", "s"),
    **three("story", "s"),
    **three("payee", "p"),
    "amounts_yuan": "10 50",
    "min_yuan": "1",
    "max_yuan": "100",
}
BEACON_FORM = {"uuid": str(UUID_OF[OURS]), "major": "9", "kind": "place", "label": "New of ours", "place": OURS}
BINDING_FORM = {"place": OURS, "target": "every", "project": "ours", "priority": "1"}


async def plant(world: World) -> None:
    async with world.database.write() as connection:
        await versioned_rows.begin(connection)
        for place in (OURS, NEIGHBOURS):
            owner = "ours" if place == OURS else "theirs"
            raiser = Organisation(place, "org", f"Organisation of {owner}", None, "C-1", None, "", NOW, "x")
            await organisations.save(connection, raiser, 0)
            picture = StoredPicture(hashlib.sha256(PICTURE).hexdigest(), "image/png", len(PICTURE), PICTURE)
            await pictures.store(connection, picture, NOW)
            title = texts(f"Project of {owner}")
            project = StoredProject(
                place, owner, title, title, title, title, (1000,), 100, 10000, None, "", "", "",
                None, None, picture.sha256 if place == OURS else None, False, 1, NOW, "x",
            )  # fmt: skip
            await projects.save(connection, project, 0)
            id_ = BeaconId(UUID_OF[place], 1, 1)
            card = BeaconId(UUID_OF[place], 1, 2)
            for beacon, kind, tag_class in ((id_, BeaconKind.place, ""), (card, BeaconKind.person, "card")):
                label = f"{kind} of {owner}"
                row = StoredBeacon(new_id(), place, beacon, kind, label, -59, tag_class, None, (), "", NOW, "x")
                await beacons.save(connection, row, 0)
            binding = StoredBinding(
                new_id(), place, Target.every, None, "", owner, 0, (), (), None, None, "", False, NOW, "x"
            )
            await bindings.save(connection, binding, 0)
            await versioned_rows.record_edit(connection, place, NOW)
    world.marks |= {"Organisation of ours", "Project of ours", str(UUID_OF[OURS]), "place of ours", "person of ours"}
    for made in (_a_beacon, _a_binding, _a_project, _an_organisation, _a_new_id):
        await made(world)


async def _a_beacon(world: World) -> None:
    """A record that may be removed or changed."""
    id_ = new_id()
    async with world.database.write() as connection:
        beacon = BeaconId(UUID_OF[OURS], 3, int(id_[-4:], 16))
        row = StoredBeacon(id_, OURS, beacon, BeaconKind.place, "place of ours", -59, "", None, (), "", NOW, "x")
        await beacons.save(connection, row, 0)
    world.ids |= {"beacon_record": id_, "beacon_minor": str(beacon.minor)}


async def _a_binding(world: World) -> None:
    id_ = new_id()
    async with world.database.write() as connection:
        row = StoredBinding(id_, OURS, Target.every, None, "", "ours", 0, (), (), None, None, "", False, NOW, "x")
        await bindings.save(connection, row, 0)
    world.ids["binding"] = id_


async def _a_project(world: World) -> None:
    """A record without edits."""
    async with world.database.write() as connection:
        row = await projects.get(connection, OURS, "ours")
        assert row is not None
        world.ids["project_revision"] = str(row.revision)


async def _an_organisation(world: World) -> None:
    async with world.database.write() as connection:
        row = await organisations.get(connection, OURS, "org")
        assert row is not None
        world.ids["organisation_revision"] = str(row.revision)


async def _a_new_id(world: World) -> None:
    world.ids["new"] = f"n{new_id()[-12:]}"
    world.ids["new_minor"] = str(int(new_id()[-4:], 16))


async def _the_catalogue_is_the_communitys_own(world: World) -> None:
    status, body = await world.theirs.get("/api/v1/catalogue")
    assert status == 200
    signed = SignedCatalogue.model_validate(body)
    catalogue = verify(signed, catalogue_key(world.central.state).public_key(), 0)
    assert "theirs" in {project.id for project in catalogue.projects}
    text = catalogue.model_dump_json()
    for mark in world.marks:
        assert mark not in text


async def _an_offer_is_the_gateways_own(world: World) -> None:
    status, body = await world.theirs.get("/api/v1/site-offer")
    assert status == 200
    offer = SiteOffer.model_validate_json(json.dumps(body))
    offer.check(catalogue_key(world.central.state).public_key(), world.theirs.id)
    with pytest.raises(OfferRefused):
        offer.model_copy(update={"gateway": world.ours.id}).check(
            catalogue_key(world.central.state).public_key(), world.ours.id
        )
    for mark in world.marks:
        assert mark not in offer.model_dump_json()


async def _pictures_are_for_those_who_know_their_sum(world: World) -> None:
    path = f"/api/v1/pictures/{hashlib.sha256(PICTURE).hexdigest()}"
    async with world.session.get(world.central.url + path) as answer:
        assert answer.status == 401
    status, _ = await world.theirs.get(f"/api/v1/pictures/{'0' * 64}")
    assert status == 404


async def _a_draft_is_its_senders(world: World) -> None:
    draft = Draft(new_id(), "our-admin", "beacons", OURS, "beacons.csv", b"uuid\n", NOW)
    async with world.database.write() as connection:
        await import_drafts.store(connection, draft)
    for method in ("GET", "POST"):
        async with world.session.request(
            method, f"{world.central.url}/staff/import/{draft.id}", allow_redirects=False
        ) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "/staff/login")
    async with world.database.read() as connection:
        assert await import_drafts.find(connection, "their-admin", draft.id) is None
        assert await import_drafts.find(connection, "our-admin", draft.id) is not None


async def _a_file_needs_a_login(world: World) -> None:
    """test_catalogue_files.py tests what it may change."""
    with aiohttp.MultipartWriter("form-data") as form:
        form.append("beacons").set_content_disposition("form-data", name="kind")
    async with world.session.post(world.central.url + "/staff/import", data=form, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, "/staff/login")


OUR_PROJECT = f"/staff/projects/{path_of(OURS, 'ours')}"
OUR_ORGANISATION = f"/staff/organisations/{path_of(OURS, 'org')}"
ROUTES: dict[str, Entry] = {
    "GET /api/v1/site-offer": Signed(_an_offer_is_the_gateways_own),
    "GET /api/v1/catalogue": Signed(_the_catalogue_is_the_communitys_own),
    "GET /api/v1/pictures/{sha256}": Checked(_pictures_are_for_those_who_know_their_sum),
    "GET /staff/pictures/{place}/{project}": Staff(
        Right.see, path=f"/staff/pictures/{path_of(OURS, 'ours')}", names=True
    ),
    "GET /staff/projects": Staff(Right.see),
    "GET /staff/projects/new": Staff(Right.edit),
    "POST /staff/projects/new": Staff(
        Right.edit, form={**PROJECT_FORM, "place": OURS, "id": "{new}"}, before=_a_new_id, answers=(303,)
    ),
    "GET /staff/projects/{place}/{project}": Staff(Right.see, path=OUR_PROJECT, names=True),
    "POST /staff/projects/{place}/{project}": Staff(
        Right.edit,
        path=OUR_PROJECT,
        names=True,
        form={**PROJECT_FORM, "revision": "{project_revision}"},
        before=_a_project,
        answers=(303,),
    ),
    "POST /staff/projects/{place}/{project}/picture": Staff(
        Right.edit, path=f"{OUR_PROJECT}/picture", names=True, form={}, answers=(303,)
    ),
    "GET /staff/organisations": Staff(Right.see),
    "GET /staff/organisations/new": Staff(Right.edit),
    "POST /staff/organisations/new": Staff(
        Right.edit, form={"place": OURS, "id": "{new}", "name": "New of ours"}, before=_a_new_id, answers=(303,)
    ),
    "GET /staff/organisations/{place}/{organisation}": Staff(Right.see, path=OUR_ORGANISATION, names=True),
    "POST /staff/organisations/{place}/{organisation}": Staff(
        Right.edit,
        path=OUR_ORGANISATION,
        names=True,
        form={"name": "Organisation of ours", "revision": "{organisation_revision}"},
        before=_an_organisation,
        answers=(303,),
    ),
    "GET /staff/beacons": Staff(Right.see),
    "GET /staff/beacons/new": Staff(Right.edit),
    "POST /staff/beacons/new": Staff(
        Right.edit, form={**BEACON_FORM, "minor": "{new_minor}"}, before=_a_new_id, answers=(303,)
    ),
    "GET /staff/beacons/{beacon}": Staff(Right.see, path="/staff/beacons/{beacon_record}", names=True),
    "POST /staff/beacons/{beacon}": Staff(
        Right.edit,
        path="/staff/beacons/{beacon_record}",
        names=True,
        form={**BEACON_FORM, "minor": "{beacon_minor}", "revision": "1"},
        before=_a_beacon,
        answers=(303,),
    ),
    "POST /staff/beacons/{beacon}/remove": Staff(
        Right.edit,
        path="/staff/beacons/{beacon_record}/remove",
        names=True,
        form={"revision": "1"},
        before=_a_beacon,
        answers=(303,),
    ),
    "GET /staff/beacons/{beacon}/poster": Staff(
        Right.see, path="/staff/beacons/{beacon_record}/poster", names=True, before=_a_beacon
    ),
    "GET /staff/beacons/{beacon}/poster.pdf": Staff(
        Right.see, path="/staff/beacons/{beacon_record}/poster.pdf", names=True, before=_a_beacon, query="?project=ours"
    ),
    "GET /staff/bindings": Staff(Right.see),
    "GET /staff/bindings/new": Staff(Right.edit),
    "POST /staff/bindings/new": Staff(Right.edit, form=BINDING_FORM, answers=(303,)),
    "GET /staff/bindings/{binding}": Staff(Right.see, names=True),
    "POST /staff/bindings/{binding}": Staff(
        Right.edit, names=True, form={**BINDING_FORM, "revision": "1"}, before=_a_binding, answers=(303,)
    ),
    "POST /staff/bindings/{binding}/remove": Staff(
        Right.edit, names=True, form={"revision": "1"}, before=_a_binding, answers=(303,)
    ),
    "GET /staff/export": Staff(Right.see, query="?kind=beacons&format=csv"),
    "GET /staff/import": Staff(Right.edit),
    "POST /staff/import": Checked(_a_file_needs_a_login),
    "GET /staff/import/{draft}": Checked(_a_draft_is_its_senders),
    "POST /staff/import/{draft}": Checked(_a_draft_is_its_senders),
}
