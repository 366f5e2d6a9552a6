"""The telephone number on the pages of phones: a button that dials, and the way back to where somebody asked."""

from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest

from sync_contract.strict import Language
from tests.fakes.central_process import CONFIG, RunningBank, running_central
from tests.fakes.donor import Donor

PUBLISHED = CONFIG.replace(
    "[bank]",
    """contact_phone = "0595-0000 0000"
contact_name = { zh-Hans = "党支部", zh-Hant = "黨支部", en = "Party branch" }

[bank]""",
    1,
)


@pytest.mark.parametrize(
    ("language", "holder"),
    [(Language.zh_hans, "党支部"), (Language.zh_hant, "黨支部"), (Language.en, "Party branch")],
)
async def test_every_page_leads_to_a_button_that_dials_and_it_leads_back(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession, language: Language, holder: str
) -> None:
    async with running_central(tmp_path / "central", bank, config=PUBLISHED) as central:
        donor = Donor(session, language=language)
        assert 'href="/contact?back=/s"' in (await donor.open(f"{central.url}/s")).html
        asked = f"/t?code=7F3A-K8YZ&lang={language}"
        assert f'href="/contact?back={quote(asked)}"' in (await donor.open(central.url + asked)).html
        page = await donor.open(f"{central.url}/contact?back={quote(asked)}")
        assert page.status == 200
        assert 'href="tel:059500000000"' in page.html
        assert "0595 0000 0000" in " ".join(page.text().split())
        assert holder in page.html
        assert f'href="{asked.replace("&", "&amp;")}"' in page.html
        assert "<footer" not in page.html, "no way to itself"


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:1", ""])
async def test_the_way_back_never_leads_to_another_site(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession, back: str
) -> None:
    async with running_central(tmp_path / "central", bank, config=PUBLISHED) as central:
        page = await Donor(session).open(f"{central.url}/contact?back={quote(back)}")
        assert 'class="deed" href="/s"' in page.html
        assert "evil" not in page.html.partition("<main")[2]


async def test_without_a_number_no_page_offers_one_and_the_page_says_where_to_ask(
    tmp_path: Path, bank: RunningBank, session: aiohttp.ClientSession
) -> None:
    async with running_central(tmp_path / "central", bank) as central:
        donor = Donor(session)
        assert "/contact" not in (await donor.open(f"{central.url}/s")).html
        page = await donor.open(f"{central.url}/contact")
        assert page.status == 200
        assert "Please ask at the community office." in page.text()
        assert "tel:" not in page.html
