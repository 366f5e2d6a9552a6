"""Random histories: paths, purse, board and ledger agree to the fen, and no figure under five is ever revealed."""

from central_server.store.engine.database import Database
from tests.databases import sqlite_only
from tests.unit.central_server.help_histories import live_through
from tests.unit.central_server.ledger.test_publication import load_verifier

EVERYTHING = {"help", "paid", "transfer", "cheque", "refund", "fee", "disbursed", "shortfall"}


@sqlite_only
async def test_every_gift_is_followed_and_no_few_people_are_revealed_in_random_histories(database: Database) -> None:
    """tests/soak/test_help_histories.py lives through 1,000 others."""
    verifier, published = load_verifier(), set[str]()
    for seed in range(4):
        published |= await live_through(database, verifier, seed)
    assert published >= EVERYTHING
