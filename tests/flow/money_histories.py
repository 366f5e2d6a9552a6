"""Histories of the money machine: drawn from a seed, run, and shortened when they fail.

The steps are drawn in advance, so the beginning of a failed history is a history too. The moment of a kill depends on
the machine: a failure that does not recur is reported with the records of both sides.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fakes.money_street import Street, open_street
from tests.flow.money_account import story
from tests.flow.money_processes import RULES, History, Step

Stores = Callable[[], AbstractAsyncContextManager[str]]
"""Gives the URL of an empty PostgreSQL database with our schema."""


def drawn(seed: int, count: int) -> list[Step]:
    """The first resident is there at the beginning."""
    dice = random.Random(seed)
    names = dice.choices(list(RULES), [weight for _, weight in RULES.values()], k=count - 2)
    names = ["a_resident_registers", "the_donor_goes_to_the_bank", *names]
    return [
        Step(name, dice.randrange(2), dice.random() < 0.4, dice.randrange(1000), dice.random() * 0.12) for name in names
    ]


async def live_through(stores: Stores, seed: int, count: int) -> None:
    """Run a history of `count` steps; a failure gets notes with its shortest failing beginning and its seed."""
    steps = drawn(seed, count)
    try:
        await _run(stores, steps, seed)
    except Exception as error:  # add notes to any failure
        short = await _shortest(stores, steps, seed)
        if short is None:
            note = "lived through once more it did not fail: it hangs on when something happened"
        else:
            note = f"of {count} steps the first {len(short)} are enough:\n" + "\n".join(
                f"{number:3} {step}" for number, step in enumerate(short, 1)
            )
        error.add_note(f"SOAK_SEED={seed}; {note}")
        raise


async def _shortest(stores: Stores, steps: Sequence[Step], seed: int) -> Sequence[Step] | None:
    """By halves: a longer beginning may go well where a shorter one fails, so another may be shorter still.

    None: not even the whole fails again.
    """
    if not await _fails(stores, steps, seed):
        return None
    well, failed = 0, len(steps)
    while failed - well > 1:
        middle = (well + failed) // 2
        if await _fails(stores, steps[:middle], seed):
            failed = middle
        else:
            well = middle
    return steps[:failed]


async def _fails(stores: Stores, steps: Sequence[Step], seed: int) -> bool:
    try:
        await _run(stores, steps, seed)
    except Exception:  # noqa: BLE001  (any failure is the one that is looked for)
        return True
    return False


async def _run(stores: Stores, steps: Sequence[Step], seed: int) -> None:
    with TemporaryDirectory() as folder:
        async with stores() as store, open_street(Path(folder), store) as street:
            history = History(street)
            try:
                async with _busy(street, random.Random(f"{seed} stands still")):
                    for step in steps:
                        await history.do(step)
                await history.ends()
            except Exception as error:
                error.add_note(await story(street))
                raise


@asynccontextmanager
async def _busy(street: Street, dice: random.Random) -> AsyncIterator[None]:
    """As on a machine with far too much to do: now and then one of the programs stands still, wherever it is."""

    async def stand_still() -> None:
        while True:
            await asyncio.sleep(dice.random() * 1.5)
            program = dice.choice((*street.servers, *street.servers, street.bank))
            with program.standing_still():
                await asyncio.sleep(dice.random() * 0.7)

    standing = asyncio.create_task(stand_still())
    try:
        yield
    finally:
        standing.cancel()
        await asyncio.wait({standing})
