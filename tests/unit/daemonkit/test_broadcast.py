"""Each listener is notified of the latest change."""

import asyncio

from daemonkit.broadcast import Broadcast


async def test_a_listener_has_a_turn_at_once_and_after_each_poke() -> None:
    broadcast = Broadcast()
    changes = broadcast.changes()
    await anext(changes)
    second = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    assert not second.done()
    broadcast.poke()
    await second


async def test_several_pokes_may_be_one_turn_but_the_last_is_never_lost() -> None:
    broadcast = Broadcast()
    state, seen = 0, []

    async def listen() -> None:
        async for _ in broadcast.changes():
            seen.append(state)
            await asyncio.sleep(0)

    listeners = [asyncio.create_task(listen()) for _ in range(3)]
    for state in range(1, 100):
        broadcast.poke()
        if state % 7 == 0:
            await asyncio.sleep(0)
    broadcast.close()
    async with asyncio.timeout(60):
        await asyncio.gather(*listeners)
    assert seen.count(99) == 3
    assert len(seen) < 3 * 99


async def test_closing_ends_all_listeners() -> None:
    broadcast = Broadcast()
    changes = broadcast.changes()
    await anext(changes)
    last = asyncio.ensure_future(anext(changes, "ended"))
    await asyncio.sleep(0)
    broadcast.close()
    async with asyncio.timeout(60):
        assert await last == "ended"
    assert len([turn async for turn in broadcast.changes()]) == 1
