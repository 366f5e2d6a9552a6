"""Test the HTML of phone pages."""

import re

import pytest

from kiosk_ui.assets import STYLE
from kiosk_ui.giving_views import PhoneGift, PhoneGiving, PhoneOutcome
from kiosk_ui.hall_views import PhoneHall, PhoneProject
from kiosk_ui.help_views import PhoneHelpPage, PhonePrivacyPage
from kiosk_ui.notice_views import NoticeKind, NoticePage
from kiosk_ui.surface import Surface
from kiosk_ui.views import View
from sync_contract.permit import PermitReason
from sync_contract.records import IntentState
from sync_contract.strict_model import Language
from tests.browser.gallery import AMOUNT, pages
from tests.browser.projects import LUNCH, PROJECTS

PHONE = pages(Surface.phone)
GIVING = PhoneGiving("/h/x?gift=1")


def html(view: View, language: Language = Language.en, path: str = "/x") -> str:
    page = PHONE.render_page(view, language, csrf="token", path=path, contact="/contact/huada", place_path="/huada")
    return page.replace("<wbr>", "")


def project(giving: PhoneGiving | None = GIVING, another: str = "") -> str:
    return html(PhoneProject(LUNCH, True, PermitReason.holds, "/s/at/huada", another, giving, board="/board/huada"))


def test_the_donate_button_precedes_the_form() -> None:
    page = project()
    permit = LUNCH.permit
    assert permit is not None
    read, _, rest = page.partition('<a class="button main" href="#give">')
    assert all(fact in read for fact in (permit.area, permit.certificate, permit.filing, LUNCH.story.en.split("\n")[0]))
    assert 'id="give"' in rest
    assert 'href="/board/huada#elder-lunch"' in rest


def test_a_refused_amount_is_shown_above_the_story() -> None:
    page = project(PhoneGiving("/h/x?gift=1", fault="unread", typed="many"))
    assert page.index('id="amount-fault"') < page.index("<details")
    assert 'href="#give"' not in page
    assert page.count('id="give"') == 1


def test_vermilion_is_for_giving_alone() -> None:
    assert 'class="button main"' not in project(None, "/turn").partition("<main")[2]
    assert 'class="button main"' not in html(PhoneHall(PROJECTS, "/s/at/huada")).partition("<main")[2]


def test_a_hall_shows_its_projects_first() -> None:
    page = html(PhoneHall(PROJECTS, "/s/at/huada", board="/board/huada"))
    assert page.index('class="projects') < page.index('id="shake"') < page.index('href="/board/huada"')


@pytest.mark.parametrize(
    ("language", "word"), [(Language.zh_hans, "先不捐了"), (Language.zh_hant, "這次先不捐"), (Language.en, "Not now")]
)
def test_the_way_back_from_a_gift_is_a_button_like_the_other(language: Language, word: str) -> None:
    page = html(PhoneGift(LUNCH, AMOUNT, "/t/x", leave="/s/at/huada"), language)
    form = page.partition('<form class="buttons"')[2].partition("</form>")[0]
    assert f'<a class="button" href="/s/at/huada">{word}</a>' in form
    assert form.count('class="button') == 2


def test_every_outcome_has_a_next_step() -> None:
    for state in IntentState:
        again = html(PhoneOutcome(LUNCH, AMOUNT, state, again="/h/x", root="/s/at/huada")).partition("<main")[2]
        alone = html(PhoneOutcome(LUNCH, AMOUNT, state, root="/s/at/huada")).partition("<main")[2]
        waits = state in (IntentState.registered, IntentState.handed_off)
        assert ('href="/h/x"' in again) is (waits or state is IntentState.closed)
        assert "screen in the hall" not in again.partition("</main>")[0]
        assert waits or 'class="button" href="/s/at/huada"' in alone


def test_a_phone_looks_as_its_owner_set_it_up() -> None:
    page = html(NoticePage(NoticeKind.not_found, back="/s"))
    assert 'class="text-usual theme-system"' in page
    assert '<meta name="color-scheme" content="light dark">' in page
    tokens = (STYLE / "tokens.css").read_text()
    for theme, asked in (("dark", "prefers-color-scheme: dark"), ("contrast", "prefers-contrast: more")):
        stored = re.search(rf"^\.theme-{theme} {{(.*?)}}", tokens, re.M | re.S)
        system = re.search(rf"@media \({asked}\) {{\s*\.theme-system {{(.*?)}}", tokens, re.S)
        assert stored is not None
        assert system is not None
        assert stored[1].split() == system[1].split(), "the same colours"


@pytest.mark.parametrize("language", [Language.zh_hans, Language.zh_hant])
@pytest.mark.parametrize("view", [PhoneHelpPage("/s"), PhoneOutcome(LUNCH, AMOUNT, IntentState.closed)])
def test_no_blank_stands_between_two_chinese_sentences(language: Language, view: View) -> None:
    page = re.sub(r"</?b>", "", html(view, language).partition("<main")[2])
    assert not re.search(r"[。？：！] +[^<\s]", page)


@pytest.mark.parametrize("view", [PhoneHelpPage("/s"), PhonePrivacyPage(90), PhoneHall(PROJECTS, "/s")])
def test_help_and_privacy_are_in_the_foot_of_every_page_but_their_own(view: View) -> None:
    own = not isinstance(view, PhoneHall)
    page = html(view, path="/s/at/huada")
    for way in ("/help/huada?back=/s/at/huada", "/privacy/huada?back=/s/at/huada"):
        assert (way in page) is not own


@pytest.mark.parametrize("view", [PhoneHelpPage("/s"), PhonePrivacyPage(90), NoticePage(NoticeKind.fault, back="/s")])
def test_the_contact_link_is_in_the_footer_of_help_pages(view: View) -> None:
    assert 'href="/contact/huada?back=/s/at/huada"' in html(view, path="/s/at/huada")
    assert "/contact" not in PHONE.render_page(view, Language.en), "no number, no way to it"
