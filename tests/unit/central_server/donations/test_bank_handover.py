"""Bank handover: a redirect is followed at once; a form and a code are pages."""

import pytest
from aiohttp import web

from central_server.banks.port import Code, Form, Redirect
from central_server.public.phone_pages.bank_redirect import handover_page
from kiosk_ui.surface import Surface
from sync_contract.money import Money
from sync_contract.strict_model import Language
from tests.browser.gallery import pages
from tests.browser.projects import LUNCH

AMOUNT = Money(3000)


def test_a_redirect_is_followed_at_once() -> None:
    with pytest.raises(web.HTTPSeeOther) as gone:
        handover_page(Redirect("https://bank.example/pay"), LUNCH, AMOUNT, "/t/x")
    assert gone.value.headers["Location"] == "https://bank.example/pay"


@pytest.mark.parametrize("language", Language)
def test_a_form_preserves_its_fields_and_their_order(language: Language) -> None:
    fields = (("b", "2"), ("a", '"<&>"'), ("signature", "a+b/c=="))
    view = handover_page(Form("https://bank.example/pay", fields), LUNCH, AMOUNT, "/t/x")
    html = pages(Surface.phone).render_page(view, language)
    assert html.index('name="b" value="2"') < html.index('name="a" value="&#34;&lt;&amp;&gt;&#34;"')
    assert 'name="signature" value="a+b/c=="' in html
    assert 'method="post" action="https://bank.example/pay"' in html
    assert 'href="/t/x"' in html
    assert "csrf" not in html


@pytest.mark.parametrize("language", Language)
def test_a_code_is_drawn_and_not_written(language: Language) -> None:
    view = handover_page(Code("https://qr.example.org/62900000"), LUNCH, AMOUNT, "/t/x")
    html = pages(Surface.phone).render_page(view, language)
    assert html.count("<svg") == 1
    assert "62900000" not in html
    assert "handover.js" not in html
