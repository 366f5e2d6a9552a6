"""Gifts while the network between the gateway and its central server is bad: what is counted, and what must hold."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import aiohttp

from beacon_gateway.commands.demo import bank_program, central_program, gateway_program
from daemonkit.programs import Program
from tests.fakes.bad_network import BadNetwork, bad_network
from tests.flow.conftest import DEMO
from tests.flow.test_end_to_end import gifts, prepared
from tests.ports import own_port

ASKED_S = 60.0
"""First success so soon after the end of a fault."""
MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Endured:
    """`asked`: requests begun while the fault lasted `lasted_s`; `healed_s`: from its end to the gift's arrival.
    `grown`: octets of the gateway's resident memory, since before the fault.
    """

    fault: str
    lasted_s: float
    asked: int
    healed_s: float
    grown: int


@dataclass
class BadlyConnected:
    """The gateway's kiosk, the network that it goes through to the server, and what has been given so far."""

    folder: Path
    gateway: Program
    network: BadNetwork
    residents: aiohttp.ClientSession
    given: dict[str, int]

    async def endure(self, fault: str, for_s: float) -> Endured:
        """A gift is made while the network is bad, and must arrive when it is good again."""
        before = resident(self.gateway.pid)
        self.network.becomes(fault)
        began = monotonic()
        await self.give()
        await asyncio.sleep(for_s)
        asked, lasted_s = self.network.asked, monotonic() - began
        most = resident(self.gateway.pid)
        self.network.becomes("")
        ended = monotonic()
        while not self.given.keys() <= self.arrived().keys():
            assert monotonic() - ended < 4 * ASKED_S, f"after {fault!r} nothing arrived any more"
            await asyncio.sleep(0.1)
        return Endured(fault, lasted_s, asked, monotonic() - ended, most - before)

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
        """Each gift's amount by its id; a second arrival of one is a fault."""
        told = gifts(self.folder)
        found = {parcel["id"]: parcel["body"]["amount_minor"] for parcel in told}
        assert len(found) == len(told), "a gift was kept twice"
        return found


@asynccontextmanager
async def badly_connected(folder: Path) -> AsyncIterator[BadlyConnected]:
    """Real programs; what the gateway takes for its server is the network's end."""
    plan = await prepared(folder)
    async with AsyncExitStack() as edges:
        await edges.enter_async_context(bank_program(folder, plan))
        await edges.enter_async_context(central_program(folder, DEMO, plan))
        near = own_port()
        network = await edges.enter_async_context(bad_network(near, plan.central_port))
        by_network = replace(plan, central_port=near)
        gateway = await edges.enter_async_context(gateway_program(folder, DEMO, by_network, radio="simulated"))
        residents = await edges.enter_async_context(aiohttp.ClientSession())
        yield BadlyConnected(folder, gateway, network, residents, {})


def resident(pid: int) -> int:
    """Octets, at their most since the program began."""
    told = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert told is not None
    return int(told[1]) * 1024
