"""Print the slip of a gift that the bank confirmed. Only the organisation issues the official 捐赠票据."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kiosk_ui.assets import STATIC
from kiosk_ui.number_format import capitals, day, money
from kiosk_ui.paper.paper_wording import check_languages, drill_words, setting, translator
from kiosk_ui.paper.typesetting import typeset
from kiosk_ui.qr import paper_code_svg
from sync_contract.money import Money
from sync_contract.permit import OFFICIAL_TIME, Permit
from sync_contract.project import Texts
from sync_contract.strict_model import Environment, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipFacts:
    """`confirmed_at`: aware, when the bank confirmed the gift; `verify_url`: the content of the code.

    `refunded`: the part of the gift that was refunded, None for nothing.
    """

    environment: Environment
    community: Texts
    number: str
    amount: Money
    confirmed_at: datetime
    project: Texts
    payee: Texts
    verify_url: str
    permit: Permit | None = None
    phone: str = ""
    refunded: Money | None = None


def slip_pdf(facts: SlipFacts, languages: Sequence[Language] = (Language.zh_hans,)) -> bytes:
    """Return one page A5; the first of two languages is larger. It takes about a second of CPU.

    Raises TypesettingUnavailable; ValueError for a time without zone, a currency that is not CNY, an amount too large
    for capitals, no language or more than two.
    """
    if facts.confirmed_at.tzinfo is None:
        raise ValueError("confirmed_at has no time zone")
    if facts.amount.currency != "CNY":
        raise ValueError(f"a slip needs an amount in yuan, not in {facts.amount.currency}")
    printed: dict[str, Any] = {
        "number": facts.number,
        "code": paper_code_svg(facts.verify_url),
        "seal": (STATIC / "seal.svg").read_text("utf-8"),
        "phone": facts.phone,
        "texts": [_build_texts(facts, language) for language in check_languages(languages)],
    }
    return typeset("slip.typ", printed)


def _build_texts(facts: SlipFacts, language: Language) -> dict[str, Any]:
    _ = translator(language)
    permit = facts.permit
    return {
        "set": setting(language),
        "drill": drill_words(facts.environment, _),
        "community": facts.community[language],
        "name": _("Giving slip"),
        "number_name": _("Slip number"),
        "amount": money(facts.amount, language),
        "capitals_name": _("In capitals"),
        "capitals": capitals(facts.amount.minor, language),
        "lines": [
            (_("Confirmed by the bank on"), day(facts.confirmed_at.astimezone(OFFICIAL_TIME).date(), language)),
            *(((_("Refunded"), money(facts.refunded, language)),) if facts.refunded else ()),
            (_("Project"), facts.project[language]),
            (_("Receiving organisation"), facts.payee[language]),
            *(((_("Filing number"), permit.filing),) if permit else ()),
        ],
        "no_receipt": _("This slip is not the official donation receipt."),
        "ask": _("The receiving organisation issues the official receipt; please ask there."),
        "verify": _("Scan to check this slip"),
        "later": _("Scan it again later to see what your gift achieved."),
        "pause": ". " if language is Language.en else "。",
        "call": _("Questions? Call the community"),
    }
