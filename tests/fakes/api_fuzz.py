"""Run schemathesis against a central server: all operations, with a token and a gateway's key."""

import asyncio
import os
import re
import sys
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import aiohttp

from central_server.accounts.access import Role
from central_server.api.tokens import Scope, make_token
from central_server.enrolment.gateways import register
from central_server.server_options import RateLimits
from central_server.store.api import tokens
from sync_contract.beacon_identity import BeaconId
from tests.fakes.central_process import CONFIG, RunningCentral, running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.fakes.staff_account import set_password
from tests.paths import ROOT

_CONFIG = """
[checks.negative_data_rejection]  # 413 too: a batch of 1001 parcels is too large; 421: a generated Host header
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "421", "422", "428", "429"]

[[operations]]
include-path = "/api/v1/shake/{{presence_pass}}"
parameters = {{ presence_pass = "{presence_pass}" }}
"""


UNLIMITED = RateLimits(token=(1e6, 10**6), shake=(1e6, 10**6))


@dataclass(frozen=True)
class FuzzTargets:
    """The credentials of the operations: a token, a gateway that signs, a presence pass."""

    token: str
    gateway: DeliveringGateway
    presence_pass: str


@asynccontextmanager
async def unlimited_central(folder: Path) -> AsyncIterator[tuple[RunningCentral, FuzzTargets]]:
    """Run a server without rate limits; yield it with credentials for all operations."""
    beacon = BeaconId(uuid4(), 1, 1)
    bound = f'[[bindings]]\nuuid = "{beacon.uuid}"\nmajor = 1\nminor = 1\nproject = "lunch"\n'
    gateway, now = DeliveringGateway(), datetime.now(UTC)
    async with (
        running_bank(folder / "bank") as bank,
        running_central(folder / "central", bank, config=CONFIG + bound, limits=UNLIMITED) as central,
    ):
        async with central.database() as database:
            await register(database, gateway.id, gateway.public, "huada", "Hall", now)
            await set_password(database, "chen", "correct horse battery", now, role=Role.staff)
            text, made = make_token("chen", "a program", frozenset(Scope), 30, now)
            async with database.write() as connection:
                await tokens.add(connection, made)
        question = {"beacons": [{"uuid": str(beacon.uuid), "major": 1, "minor": 1}]}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{central.url}/api/v1/shake", json=question) as answer,
        ):
            presence_pass_text = (await answer.json())["found"]["presence_pass"]
        yield central, FuzzTargets(text, gateway, presence_pass_text)


@dataclass(frozen=True)
class Fuzzed:
    """`cases`: the number of requests; `failures`: the output about them; `text`: the complete output."""

    cases: int
    failures: list[str]
    text: str


async def fuzz(
    url: str,
    targets: FuzzTargets,
    work: Path,
    *,
    examples: int,
    phases: str,
    seed: int,
) -> Fuzzed:
    """Run schemathesis. `examples`: per operation."""
    (work / "schemathesis.toml").write_text(_CONFIG.format(presence_pass=targets.presence_pass))
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--checks", "all"),
        *("--max-examples", str(examples), "--phases", phases, "--seed", str(seed), "--continue-on-failure"),
        *("--request-timeout", "120", "--max-response-time", "60", "--suppress-health-check", "all"),
        *("--no-color", "--generation-database", "none"),
    ]
    known = {
        "PYTHONPATH": str(ROOT),
        "SCHEMATHESIS_HOOKS": "tests.fakes.api_hooks",
        "FUZZ_TOKEN": targets.token,
        "FUZZ_GATEWAY": targets.gateway.id,
        "FUZZ_KEY": b64encode(targets.gateway.key.private_bytes_raw()).decode(),
    }
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=work,
        env={**os.environ, **known},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        printed, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    text = printed.decode(errors="replace")
    made = re.findall(r"(\d[\d,]*) generated", text)
    cases = sum(int(each.replace(",", "")) for each in made)
    failures = [] if process.returncode == 0 else [text[-20_000:]]
    return Fuzzed(cases, failures, text)
