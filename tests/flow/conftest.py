"""The three real programs, on free ports, in a folder of their own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from beacon_gateway.commands.demo import Demo
from central_server.bank_emulator.keys import open_keys
from tests.flow.programs import (
    DEMO,
    SIMULATED,
    bank_program,
    central_program,
    gateway_program,
    prepare,
    restarted_with_catalogue,
)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Demo]:
    async with furnished_house(tmp_path) as opened:
        yield opened


@asynccontextmanager
async def furnished_house(folder: Path, config: Path = DEMO, radio: str = SIMULATED) -> AsyncIterator[Demo]:
    """Run all three programs, with everything registered. test_demo.py has a house that begins with nothing."""
    plan = await prepare(folder)
    open_keys(folder / "bank")  # the server reads them when it starts, beside the bank
    async with AsyncExitStack() as edges:
        bank, central, gateway = await asyncio.gather(
            edges.enter_async_context(bank_program(folder, plan)),
            edges.enter_async_context(central_program(folder, config, plan)),
            edges.enter_async_context(gateway_program(folder, config, plan, radio=radio)),
        )
        await restarted_with_catalogue(folder)
        yield Demo(bank, central, gateway, plan)
