"""Edit the tree of places."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from central_server.accounts.access import Role
from central_server.staff.places.place_tree import found, part, rows
from central_server.store.accounts import accounts, audit_trail
from central_server.store.accounts.audit_actions import PlaceRenamed
from central_server.store.accounts.audit_records import FieldChange
from central_server.store.engine.database import Database
from central_server.store.places import places
from central_server.store.places.places import TOP, Place, PlaceKind, PlaceRefused
from sync_contract.project import Texts
from tests.fakes.forked_programs import run_command as run_place
from tests.paths import ROOT
from tests.unit.central_server.staff_desk import NOW, Browser, RunningDesk, account, running_desk

TREE = (
    ("quanzhou", PlaceKind.city, TOP),
    ("xiamen", PlaceKind.city, TOP),
    ("fengze", PlaceKind.street, "quanzhou"),
    ("huada", PlaceKind.community, TOP),
    ("hall", PlaceKind.site, "huada"),
)
NAMES = {"zh-Hans": "花园社区", "zh-Hant": "花園社區", "en": "Garden <community>"}


@pytest.fixture
async def grown(database: Database) -> Database:
    async with database.write() as connection:
        for place, kind, parent in TREE:
            names = Texts.model_validate(dict.fromkeys(("zh-Hans", "zh-Hant", "en"), f"Name of {place}"))
            await places.plant(connection, Place(place, kind, parent, names), NOW)
    return database


@pytest.fixture
async def desk(grown: Database) -> AsyncIterator[RunningDesk]:
    await account(grown, "root")
    await account(grown, "city-admin", "quanzhou")
    await account(grown, "huada-admin", "huada")
    await account(grown, "huada-clerk", "huada", Role.staff)
    async with running_desk(grown) as desk:
        yield desk


async def logged_in(desk: RunningDesk, name: str) -> Browser:
    browser = Browser(desk)
    await browser.log_in(name)
    return browser


async def above(database: Database, place: str) -> set[str]:
    async with database.read() as connection:
        return set(await places.ancestors(connection, place))


async def test_places_below_move_with_a_place(grown: Database) -> None:
    async with grown.write() as connection:
        huada = await places.get(connection, "huada")
        assert huada is not None
        await places.move(connection, huada, "fengze")
    assert await above(grown, "hall") == {"hall", "huada", "fengze", "quanzhou", TOP}
    async with grown.write() as connection:
        fengze = await places.get(connection, "fengze")
        assert fengze is not None
        await places.move(connection, fengze, "xiamen")
    assert await above(grown, "hall") == {"hall", "huada", "fengze", "xiamen", TOP}
    async with grown.read() as connection:
        assert {place.id for place in await places.every(connection, {"quanzhou"})} == {"quanzhou"}


@pytest.mark.parametrize(
    ("place", "parent"), [("fengze", TOP), ("hall", "fengze"), ("huada", "hall"), ("fengze", "no")]
)
async def test_a_place_moves_only_under_an_allowed_kind(grown: Database, place: str, parent: str) -> None:
    before = await above(grown, place)
    async with grown.write() as connection:
        known = await places.get(connection, place)
        assert known is not None
        with pytest.raises(PlaceRefused):
            await places.move(connection, known, parent)
    assert await above(grown, place) == before


async def test_rows_follow_the_tree(grown: Database) -> None:
    async with grown.read() as connection:
        shown = rows(await places.every(connection, {TOP}))
        part = rows(await places.every(connection, {"huada", "quanzhou"}))
    assert [(row.place.id, row.depth) for row in shown] == [
        (TOP, 0), ("quanzhou", 1), ("fengze", 2), ("xiamen", 1), ("huada", 1), ("hall", 2),
    ]  # fmt: skip
    assert [(row.place.id, row.depth) for row in part] == [("quanzhou", 0), ("fengze", 1), ("huada", 0), ("hall", 1)]


async def test_parts_cover_the_whole_tree_and_repeat_ancestors(grown: Database) -> None:
    async with grown.read() as connection:
        whole = rows(await places.every(connection, {TOP}))
    for most in range(1, len(whole) + 1):
        seen, after, first = list[str](), "", True
        while first or after:
            shown, last = part(whole, after, most)
            assert shown[0].depth == 0
            again = [row for row in shown if row.place.id in seen]
            assert [row.depth for row in again] == list(range(len(again)))
            seen += [row.place.id for row in shown[len(again) :]]
            first, after = False, last
        assert seen == [row.place.id for row in whole]
    assert [row.place.id for row in part(whole, "gone", 2)[0]] == [TOP, "quanzhou"]
    assert [row.place.id for row in found(whole, "OF HALL")] == [TOP, "huada", "hall"]
    assert found(whole, "nowhere") == []


async def test_a_community_is_added_and_renamed(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "city-admin")
    await admin.open("/staff/places/fengze")
    page = await admin.send("/staff/places/fengze/below", kind="community", id="garden", **NAMES)
    assert page.url == "/staff/places/garden"
    assert "Garden &lt;community&gt;" in page.html
    assert await above(desk.database, "garden") == {"garden", "fengze", "quanzhou", TOP}
    page = await admin.send("/staff/places/garden/names", **(NAMES | {"en": "  Two   words "}))
    assert "<h1>Two words</h1>" in page.html
    async with desk.database.read() as connection:
        lines = [line for _, line in await audit_trail.page(connection, {"fengze"})][:2]
    assert [(line.action.name, line.place, line.action.subject) for line in lines] == [
        ("place.rename", "garden", "garden"),
        ("place.add", "fengze", "garden"),
    ]
    assert lines[0].action == PlaceRenamed("garden", (FieldChange("en", "Garden <community>", "Two words"),))


async def test_a_place_without_a_short_name_gets_one(desk: RunningDesk) -> None:
    admin = await logged_in(desk, "huada-admin")
    await admin.open("/staff/places/huada")
    page = await admin.send("/staff/places/huada/below", kind="site", **NAMES)
    assert page.url.startswith("/staff/places/place-")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"en": " "}, "A name is missing"),
        ({"en": "x" * 61}, "A name is missing"),
        ({"id": "Big Name"}, "A short name has"),
        ({"id": "hall"}, "with this short name already"),
        ({"kind": "city"}, "A place of this kind cannot be"),
        ({"kind": "castle"}, "A place of this kind cannot be"),
    ],
)
async def test_an_invalid_place_is_shown_again_as_typed(desk: RunningDesk, changes: dict[str, str], words: str) -> None:
    admin = await logged_in(desk, "city-admin")
    await admin.open("/staff/places/fengze")
    form = {"kind": "community", "id": "garden", **NAMES} | changes
    page = await admin.send("/staff/places/fengze/below", **form)
    assert page.status == 422
    assert words in page.text()
    assert f'value="{form["zh-Hant"]}"' in page.html


async def test_moving_a_place_needs_the_right_at_both_ends(desk: RunningDesk) -> None:
    """An admin of a community could else put it under another city, or a city's admin take one that is not theirs."""
    async with desk.database.write() as connection:
        await accounts.grant(connection, "huada-clerk", "huada", Role.admin.value, NOW)
        await accounts.grant(connection, "huada-clerk", "quanzhou", Role.admin.value, NOW)
    for name, place, parent in (
        ("city-admin", "huada", "fengze"),  # governs where it would go
        ("huada-clerk", "huada", "fengze"),  # and the place itself, but not where it stands
        ("city-admin", "fengze", "xiamen"),  # governs the place and where it stands, but not where it would go
    ):
        browser = await logged_in(desk, name)
        assert (await browser.forge(f"/staff/places/{place}/move", parent=parent)).status == 404, (name, place)
    admin = await logged_in(desk, "root")
    await admin.open("/staff/places/huada")
    await admin.send("/staff/places/huada/move", parent="fengze")
    assert "fengze" in await above(desk.database, "hall")
    page = await admin.forge("/staff/places/huada/move", parent="hall")
    assert page.status == 422
    city = await logged_in(desk, "city-admin")
    assert (await city.open("/staff/places/hall")).status == 200


async def test_places_are_added_and_listed_from_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    config = tmp_path / "central.toml"
    config.write_text((ROOT / "config/demo/central.toml").read_text(), encoding="utf-8")
    where = ("--config", str(config), "--state-dir", str(tmp_path / "state"))
    code, out, _ = await run_place(
        "place", "add", "quanzhou", "--kind", "city", "--hans", "泉州", "--english", "Q", *where
    )
    assert (code, out) == (0, "quanzhou: added under all\n")
    for argv in (
        ("quanzhou", "--kind", "city"),
        ("hall", "--kind", "site", "--under", "quanzhou"),
        ("Hall", "--kind", "city"),
        ("big", "--kind", "city", "--hans", "x" * 61),
    ):
        code, out, err = await run_place("place", "add", *argv, *where)
        assert (code, out) == (1, ""), argv
        assert err.strip()
    code, out, _ = await run_place("place", "list", *where)
    assert out.splitlines() == ["all  top  全部 / Everywhere", "  quanzhou  city  泉州 / Q"]
