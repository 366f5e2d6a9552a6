"""The texts of projects are published with their phrases, so that no screen divides a word of them."""

import asyncio
import sys
from collections.abc import Sequence

import aiohttp
import pytest

from central_server.catalogue.phrase_process import divide, phrases
from central_server.catalogue.publication import Publication
from central_server.store.engine.database import Database
from central_server.store.places.places import TOP
from kiosk_ui.phrases import SEPARATOR
from sync_contract.catalogue import SignedCatalogue, verify
from sync_contract.project import Project, Texts
from sync_contract.strict_model import Environment, Language
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.icu_words import divided_words
from tests.unit.central_server.catalogue_world import KEY, NOW, edit, huada, pulled, texts

__all__ = ["huada"]

SIMPLIFIED = "每天中午，志愿者把热饭菜送到独居老人手里，顺便看看他们身体好不好、家里缺不缺东西。"
TRADITIONAL = "每天中午，志工把熱飯菜送到獨居老人手裡，順便看看他們身體好不好、家裡缺不缺東西。"
STORY = Texts.model_validate({"zh-Hans": SIMPLIFIED, "zh-Hant": TRADITIONAL, "en": "A warm meal every noon."})


async def test_no_word_of_a_published_project_is_divided_on_kiosk_or_phone(
    central: RunningCentral, gateway: DeliveringGateway, session: aiohttp.ClientSession
) -> None:
    async with central.database() as database:
        await edit(database, TOP, story=STORY)
    published = next(project for project in (await pulled(gateway, central)).projects if project.id == "lunch")
    marked = {line.replace(SEPARATOR, ""): line for line in published.phrases}
    for language in (Language.zh_hans, Language.zh_hant):
        line = marked[STORY[language]]
        assert line.count(SEPARATOR) >= 8
        assert divided_words(language, [line]) == set()
        async with session.get(f"{central.url}/s/at/huada/lunch", params={"lang": language.value}) as answer:
            assert line.replace(SEPARATOR, "<wbr>") in await answer.text()


async def test_an_edit_gets_new_phrases_and_a_failure_none(huada: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    publication = Publication(huada, KEY, lambda: NOW, Environment.drill, divide=divide)

    async def phrases() -> tuple[str, ...]:
        signed = SignedCatalogue.model_validate_json((await publication.current("huada")).signed)
        return next(each.phrases for each in verify(signed, KEY.public_key(), 0).projects if each.id == "lunch")

    await edit(huada, TOP, title=texts("一起吃顿热饭"))
    assert "一起|吃顿热饭" in await phrases()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    await edit(huada, TOP, title=texts("志愿者送热饭"))
    assert not any("志愿者" in line for line in await phrases())
    monkeypatch.undo()
    await edit(huada, TOP, position=3)
    assert "志愿者|送热饭" in await phrases()


async def test_many_gateways_that_ask_at_once_start_one_process(huada: Database) -> None:
    asked = list[int]()

    async def counted(projects: Sequence[Project]) -> list[tuple[str, ...]]:
        asked.append(len(projects))
        await asyncio.sleep(0)
        return phrases(projects)

    publication = Publication(huada, KEY, lambda: NOW, Environment.drill, divide=counted)
    await asyncio.gather(*(publication.current("huada") for _ in range(30)))
    assert len(asked) == 1
