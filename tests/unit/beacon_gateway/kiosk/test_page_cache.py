"""Pages from memory show what is now, to each in the own language and look, with the own tokens."""

import json
import re
from dataclasses import replace

import pytest

from beacon_gateway.kiosk.page_cache import MOST, Kept
from beacon_gateway.presence.choice import Chosen
from kiosk_ui.display_preferences import Look, TextSize, Theme
from kiosk_ui.hall_views import Attract, ProjectPage, ProjectsPage
from kiosk_ui.help_views import HelpPage
from kiosk_ui.render import Pages
from kiosk_ui.surface import Surface
from sync_contract.permit import PermitReason
from sync_contract.records import Door
from sync_contract.strict_model import Environment, Language
from tests.browser.fake_giving import FakeKiosk
from tests.browser.projects import LUNCH, PROJECTS, SITE
from tests.unit.beacon_gateway.kiosk.resident import Resident
from tests.unit.beacon_gateway.kiosk.test_board import facts, head

USUAL = Look()


def pages(hung: dict[str, str]) -> Pages:
    return Pages(
        environment=Environment.drill,
        site=SITE,
        surface=Surface.kiosk,
        album=lambda project: hung.get(project, ""),
    )


async def test_the_next_page_after_a_change_of_scene_shows_it(resident: Resident, kiosk: FakeKiosk) -> None:
    for _ in range(2):
        assert LUNCH.summary[Language.zh_hans] in await resident.get("/projects")
        assert "page-attract" in await resident.get("/")
    for project in (PROJECTS[0], PROJECTS[1], None, PROJECTS[0]):
        kiosk.card_brings(project.id if project else None)
        for _ in range(2):
            page = await resident.get("/")
            assert ("turned" in page) == (project is not None)
            assert project is None or f"/project/{project.id}/amount" in page
            told = json.loads(await resident.get("/api/v1/scene"))
            assert (told["number"], told["project"]) == (kiosk.stage.scene.number, project.id if project else None)


async def test_the_state_tells_of_the_new_scene_even_when_it_looks_like_the_one_before(
    resident: Resident, kiosk: FakeKiosk
) -> None:
    kiosk.stage.show(Chosen(LUNCH.id, None, Door.touch, "once"))
    before = await resident.get("/api/v1/scene")
    kiosk.stage.show(Chosen(None, None, Door.touch, "away"))
    kiosk.stage.show(Chosen(LUNCH.id, None, Door.touch, "again"))
    assert await resident.get("/api/v1/scene") == before.replace('"number": 1', '"number": 3').replace("once", "again")


async def test_a_project_that_changes_or_goes_is_never_shown_as_it_was(resident: Resident, kiosk: FakeKiosk) -> None:
    address = f"/project/{LUNCH.id}"
    title = LUNCH.title[Language.zh_hans]
    for path in ("/", "/projects", address):
        assert title in await resident.get(path)
    named = LUNCH.title.model_copy(update={"zh_hans": "一个新的名字"})
    kiosk.projects.offered[LUNCH.id] = LUNCH.model_copy(update={"title": named})
    for path in ("/", "/projects", address):
        page = await resident.get(path)
        assert "一个新的名字" in page
        assert title not in page
    kiosk.projects.at = None  # the clock is not trusted any more: no permit can be judged
    assert f"{address}/amount" not in await resident.get(address)
    del kiosk.projects.offered[LUNCH.id]
    await resident.get(address)
    assert resident.status == 404
    assert "一个新的名字" not in await resident.get("/projects")


async def test_the_board_follows_what_is_published(resident: Resident, kiosk: FakeKiosk) -> None:
    for received in (70_000, 80_000, 70_000):
        kiosk.published = facts(head(gifts=7, received=received))
        assert f"¥{received // 100}" in await resident.get("/board")


async def test_no_two_sessions_see_each_others_token_language_or_look(resident: Resident, neighbour: Resident) -> None:
    for _ in range(2):
        assert 'lang="zh-Hans" class="text-usual theme-light"' in await resident.get("/")
        assert 'lang="zh-Hans" class="text-usual theme-light"' in await neighbour.get("/")
        assert resident.hidden("csrf") != neighbour.hidden("csrf")
        assert set(re.findall(r'name="csrf" value="([^"]*)"', resident.html)) == {resident.hidden("csrf")}
    await neighbour.post("/comfort", language="en", back="/")
    await neighbour.post("/comfort", theme="dark", back="/")
    await resident.post("/comfort", text="largest", back="/")
    for path in ("/", "/help", "/projects", "/privacy", f"/project/{LUNCH.id}"):
        for _ in range(2):
            assert 'lang="en" class="text-usual theme-dark"' in await neighbour.get(path)
            assert 'lang="zh-Hans" class="text-largest theme-light"' in await resident.get(path)
            assert resident.hidden("csrf") != neighbour.hidden("csrf")
    await neighbour.get("/help")
    token = neighbour.hidden("csrf")
    await resident.get("/help")
    await resident.post("/next", csrf=token)
    assert resident.status == 403


async def test_each_form_of_an_amount_has_a_key_of_its_own(resident: Resident) -> None:
    keys = []
    for _ in range(3):
        await resident.get(f"/project/{LUNCH.id}/amount")
        keys.append(resident.hidden("key"))
    assert len(set(keys)) == 3


async def test_a_page_from_memory_carries_the_headers_of_every_other_page(
    resident: Resident, neighbour: Resident
) -> None:
    for visitor in (resident, neighbour):  # each time the first page begins a session
        await visitor.get("/help")
        kept = dict(visitor.headers or {})
        visitor.http.cookie_jar.clear()
        await visitor.get("/help?from=elsewhere")  # is rendered for this request
        rendered = dict(visitor.headers or {})
        for headers in (kept, rendered):
            assert re.fullmatch(
                r"kiosk_session=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Strict", headers.pop("Set-Cookie")
            )
            assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", headers.pop("Date"))
            assert int(headers.pop("Content-Length")) > 1000
        assert kept == rendered
    await resident.get("/help")
    assert "Set-Cookie" not in (resident.headers or {})


def test_every_language_look_and_path_has_a_page_of_its_own_as_it_would_be_rendered() -> None:
    plain = pages({})
    kept = Kept(plain)
    looks = (USUAL, Look(TextSize.largest), Look(theme=Theme.contrast), Look(aloud=True))
    views = (Attract(PROJECTS), Attract(PROJECTS, LUNCH, True, Door.tag), HelpPage("123"), ProjectsPage(PROJECTS))
    for _ in range(2):
        for language in Language:
            for look in looks:
                for view in views:
                    for path, csrf in (("/", "a" * 64), ("/help", "b" * 64)):
                        wanted = plain.html(view, language, csrf=csrf, path=path, look=look)
                        assert kept.html(view, language, csrf=csrf, path=path, look=look).decode() == wanted


def test_parts_that_take_turns_are_each_as_they_would_be_rendered() -> None:
    plain = pages({})
    kept = Kept(plain)
    other = LUNCH.model_copy(update={"title": LUNCH.title.model_copy(update={"en": "Another name"})})
    views = (Attract(PROJECTS), Attract(PROJECTS, LUNCH, True, Door.tag), Attract(PROJECTS, other, True, Door.tag))
    for view in (*views, *views):
        about = "" if view.shown is None else view.shown.id
        for language, look, csrf in ((Language.en, USUAL, "a" * 64), (Language.zh_hant, Look(aloud=True), "b" * 64)):
            wanted = plain.part(view, language, csrf=csrf, look=look)
            assert kept.part(view, language, csrf=csrf, about=about, look=look) == wanted
            assert kept.html(view, language, csrf=csrf, path=about, look=look).decode() != wanted


@pytest.mark.parametrize("whole", [True, False])
def test_a_picture_that_is_hung_is_on_the_next_page(whole: bool) -> None:
    hung: dict[str, str] = {}
    kept = Kept(pages(hung))
    view = ProjectPage(LUNCH, True, PermitReason.holds)

    def shown() -> str:
        if whole:
            return kept.html(view, Language.en, csrf="", path="/", look=USUAL).decode()
        return kept.part(view, Language.en, csrf="", about="", look=USUAL)

    assert "/pictures/" not in shown()
    hung[LUNCH.id] = "/pictures/one"
    assert 'src="/pictures/one"' in shown()
    hung[LUNCH.id] = "/pictures/two"
    assert 'src="/pictures/two"' in shown()
    hung.clear()
    assert "/pictures/" not in shown()


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = pages({})
    kept = Kept(plain)
    rendered = []
    html = plain.html

    def counted(*asked: object, **facts: object) -> str:
        rendered.append(facts["path"])
        return html(*asked, **facts)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(plain, "html", counted)

    def ask(number: int) -> None:
        kept.html(HelpPage(), Language.en, csrf="", path=f"/{number}", look=replace(USUAL))

    for number in range(MOST + 1):
        ask(number)
    ask(MOST)
    ask(1)
    assert len(rendered) == MOST + 1
    ask(0)  # made room
    assert len(rendered) == MOST + 2
