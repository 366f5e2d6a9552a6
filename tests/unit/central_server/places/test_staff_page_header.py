"""Show the name of the account's place in the head of staff pages."""

import asyncio
import re
from pathlib import Path

import pytest

from central_server.accounts.access import Role
from central_server.commands import gateway
from central_server.commands.store_selection import open_configured
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind
from tests.paths import ROOT
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


def test_the_first_community_is_named_as_in_the_settings_and_others_by_their_id(tmp_path: Path) -> None:
    config, state = ROOT / "config" / "demo" / "central.toml", tmp_path / "state"
    for community in ("huada", "dongmei"):
        request = gateway.InviteRequest("", community, "door", "")
        assert gateway.invite(config, state, request, "https://gifts.charity.org", only_text=True) == 0

    async def names() -> dict[str, str]:
        async with open_configured(config, state) as database, database.read() as connection:
            return {place.id: place.names.zh_hans for place in await places.every(connection, [TOP])}

    assert asyncio.run(names()).items() >= {"huada": "华大社区", "dongmei": "dongmei"}.items()
