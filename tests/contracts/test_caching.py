"""Which answers may be cached: public ones. All others are `no-store` by default."""

import pytest

from daemonkit.web.web_rules import WebRules, security_headers
from tests.paths import ROOT

PUBLIC = {
    "daemonkit/web/guards.py": "the default, from `security_headers`",
    "daemonkit/web/web_rules.py": "no-store",
    "central_server/public/static_files.py": "stylesheets and scripts",
    "central_server/public/phone_pages/project_pictures.py": "pictures of projects",
    "central_server/public/program_api/openapi.py": "the document for programs",
    "central_server/public/program_api/public_ledger.py": "published heads",
    "central_server/public/phone_pages/slip_page.py": "no-store",
    "central_server/gateway_api/catalogue.py": "the catalogue and its pictures, to a gateway",
    "central_server/bank_emulator/page_style.py": "the drill bank's stylesheet",
    "volunteering/public/bulletin_api.py": "the bulletin, without a name, to a gateway",
    "beacon_gateway/kiosk/pages/files.py": "stylesheets, pictures and voices",
}


def test_cacheable_answers_are_in_this_list() -> None:
    found = {
        str(each.relative_to(ROOT))
        for folder in ("central_server", "beacon_gateway", "daemonkit", "volunteering")
        for each in (ROOT / folder).rglob("*.py")
        if '"Cache-Control"' in each.read_text("utf-8")
    }
    assert found - PUBLIC.keys() == set(), "add the file with the reason why its responses contain no personal data"


@pytest.mark.parametrize("file", [file for file, why in PUBLIC.items() if why == "no-store"])
def test_personal_answers_are_never_cached(file: str) -> None:
    assert '"Cache-Control": "no-store"' in (ROOT / file).read_text("utf-8")
    assert security_headers(WebRules(frozenset(), b""))["Cache-Control"] == "no-store"
