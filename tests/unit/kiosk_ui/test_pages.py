import gzip
import re

import pytest

from kiosk_ui.assets import STATIC, Assets
from kiosk_ui.giving_views import AmountPage, Handoff, Thanks
from kiosk_ui.hall_views import Attract, ProjectPage
from kiosk_ui.notice_views import NoticeKind, NoticePage
from kiosk_ui.surface import Surface
from kiosk_ui.views import View
from sync_contract.money import Money
from sync_contract.permit import PermitReason
from sync_contract.records import HandoffKind, IntentState
from sync_contract.strict_model import Environment, Language
from tests.browser.gallery import AMOUNT, CODE, KEY, VIEWS, pages
from tests.browser.projects import LUNCH, TEA, texts

DRILL = {Language.zh_hans: "演练", Language.zh_hant: "演練", Language.en: "DRILL"}
PAGES = {surface: pages(surface) for surface in Surface}
EVERY = [
    pytest.param(surface, view, language, id=f"{surface}-{name}-{language}")
    for surface, views in VIEWS.items()
    for name, view in views.items()
    for language in Language
]


def kiosk(view: View, language: Language = Language.en) -> str:
    return PAGES[Surface.kiosk].render_page(view, language, csrf="token")


@pytest.mark.parametrize(("surface", "view", "language"), EVERY)
def test_every_page_is_small_with_its_language_and_says_twice_that_it_is_a_drill(
    surface: Surface, view: View, language: Language
) -> None:
    html = PAGES[surface].render_page(view, language, csrf="0" * 64)
    assert len(html.encode()) < 60_000
    assert f'<html lang="{language}"' in html
    assert html.count(DRILL[language]) >= 2
    assert html.count("<h1") == 1
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src)", html), "the CSP forbids anything inline"
    hosts = re.findall(r"""(?:src|href|action)="(?:https?:)?//([^/"]*)""", html)
    assert {host.lower() for host in hosts} <= {"give.example.org"}, "a third party"


@pytest.mark.parametrize("surface", Surface)
def test_a_real_page_is_not_called_a_drill(surface: Surface) -> None:
    for view in VIEWS[surface].values():
        html = pages(surface, Environment.real).render_page(view, Language.en, csrf="x")
        assert "DRILL" not in html
        assert 'class="tab"' not in html


def test_the_script_and_all_else_that_a_first_visit_loads_is_small() -> None:
    assert len(gzip.compress((STATIC / "kiosk.js").read_bytes())) <= 8_000
    assert len(gzip.compress(Assets().files["pages.css"].content)) <= 10_000
    assert max(len(gzip.compress(path.read_bytes())) for path in STATIC.rglob("*.svg")) <= 8_000


@pytest.mark.parametrize("language", Language)
def test_nothing_is_called_paid_or_received_before_the_bank_said_so(language: Language) -> None:
    before = [view for surface in VIEWS for view in VIEWS[surface].values() if getattr(view, "slip", "") == ""]
    assert len(before) > 30
    for view in before:
        surface = Surface.phone if view in VIEWS[Surface.phone].values() else Surface.kiosk
        html = PAGES[surface].render_page(view, language, csrf="x")
        assert not re.search(
            r"已到账|已到帳|已收到|收到您|谢谢您|多謝您|Thank you<|has confirmed your|已确认,您为", html
        )


@pytest.mark.parametrize("language", Language)
def test_the_thanks_name_amount_project_and_slip(language: Language) -> None:
    html = kiosk(Thanks(LUNCH, AMOUNT, "7F3A-K8QZ"), language)
    for fact in ("¥30", LUNCH.title[language], "7F3A-K8QZ", LUNCH.payee[language]):
        assert fact in html


def test_without_a_permit_there_is_a_reason_and_no_way_to_give() -> None:
    for reason in set(PermitReason) - {PermitReason.holds}:
        project = TEA if reason is PermitReason.missing else LUNCH
        html = kiosk(ProjectPage(project, False, reason))
        assert "For information only" in html
        assert "/amount" not in html
        assert re.search(r'role="note">\s*<b>[^<]+</b>\s*<p>[^<]{20,}</p>', html), reason
    turned = kiosk(Attract((TEA, LUNCH), TEA, shown_open=False))
    assert "/amount" not in turned


def test_with_a_permit_its_facts_are_on_the_project_page() -> None:
    html = kiosk(ProjectPage(LUNCH, True, PermitReason.holds))
    assert LUNCH.permit is not None
    for fact in (
        LUNCH.permit.organisation,
        LUNCH.permit.filing,
        LUNCH.permit.certificate,
        "/project/elder-lunch/amount",
    ):
        assert fact in html


def test_no_amount_is_chosen_beforehand() -> None:
    html = kiosk(AmountPage(LUNCH, KEY))
    assert not re.search(r"checked|selected|autofocus|aria-pressed", html)
    assert [int(fen) for fen in re.findall(r'name="amount_fen" value="(\d+)"', html)] == list(LUNCH.amounts_fen)


@pytest.mark.parametrize(
    ("path", "english"),
    [
        ("/h/x", "?lang=en"),
        ("/h/x?nfc", "?nfc=&amp;lang=en"),
        ("/t?code=7F3A-K8YZ&lang=zh-Hant", "?code=7F3A-K8YZ&amp;lang=en"),
        ("/v?slip=%22%3E%3Cb%3E", "?slip=%22%3E%3Cb%3E&amp;lang=en"),
    ],
)
def test_another_language_preserves_the_query(path: str, english: str) -> None:
    html = PAGES[Surface.phone].render_page(VIEWS[Surface.phone]["code"], Language.zh_hans, path=path)
    assert re.findall(r'href="([^"]*)" lang="en"', html) == [english]


@pytest.mark.parametrize("language", Language)
def test_a_missing_text_is_shown_in_another_language(language: Language) -> None:
    for name in ("project-untranslated", "attract-untranslated"):
        html = kiosk(VIEWS[Surface.kiosk][name], language)
        assert re.search(rf"<h1[^>]*>{LUNCH.title.zh_hans}</h1>", html)


def test_the_number_pad_works_by_plain_links() -> None:
    html = kiosk(AmountPage(LUNCH, KEY, "12"))
    for digits in ("120", "129", "1"):
        assert f'href="/project/elder-lunch/amount?digits={digits}"' in html
    assert 'name="yuan" id="yuan" value="12"' in html


def test_the_code_is_in_the_page_and_gone_once_the_registration_has_ended() -> None:
    assert 'class="code"' in kiosk(Handoff(LUNCH, AMOUNT, CODE, IntentState.registered, HandoffKind.ticket))
    for state in (IntentState.closed, IntentState.unconfirmed):
        ended = kiosk(Handoff(LUNCH, AMOUNT, CODE, state, HandoffKind.ticket))
        assert 'class="code"' not in ended
        assert CODE not in ended


def test_the_handoff_shows_when_the_phone_has_opened_the_bank() -> None:
    opened = kiosk(Handoff(LUNCH, AMOUNT, CODE, IntentState.handed_off, HandoffKind.ticket))
    assert "The bank's page is open" in opened
    assert "Now on your phone" in opened
    waiting = kiosk(Handoff(LUNCH, AMOUNT, CODE, IntentState.registered, HandoffKind.ticket))
    assert "page is open" not in waiting
    ended = kiosk(Handoff(LUNCH, AMOUNT, CODE, IntentState.handed_off, HandoffKind.ticket, ended=True))
    assert "Nothing was paid this time. Scan again" in ended
    assert "page is open" not in ended


def test_texts_from_a_catalogue_cannot_become_markup() -> None:
    evil = LUNCH.model_copy(update={"title": texts(*["<img src=x onerror=alert(1)>"] * 3)})
    for view in (
        Attract((evil,)),
        ProjectPage(evil, True, PermitReason.holds),
        AmountPage(evil, KEY),
        Thanks(evil, AMOUNT, ""),
    ):
        html = kiosk(view)
        assert "<img src=x" not in html
        assert "&lt;img src=x" in html


def test_a_notice_shows_the_next_step_and_the_possible_amounts() -> None:
    html = kiosk(NoticePage(NoticeKind.amount_out_of_range, LUNCH, "/project/elder-lunch/amount"))
    assert "from ¥1 to ¥50,000" in html
    assert 'href="/project/elder-lunch/amount"' in html


def test_the_part_for_live_is_what_the_page_holds_in_main() -> None:
    view = Handoff(LUNCH, Money(1050), CODE, IntentState.registered, HandoffKind.ticket)
    part = PAGES[Surface.kiosk].render_main(view, Language.en, csrf="token")
    assert part.strip() in kiosk(view)
    assert "¥10.50" in part
    assert "<html" not in part
