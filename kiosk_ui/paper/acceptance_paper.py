"""Print an acceptance sheet in Chinese and English."""

from dataclasses import asdict
from typing import Any

from kiosk_ui.assets import STATIC
from kiosk_ui.paper.acceptance_picture import draw_zones
from kiosk_ui.paper.acceptance_wording import ALL_TESTED, SCAN, SIGNATURE, UNTESTED_TITLE, word_sheet
from kiosk_ui.paper.paper_wording import drill_words, setting, translator
from kiosk_ui.paper.typesetting import typeset
from kiosk_ui.qr import paper_code_svg
from sync_contract.acceptance_sheet import AcceptanceSheet
from sync_contract.strict_model import Language


def sheet_pdf(sheet: AcceptanceSheet, digest: str, address: str) -> bytes:
    """Return pages A4. `address`: of the sheet's page, the content of the code. It takes about a second of CPU.

    Raises TypesettingUnavailable.
    """
    words = word_sheet(sheet, digest)
    community = {Language.zh_hans: words.site.zh, Language.en: words.site.en}
    printed: dict[str, Any] = {
        "words": asdict(words),
        "code": paper_code_svg(address),
        "zones": draw_zones(sheet),
        "seal": (STATIC / "seal.svg").read_text("utf-8"),
        "untested_title": asdict(UNTESTED_TITLE),
        "all_tested": asdict(ALL_TESTED),
        "signature": asdict(SIGNATURE),
        "scan": asdict(SCAN),
        "texts": [
            {
                "set": setting(language),
                "drill": drill_words(sheet.environment, translator(language)),
                "community": community[language],
            }
            for language in (Language.zh_hans, Language.en)
        ],
    }
    return typeset("acceptance.typ", printed)
