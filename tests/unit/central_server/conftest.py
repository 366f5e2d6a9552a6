"""Fixtures: the server with a registered gateway on either database, the sandbox bank, and a donor."""

import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from central_server.bank_emulator.unionpay.schedule import SendTimings
from central_server.banks.unionpay.gateway import UnionPay
from central_server.enrolment.gateways import register
from sync_contract.strict_model import Environment
from tests.fakes.central_process import RunningBank, RunningCentral, running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.donor import Donor
from tests.fakes.unionpay import authority_in
from tests.fakes.unionpay_shop import Shop, open_shop
from tests.unit.central_server.unionpay_forger import Forger, bank_of


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    jar = aiohttp.CookieJar(unsafe=True)  # needed for IP addresses
    fresh = aiohttp.TCPConnector(force_close=True)  # the server closes idle connections
    async with aiohttp.ClientSession(
        connector=fresh, cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=120)
    ) as session:
        yield session


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncIterator[RunningBank]:
    async with running_bank(tmp_path / "bank") as bank:
        yield bank


@pytest.fixture
async def central(tmp_path: Path, bank: RunningBank, store_url: str) -> AsyncIterator[RunningCentral]:
    async with running_central(tmp_path / "central", bank, store=store_url) as central:
        yield central


async def enrolled(central: RunningCentral, gateway: DeliveringGateway, community: str = "huada") -> DeliveringGateway:
    async with central.database() as database:
        await register(database, gateway.id, gateway.public, community, "社区大厅", datetime.now(UTC))
    return gateway


@pytest.fixture
async def gateway(central: RunningCentral, session: aiohttp.ClientSession) -> DeliveringGateway:
    return await enrolled(central, DeliveringGateway(session, central.url))


@pytest.fixture
def donor(session: aiohttp.ClientSession) -> Donor:
    return Donor(session)


@pytest.fixture(scope="session")
def unionpay_authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with the keys of the UnionPay emulator."""
    state = tmp_path_factory.mktemp("unionpay") / "bank"
    authority_in(state)
    return state


@pytest.fixture
def unionpay_state(tmp_path: Path, unionpay_authority: Path) -> Path:
    return Path(shutil.copytree(unionpay_authority, tmp_path / "unionpay"))


@pytest.fixture
async def unionpay(unionpay_state: Path) -> AsyncIterator[RunningBank]:
    async with running_bank(unionpay_state, kind="unionpay", gaps_min=SendTimings().gaps_min) as bank:
        yield bank


@pytest.fixture
async def shop(session: aiohttp.ClientSession, unionpay: RunningBank) -> AsyncIterator[Shop]:
    """A merchant of the running UnionPay emulator."""
    async with open_shop(session, unionpay.credentials) as shop:
        shop.bank = unionpay.url
        yield shop


@pytest.fixture(scope="module")
def forger(tmp_path_factory: pytest.TempPathFactory) -> Forger:
    return Forger(authority_in(tmp_path_factory.mktemp("bank")))


@pytest.fixture
async def adapter(forger: Forger) -> AsyncIterator[UnionPay]:
    async with aiohttp.ClientSession() as session:
        yield bank_of(forger.authority, Environment.drill, session)
