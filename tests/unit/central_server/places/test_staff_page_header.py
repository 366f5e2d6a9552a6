"""Show the name of the account's place in the head of staff pages."""

import re

import pytest

from central_server.accounts.access import Role
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from tests.unit.central_server.catalogue_world import texts
from tests.unit.central_server.staff_desk import NOW, SITE, Browser, account, running_desk


@pytest.mark.parametrize(
    ("place", "name"), [("dongmei", "Dongmei"), ("hall", "Dongmei"), (TOP, SITE.en), ("unnamed", "unnamed")]
)
async def test_the_head_shows_the_name_of_the_accounts_place(database: Database, place: str, name: str) -> None:
    async with database.write() as connection:
        await places.plant(connection, Place("dongmei", PlaceKind.community, TOP, texts("Dongmei")), NOW)
        await places.plant(connection, Place("hall", PlaceKind.site, "dongmei", texts("The hall")), NOW)
        await places.plant_community(connection, "unnamed", NOW)
    await account(database, "ming", place, Role.admin)
    async with running_desk(database) as desk:
        ming = Browser(desk)
        await ming.log_in("ming")
        page = await ming.open("/staff/places")
    head = re.search(r'<p class="brand">(.*?)<span', page.html, re.S)
    assert head is not None
    assert head[1].strip() == name
