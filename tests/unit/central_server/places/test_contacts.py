"""Store phone numbers for residents; the nearest place with one applies."""

import pytest

from central_server.catalogue.contact_lookup import ContactLookup, gift_place
from central_server.store.engine.database import Database
from central_server.store.engine.tables import gateways
from central_server.store.engine.upsert import insert
from central_server.store.places import contacts, places
from central_server.store.places.contacts import Contact
from central_server.store.places.places import TOP, Place, PlaceKind
from kiosk_ui.help_views import ContactPage
from tests.unit.central_server.catalogue_world import NOW, texts

TREE = (
    ("quanzhou", PlaceKind.city, TOP),
    ("fengze", PlaceKind.street, "quanzhou"),
    ("huada", PlaceKind.community, "fengze"),
    ("hall", PlaceKind.site, "huada"),
    ("garden", PlaceKind.community, "fengze"),
)
CITY, HUADA = Contact("12345"), Contact("0595-1111 1111", texts("Party branch"), texts("workdays"))
CALL = ContactLookup(ContactPage("0595-0000 0000"))


@pytest.fixture
async def grown(database: Database) -> Database:
    async with database.write() as connection:
        for place, kind, parent in TREE:
            await places.plant(connection, Place(place, kind, parent, texts(f"Name of {place}")), NOW)
    return database


async def phones_at(database: Database) -> dict[str, str]:
    """Return the number that applies at each place of the tree."""
    async with database.read() as connection:
        return {place: (await CALL.at(connection, place)).phone for place, _, _ in TREE}


async def test_the_nearest_place_with_a_number_applies_else_the_settings(grown: Database) -> None:
    assert set((await phones_at(grown)).values()) == {"0595-0000 0000"}
    async with grown.write() as connection:
        await contacts.put(connection, "quanzhou", CITY)
        await contacts.put(connection, "huada", HUADA)
    city, huada = CITY.phone, HUADA.phone
    assert await phones_at(grown) == {
        **{"quanzhou": city, "fengze": city, "huada": huada, "hall": huada},
        "garden": city,
    }
    async with grown.read() as connection:
        published = await contacts.above(connection, "hall")
        assert [(each.place.id, each.contact) for each in published] == [("huada", HUADA), ("quanzhou", CITY)]
        assert await contacts.above(connection, "nowhere") == ()
        contact = await CALL.at(connection, "hall")
        assert (contact.holder, contact.hours) == (HUADA.holder, HUADA.hours)
        contact = await CALL.at(connection, "garden")
        assert (contact.holder, contact.hours) == (texts("Name of quanzhou"), None), "the name of the place whose it is"


async def test_a_number_is_replaced_and_removed(grown: Database) -> None:
    async with grown.write() as connection:
        await contacts.put(connection, "fengze", CITY)
        await contacts.put(connection, "huada", HUADA)
        await contacts.put(connection, "huada", Contact("12346"))
        assert await contacts.lock(connection, "huada") == Contact("12346")
        assert await contacts.lock(connection, "hall") is None, "its own, not what holds there"
    assert (await phones_at(grown))["hall"] == "12346"
    async with grown.write() as connection:
        await contacts.remove(connection, "huada")
    assert await phones_at(grown) == dict.fromkeys(("fengze", "huada", "hall", "garden"), CITY.phone) | {
        "quanzhou": "0595-0000 0000"
    }


async def test_a_moved_place_gets_the_number_of_its_new_street(grown: Database) -> None:
    async with grown.write() as connection:
        await places.plant(connection, Place("donghai", PlaceKind.street, "quanzhou", texts("Donghai")), NOW)
        await contacts.put(connection, "fengze", CITY)
        await contacts.put(connection, "donghai", HUADA)
        garden = await places.get(connection, "garden")
        assert garden is not None
        await places.move(connection, garden, "donghai")
    assert (await phones_at(grown))["garden"] == HUADA.phone


async def test_a_page_of_no_place_has_the_one_communitys_number_or_else_the_servers(database: Database) -> None:
    async with database.write() as connection:
        assert await places.only_community(connection) is None
        await places.plant_community(connection, "huada", NOW)
        await contacts.put(connection, "huada", HUADA)
        assert await places.only_community(connection) == "huada"
        assert (await CALL.anywhere(connection)).phone == HUADA.phone
        await places.plant_community(connection, "garden", NOW)
        assert await places.only_community(connection) is None
        assert (await CALL.anywhere(connection)).phone == "0595-0000 0000"
        await contacts.put(connection, TOP, CITY)
        assert (await CALL.anywhere(connection)).phone == CITY.phone


async def test_a_gift_is_of_its_gateways_site_as_long_as_that_is_of_the_gifts_community(grown: Database) -> None:
    async with grown.write() as connection:
        for gateway, site in (("a" * 16, None), ("b" * 16, "hall"), ("c" * 16, "garden")):
            row = {
                "id": gateway,
                "community": "huada",
                "label": "A",
                "added_at": NOW,
                "site": site,
                "kind": "device",
            }
            await connection.execute(insert(connection, gateways).values(row))
        assert await gift_place(connection, "a" * 16, "huada") == "huada"
        assert await gift_place(connection, "b" * 16, "huada") == "hall"
        assert await gift_place(connection, "b" * 16, "garden") == "garden", "it moved to another community since"
        assert await gift_place(connection, "c" * 16, "huada") == "huada"
        assert await gift_place(connection, "d" * 16, "huada") == "huada"
