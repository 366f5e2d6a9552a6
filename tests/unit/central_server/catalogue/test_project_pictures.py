"""Choose a project's photograph, the part of it that is always seen, and its drawing on the staff pages."""

import re

import aiohttp

from central_server.store.accounts import audit_trail
from central_server.store.accounts.audit_actions import ProjectChanged
from central_server.store.accounts.audit_records import FieldChange
from central_server.store.places.places import TOP
from sync_contract.catalogue import Focus
from sync_contract.project import Drawing
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.editor import Editor, form_of
from tests.unit.central_server.catalogue.test_catalogue_pages import faults
from tests.unit.central_server.catalogue_world import pulled

PNG = b"".join(
    (
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
        b"\x00\x00\x00\x10\x00\x00\x00\x10\x08\x06\x00\x00\x00....",
        b"IDAT....\x00\x00\x00\x00IEND\xaeB`\x82",
    )
)

HUGE = PNG.replace(b"\x00\x00\x00\x10", b"\x00\x01\x00\x00", 1)
"""65,536 pixels wide."""


async def test_a_picture_is_accepted_by_its_content_and_ending(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    page = await editor.open("/staff/projects/all/lunch")
    for content in (b"<svg onload=alert(1)>", b"", PNG[:-4], b"GIF89a" + b"x" * 100, HUGE, PNG + b"x" * 3_000_000):
        shown = await editor.send(page, "/picture", "picture", "a.png", content)
        assert shown.status == (413 if len(content) > 2_500_000 else 422), content[:10]
    for name in ("summer", "summer.svg", "summer.png.html"):
        assert (await editor.send(page, "/picture", "picture", name, PNG)).status == 422, name
    saved = await editor.send(page, "/picture", "picture", "夏.jpg", PNG)
    assert "saved=1" in saved.url
    async with session.get(f"{central.url}/staff/pictures/all/lunch") as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", PNG)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    (picture,) = (await pulled(gateway, central)).pictures
    assert (picture.project, picture.content_type, picture.size_bytes) == ("lunch", "image/png", len(PNG))
    status, _ = await gateway.look(f"/api/v1/pictures/{picture.sha256}", "", {})
    assert status == 200


async def test_the_drawing_and_the_focus_that_staff_choose_reach_the_gateway(
    editor: Editor, central: RunningCentral, gateway: DeliveringGateway
) -> None:
    page = await editor.open("/staff/projects/all/lunch")
    assert set(re.findall(r'name="drawing" value="([a-z]+)"', page.html)) == set(Drawing)
    for drawing in Drawing:
        async with editor.session.get(f"{central.url}/static/art/{drawing}.svg") as answer:
            assert answer.status == 200, drawing
    assert "drawing" in faults(await editor.save(page, drawing="dragon"))
    assert "saved=1" in (await editor.save(page, drawing="music")).url
    page = await editor.open("/staff/projects/all/lunch")
    saved = await editor.send(page, "/picture", "picture", "a.png", PNG)
    assert form_of(saved, "/picture")[1]["focus"] == "centre"
    moved = await editor.save(saved, "/picture", focus="top-left")
    assert form_of(moved, "/picture")[1]["focus"] == "top-left"
    catalogue = await pulled(gateway, central)
    (picture,) = catalogue.pictures
    assert (picture.focus, catalogue.projects[0].drawing) == (Focus.top_left, Drawing.music)
    edited = await editor.save(moved, title_en="Soup")
    assert form_of(edited, "/picture")[1]["focus"] == "top-left"
    assert (await pulled(gateway, central)).pictures[0].focus is Focus.top_left
    again = await editor.send(edited, "/picture", "picture", "b.png", PNG.replace(b"....", b"1234"))
    assert form_of(again, "/picture")[1]["focus"] == "centre", "another photograph has its own focus"
    async with central.database() as database, database.read() as connection:
        trail = [entry.action for _, entry in await audit_trail.page(connection, [TOP])]
    assert ProjectChanged("lunch", (FieldChange("focus", "centre", "top-left"),)) in trail
    await editor.save(again, "/picture", remove="yes")
    assert (await pulled(gateway, central)).pictures == ()
