"""A line that was not taken says what, why and what to do in words; a conflict says first what differs."""

import json

import aiohttp
import pytest

from central_server.staff.parcels.fact_wording import NAMES, differences, name
from tests.databases import sqlite_only
from tests.fakes.central_process import RunningCentral
from tests.fakes.delivering_gateway import DeliveringGateway, as_json
from tests.fakes.donor import Donor
from tests.unit.central_server.staff.test_overview import text
from tests.unit.central_server.staff.test_staff import logged_in


def same(text: str) -> str:
    return text


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("body.amount_minor", "Amount"),
        ("n", "Sequence number"),
        ("body.counts[0].visits", "Screen counts"),
        ("body.colour", "body.colour"),
    ],
)
def test_the_field_at_fault_is_named_in_words(path: str, field: str) -> None:
    assert name(path, same) == field


def test_money_is_the_first_of_what_differs() -> None:
    facts = [
        ("id", ["a", "a"], False),
        ("body.door", ["touch", "qr"], True),
        ("body.amount_minor", ["5000", "9999"], True),
    ]
    zh = {NAMES["amount_minor"]: "金额"}
    assert differences(facts, lambda text: zh.get(text, text)) == [
        "金额 ¥50.00 ≠ ¥99.99",
        "How it was opened touch ≠ qr",
    ]
    assert name("body.places[3].beacon", same) == "Beacons on the walls"


@sqlite_only
async def test_a_line_says_why_it_was_not_taken_and_a_conflict_what_differs(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor
) -> None:
    first = gateway.intent()
    await gateway.deliver([first])
    other, bad, screen = map(as_json, (first, gateway.intent(), gateway.statistics()))
    other["body"]["amount_minor"] += 1
    bad["body"]["amount_minor"] = 0
    screen["body"] = {"kind": "screen", "start": screen["body"]["start"], "seconds": "x", "counts": []}
    batch = json.dumps({"contract": 1, "parcels": [other, bad, screen]}).encode()
    status, _ = await gateway.post("/api/v1/parcels", batch, {"Content-Type": "application/json"})
    assert status == 200
    await logged_in(central, donor)
    log = text(await donor.open(f"{central.url}/staff/log"))
    assert "A value in it has an invalid format: Amount." in log
    assert "A screen count was refused." in log
    assert "beacon" not in log.partition("A screen count")[2].partition("to the supplier")[0]
    page = await donor.open(f"{central.url}/staff/parcels/{gateway.id}/{first.id}")
    assert "These contents differ:" in page.text()
    assert "≠" in page.text()
    assert page.html.index("≠") < page.html.index("amount_minor")
    assert "<details open" not in page.html


@sqlite_only
async def test_whoever_takes_a_file_along_stands_in_the_audit_trail(
    central: RunningCentral, gateway: DeliveringGateway, donor: Donor, session: aiohttp.ClientSession
) -> None:
    await gateway.deliver([gateway.intent()])
    await logged_in(central, donor)
    files = ("gifts.csv", "export?kind=beacons", "ledger/export?place=huada", "evidence.xlsx")
    for path in files:
        async with session.get(f"{central.url}/staff/{path}") as taken:
            assert taken.status == 200
    trail = text(await donor.open(f"{central.url}/staff/audit?action=file.take"))
    assert "Downloaded a file · Gifts Id gifts" in trail
    for kind in ("Beacons Id beacons.csv", "Ledger Id ledger-", "Gifts waiting for evidence Id waiting-gifts.xlsx"):
        assert f"Downloaded a file · {kind}" in trail
