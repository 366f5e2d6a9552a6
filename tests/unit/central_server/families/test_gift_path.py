"""A slip, scanned again, shows the dated way of the gift's money to the households; the verifier checks it."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from central_server.ledger.publication import Publisher
from central_server.receipts.sealed_data import open_seal
from central_server.state_files import catalogue_key
from central_server.store.engine.database import open_database
from central_server.store.ledger import ledger_lines, money_uses
from central_server.store.ledger.ledger_lines import LedgerLine
from central_server.store.ledger.money_uses import GiftPath
from sync_contract.permit import OFFICIAL_TIME
from sync_contract.strict_model import Environment
from tests.fakes.central_process import RunningBank, running_central
from tests.fakes.donor import Donor
from tests.paths import ROOT
from tests.sqlite import put_database
from tests.unit.central_server.families.test_families_pages import help_households
from tests.unit.central_server.ledger.test_publication import load_verifier
from tests.unit.central_server.ledger_world import gave_back, given

THEN = datetime.now(UTC) - timedelta(days=40)
"""A month that is over."""


@dataclass
class Slips:
    """A server with gifts; `ways`: the gifts' lines with their published paths, in the order of spending."""

    url: str
    ways: list[tuple[LedgerLine, GiftPath]]

    async def text(self, donor: Donor, number: int, language: str = "en") -> str:
        page = await donor.open(f"{self.url}/v/{self.ways[number][0].secret}?lang={language}")
        assert page.status == 200
        return " ".join(page.text().split())


@pytest.fixture
async def slips(tmp_path: Path, bank: RunningBank) -> AsyncIterator[Slips]:
    """Seven gifts of 20 yuan, of which five households got 30.01 and two more 30.01."""
    state = tmp_path / "central"
    state.mkdir(mode=0o700)
    store = await put_database(state / "central.db")
    async with open_database(store) as database:
        publisher = Publisher(database, catalogue_key(state), Environment.drill, lambda: THEN)
        gifts = await given(database, *[2000] * 7)
        await publisher.publish_waiting()
        seal = await open_seal(database, state, None)
        for households in (5, 2):
            async with database.write() as connection:
                await help_households(connection, seal, households, THEN)
            await publisher.publish_waiting()
        async with database.read() as connection:
            lines = [await ledger_lines.get(connection, f"received:{gift.id}") for gift in gifts]
            paths = [await money_uses.path(connection, line.identity) for line in lines if line is not None]
        ways = [(line, path) for line, path in zip(lines, paths, strict=True) if line is not None and path is not None]
        ways.sort(key=lambda way: (way[1].left_minor, [use.step for use in way[1].uses]))
        last = next(gift for gift in gifts if gift.id == ways[0][0].attempt)
        await gave_back(database, last, 500)
    async with running_central(state, bank, store=store) as central:
        yield Slips(central.url, ways)


async def test_the_slip_shows_the_way_to_the_households_without_an_account(
    slips: Slips, session: aiohttp.ClientSession
) -> None:
    donor, month = Donor(session), THEN.astimezone(OFFICIAL_TIME)
    assert [path.left_minor for _, path in slips.ways] == [0, 0, 0, 1998, 2000, 2000, 2000]
    spent, waiting = await slips.text(donor, 0), await slips.text(donor, 6)
    for words in ("You registered it", "The bank confirmed it", "It is published", "publication no. 1", "¥20"):
        assert words in spent
    assert "Refunded to you ¥5" in spent, "in no publication yet"
    assert f"It is spent {month:%b %Y} · ¥15" in spent, "no refunded money is spent"
    assert "Hot meals · 7 times" in spent
    assert "What was given first is spent first" in waiting
    assert "times" not in waiting
    for language, words in (("zh-Hans", "热饭 · 7 户次"), ("zh-Hant", "熱飯 · 7 戶次")):
        assert words in await slips.text(donor, 0, language)


async def test_the_verifier_follows_the_money_through_the_published_chain(slips: Slips) -> None:
    script = ROOT / "docs" / "verify_gift.py"
    for line, path in (slips.ways[0], slips.ways[3], slips.ways[6]):
        run = await asyncio.create_subprocess_exec(
            sys.executable, script, f"{slips.url}/api/v1/proofs/{line.secret}", stdout=subprocess.PIPE
        )
        output = (await run.communicate())[0].decode()
        assert run.returncode == 0, output
        assert "TRUE: the money is used in the order of publication" in output
        assert ("spent in step" in output) is bool(path.uses), output


async def test_the_verifier_refuses_an_order_that_is_not_the_published_one(
    slips: Slips, session: aiohttp.ClientSession
) -> None:
    async def fetched(path: str) -> Any:
        async with session.get(slips.url + path) as answer:
            return await answer.json()

    verifier = load_verifier()
    proofs = [await fetched(f"/api/v1/proofs/{slips.ways[number][0].secret}") for number in (0, 6)]
    heads = verifier.follow((await fetched("/api/v1/transparency/huada/lunch"))["heads"], proofs[0])
    first, last = (proof["money"] for proof in proofs)
    for proof, money, reason in (
        (proofs[1], first, "too early"),
        (proofs[0], last, "money behind this gift"),
        (proofs[0], last | {"left": 1}, "do not add up"),
    ):
        with pytest.raises(SystemExit, match=reason):
            verifier.verify_money(proof | {"money": money}, heads)
    heads[2]["total"]["spent"] += 1
    with pytest.raises(SystemExit, match="does not follow"):
        verifier.follow((await fetched("/api/v1/transparency/huada/lunch?after=1"))["heads"][1:], proofs[0])
