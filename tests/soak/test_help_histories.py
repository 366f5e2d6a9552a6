"""1,000 random histories of gifts and help: no fen is lost, and no figure under five is revealed."""

from pathlib import Path

from central_server.store.engine.database import open_database
from tests.sqlite import put_database
from tests.unit.central_server.families.test_help_histories import EVERYTHING
from tests.unit.central_server.help_histories import live_through
from tests.unit.central_server.ledger.test_publication import load_verifier


async def test_a_thousand_histories_lose_no_fen_and_reveal_no_few_people(tmp_path: Path) -> None:
    verifier, published = load_verifier(), set[str]()
    for first in range(1000, 2000, 50):  # a small database is faster
        async with open_database(await put_database(tmp_path / f"{first}.db")) as database:
            for seed in range(first, first + 50):
                published |= await live_through(database, verifier, seed)
    assert published >= EVERYTHING
