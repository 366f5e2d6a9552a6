"""Whatever the network does, a gift arrives once and unaltered when it is good again.

`./dev soak tests/soak/test_network.py` lets each fault last longer and holds the figures against their limits.
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path

from tests.fakes.bad_network import FAULTS
from tests.flow.network_faults import MIB, badly_connected
from tests.flow.programs import IMPATIENT, prepare

LONG = ("half open", "retry after 10^12 s")
"""Faults after which the gateway waits for its own limits. Each has its own programs, beside those of the others."""


async def test_each_fault_of_the_network_only_delays(tmp_path: Path) -> None:
    short = [fault for fault in FAULTS if fault not in LONG]
    together = {tmp_path / str(number): faults for number, faults in enumerate((short, *([each] for each in LONG)))}
    for folder in together:
        folder.mkdir()
        await prepare(folder)  # in turn: the first one makes the template of the database
    async with asyncio.TaskGroup() as groups:
        for folder, faults in together.items():
            groups.create_task(endure(faults, folder))


async def endure(faults: Iterable[str], folder: Path) -> None:
    async with badly_connected(folder, IMPATIENT) as way:
        for fault in faults:
            endured = await way.endure(fault, for_s=0.3)
            print(endured)
            assert endured.grown < 50 * MIB, fault
        assert way.arrived() == way.given
    logs = folder / "logs"
    assert "Traceback" not in (logs / "gateway.log").read_text() + (logs / "central.log").read_text()
