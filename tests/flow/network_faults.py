"""Give while the network between the gateway and its central server is faulty, and measure."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import aiohttp

from beacon_gateway.stages import StageTimings
from daemonkit.programs import Program
from tests.fakes.bad_network import BadNetwork, bad_network
from tests.flow.programs import (
    DEMO,
    bank_program,
    central_program,
    delivered_gifts,
    gateway_program,
    prepare,
    restarted_with_catalogue,
)
from tests.ports import own_port

ASKED_S = 60.0
"""Maximum time from the end of a fault to the first success."""
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Endured:
    """`requests`: requests begun while the fault lasted `lasted_s`; `healed_s`: from its end to the gift's arrival.
    `grown`: octets of the gateway's resident memory, since before the fault.
    """

    fault: str
    lasted_s: float
    requests: int
    healed_s: float
    grown: int


@dataclass
class BadlyConnected:
    """The gateway, its network to the server, and the gifts so far."""

    folder: Path
    gateway: Program
    network: BadNetwork
    residents: aiohttp.ClientSession
    given: dict[str, int]

    async def endure(self, fault: str, for_s: float) -> Endured:
        """Give during the fault; the gift must arrive after its end."""
        before = resident(self.gateway.pid)
        self.network.set_fault(fault)
        began = monotonic()
        await self.give()
        await asyncio.sleep(for_s)
        requests, lasted_s = self.network.requests, monotonic() - began
        most = resident(self.gateway.pid)
        self.network.set_fault("")
        ended = monotonic()
        while not self.given.keys() <= self.arrived().keys():
            assert monotonic() - ended < 4 * ASKED_S, f"after {fault!r} nothing arrived any more"
            await asyncio.sleep(0.05)
        return Endured(fault, lasted_s, requests, monotonic() - ended, most - before)

    async def give(self) -> None:
        amount = 100 + len(self.given)
        body = {"project": "elder-lunch", "amount_minor": amount, "currency": "CNY"}
        headers = {
            "Idempotency-Key": f"bad-network-{len(self.given):06d}",
            "Origin": self.gateway.url,
            "Sec-Fetch-Site": "same-origin",
        }
        async with self.residents.post(f"{self.gateway.url}/api/v1/intents", json=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            self.given[(await answer.json())["intent"]] = amount

    def arrived(self) -> dict[str, int]:
        """Return each gift's amount by id; fail when one arrived twice."""
        parcels = delivered_gifts(self.folder)
        found = {parcel["id"]: parcel["body"]["amount_minor"] for parcel in parcels}
        assert len(found) == len(parcels), "a gift is stored twice"
        return found


@asynccontextmanager
async def badly_connected(folder: Path, timings: StageTimings) -> AsyncIterator[BadlyConnected]:
    """Run the real programs with a proxy between gateway and server."""
    plan = await prepare(folder)
    async with AsyncExitStack() as edges:
        await edges.enter_async_context(bank_program(folder, plan))
        await edges.enter_async_context(central_program(folder, DEMO, plan))
        near = own_port()
        network = await edges.enter_async_context(bad_network(near, plan.central_port))
        by_network = replace(plan, central_port=near)
        gateway = await edges.enter_async_context(gateway_program(folder, DEMO, by_network, timings=timings))
        await restarted_with_catalogue(folder)
        residents = await edges.enter_async_context(aiohttp.ClientSession())
        yield BadlyConnected(folder, gateway, network, residents, {})


def resident(pid: int) -> int:
    """Return the peak resident memory in bytes."""
    match = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert match is not None
    return int(match[1]) * 1024
