"""A gateway's acceptance sheet is verified, shown to staff and compared with what the gateway reports later."""

import asyncio

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk_ui.paper.acceptance_paper import sheet_pdf
from sync_contract.acceptance_sheet import digest_of, read_sheet
from sync_contract.gateway_report import HALL_CHANGED
from sync_contract.records import Receipt, SignedAcceptanceSheet
from sync_contract.strict_model import Environment
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.unit.central_server.staff.test_overview import reports, text
from tests.unit.central_server.staff.test_staff import logged_in


@sqlite_only
async def test_a_sheet_is_verified_shown_and_compared_with_later_reports(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    sheet = gateway.sheet()
    signed = sheet.body
    assert isinstance(signed, SignedAcceptanceSheet)
    forged = gateway.sheet(key=Ed25519PrivateKey.generate())
    borrowed, real = gateway.sheet(gateway="f" * 16), gateway.sheet(environment=Environment.real)
    receipts = await gateway.deliver([sheet, forged, borrowed, real, sheet])
    assert [(each.receipt, each.reason) for each in receipts] == [
        (Receipt.accepted, ""),
        (Receipt.refused, "signature"),
        (Receipt.refused, "signature"),
        (Receipt.refused, "other_environment"),
        (Receipt.duplicate, ""),
    ]
    await reports(gateway, version="0.1.0", configuration="ab" * 32)
    await logged_in(central, donor)
    one = f"{central.url}/staff/gateways/{gateway.id}"
    page = text(await donor.open(f"{one}/sheets/{sheet.id}?print={digest_of(signed)}"))
    for words in ("The device's key signed this sheet.", "The code of the print belongs to it.", "华大社区", "2.4 m"):
        assert words in page
    assert "differs" not in page
    gateways = text(await donor.open(f"{central.url}/staff/gateways"))
    assert "settings file has faults" not in gateways
    assert "No phone opened a code of the screen" in page
    assert "The print differs" in text(await donor.open(f"{one}/sheets/{sheet.id}?print=0123456789abcdef"))

    await reports(gateway, version="0.2.0", configuration="cd" * 32, old_settings=True, radio=HALL_CHANGED)
    page = text(await donor.open(one))
    assert "Its settings file has faults." in page
    assert "its settings file has faults" in text(await donor.open(f"{central.url}/staff/gateways"))
    for words in ("Its settings were changed.", "Its software was changed.", "The hall is received differently."):
        assert words in page
    assert "differs from its acceptance sheet" in text(await donor.open(f"{central.url}/staff/gateways"))
    log = text(await donor.open(f"{central.url}/staff/log"))
    assert "An acceptance sheet of the site arrived." in log
    assert "An acceptance sheet was refused." in log

    pdf = await asyncio.to_thread(sheet_pdf, read_sheet(signed), digest_of(signed), f"{one}/sheets/{sheet.id}")
    assert pdf.startswith(b"%PDF-")
