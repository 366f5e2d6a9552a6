"""The public ledger: heads, proofs, boards and typed slip numbers."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from central_server.state_files import catalogue_key
from central_server.store.ledger import ledger_heads, ledger_lines
from central_server.store.ledger.ledger_lines import LedgerLine
from sync_contract.ledger_heads import NO_HEAD, Chain, Head, Proof, check_next, read_head
from tests.fakes.central_process import RunningCentral
from tests.fakes.donor import Donor
from tests.unit.central_server.ledger_world import HUADA, gave, given


async def published(central: RunningCentral, *fen: int) -> list[LedgerLine]:
    """The lines of these gifts, once the server published them by itself."""
    async with central.database() as database:
        await given(database, *fen)
        async with asyncio.timeout(120):
            while True:
                async with database.read() as connection:
                    lines = await ledger_lines.of_purse(connection, *HUADA)
                    head = await ledger_heads.newest(connection, HUADA)
                if head is not None and Head.model_validate_json(head.content).total.gifts == len(lines):
                    return list(lines)
                await asyncio.sleep(0.05)


async def fetched(session: aiohttp.ClientSession, url: str, **headers: str) -> tuple[int, Any, str]:
    async with session.get(url, headers=headers) as answer:
        text = await answer.text()
        return answer.status, json.loads(text) if text else None, answer.headers.get("ETag", "")


async def test_the_chain_is_public_with_an_etag(central: RunningCentral, session: aiohttp.ClientSession) -> None:
    url = f"{central.url}/api/v1/transparency/huada/lunch"
    assert (await fetched(session, url))[0] == 404
    await published(central, *[1000] * 5)
    status, answer, etag = await fetched(session, url)
    assert status == 200
    chain = Chain.model_validate_json(json.dumps(answer))
    key = catalogue_key(central.state).public_key()
    head = read_head(chain.heads[0].head, key)
    check_next(None, NO_HEAD, head)
    assert head.total.received == 5000
    assert (await fetched(session, url, **{"If-None-Match": etag}))[0] == 304
    await published(central, *[1000] * 5)
    status, answer, _ = await fetched(session, url, **{"If-None-Match": etag})
    assert status == 200
    assert len(answer["heads"]) == 2
    assert [each["head"]["payload"] for each in (await fetched(session, f"{url}?after=1"))[1]["heads"]] == [
        answer["heads"][1]["head"]["payload"]
    ]
    assert (await fetched(session, f"{url}?after=x"))[0] == 400
    assert (await fetched(session, f"{central.url}/api/v1/transparency/neighbours/lunch"))[0] == 404


async def test_a_slips_secret_opens_only_its_own_gift(
    central: RunningCentral, session: aiohttp.ClientSession, donor: Donor
) -> None:
    async with central.database() as database:
        await given(database, 1234)
        async with database.read() as connection:
            (first,) = await ledger_lines.of_purse(connection, *HUADA)
    url = f"{central.url}/api/v1/proofs/{first.secret}"
    status, answer, _ = await fetched(session, url)
    assert (status, answer["code"]) == (404, "not_yet")
    page = await donor.open(f"{central.url}/v/{first.secret}")
    assert "Your gift is received, not yet published" in page.text()
    assert "¥12.34" in page.text()
    assert f"{central.url}/v/" not in page.html, "the secret goes into no link but its own proof"
    await published(central, 2000, 3000, 4000, 5000)
    status, answer, _ = await fetched(session, url)
    proof = Proof.model_validate_json(json.dumps(answer))
    assert proof.holds()
    assert proof.sums.received == 1234
    page = await donor.open(f"{central.url}/V/{first.secret.upper()}")
    assert "Your gift is in the published totals" in page.text()
    assert (first.slip or "?") in page.text()
    assert (await donor.open(f"{central.url}/v/{'f' * 32}")).status == 404
    assert (await fetched(session, f"{central.url}/api/v1/proofs/{'f' * 32}"))[1]["code"] == "unknown"


async def test_a_typed_number_reveals_only_whether_it_is_published(central: RunningCentral, donor: Donor) -> None:
    lines = await published(central, *[7700] * 5)
    async with central.database() as database, database.write() as connection:
        await gave(connection, 8800)
        waiting = (await ledger_lines.of_purse(connection, *HUADA))[-1]

    async def answer(slip: str | None) -> str:
        return " ".join((await donor.open(f"{central.url}/v?slip={slip}")).text().split())

    slip = lines[0].slip or ""
    for typed in (slip, slip.lower().replace("-", " "), slip.replace("0", "O").replace("1", "l")):
        page = await answer(typed)
        assert "Yes, the published totals include it." in page
        assert "77" not in page.replace(typed, ""), "no amount"
    assert "Received, not yet published." in await answer(waiting.slip)
    for typed in ("0000-0000", "%27", "77777777777777"):
        assert "This slip number was not found." in await answer(typed)
    assert "Number of your slip" in (await donor.open(f"{central.url}/v")).text()


async def test_guessing_slip_numbers_is_limited(central: RunningCentral, donor: Donor) -> None:
    statuses = [(await donor.open(f"{central.url}/v?slip=0000-{n:04d}")).status for n in range(12)]
    assert statuses == [200] * 10 + [429] * 2
    assert (await donor.open(f"{central.url}/v")).status == 200, "the page itself is still there"


@pytest.mark.parametrize("path", ["/board", "/board/huada"])
async def test_the_board_shows_published_sums_only(central: RunningCentral, donor: Donor, path: str) -> None:
    assert (await donor.open(central.url + "/board/neighbours")).status == 404
    await published(central, *[1000] * 5)
    async with central.database() as database:
        await given(database, 99_900)
    page = " ".join((await donor.open(central.url + path)).text().split())
    assert "Warm lunches Received ¥50 Spent ¥0 Balance ¥50 Gifts 5 People helped 0" in page
    assert "Old project Not published yet" in page
    assert "999" not in page
    assert "Not yet reconciled with the bank." in page
    for language, words in (("zh-Hans", "资金公示"), ("zh-Hant", "資金公示")):
        assert words in (await donor.open(f"{central.url}{path}?lang={language}")).text()
