"""Run `./dev profile [adverts|gateway|intake] [--lines N]`: print the most expensive functions by cProfile.

adverts: the callback path of the bench. gateway: the daemon with the demo's simulated hall for twenty seconds.
intake: the central server with two hundred batches. The complete profile is written to build/, for pstats or a viewer.
"""

import argparse
import asyncio
import cProfile
import pstats
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp

from beacon_gateway import daemon
from beacon_gateway.settings import Settings
from daemonkit import logs, toml
from tests.bench.adverts.callback import measure_callbacks
from tests.fakes.central_process import running_bank, running_central
from tests.fakes.delivering_gateway import DeliveringGateway
from tests.paths import ROOT
from tests.unit.central_server.conftest import enrolled

SECONDS = 20
BATCHES = 200


def adverts() -> None:
    measure_callbacks()


def gateway() -> None:
    async def hall(folder: Path) -> None:
        settings = toml.load(ROOT / "config/demo/gateway.toml", Settings)
        kiosk = settings.kiosk.model_copy(update={"port": 0})
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(SECONDS, stop.set)
        changed = settings.model_copy(update={"kiosk": kiosk})
        await daemon.run(changed, state_dir=folder, radio="simulated", stop=stop)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(hall(Path(folder)))


def intake() -> None:
    async def deliver(folder: Path) -> None:
        async with (
            running_bank(folder / "bank") as bank,
            running_central(folder / "central", bank) as central,
            aiohttp.ClientSession() as session,
        ):
            device = await enrolled(central, DeliveringGateway(session, central.url))
            for _ in range(BATCHES):
                await device.deliver([device.statistics() for _ in range(50)])

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(deliver(Path(folder)))


WORK: dict[str, Callable[[], None]] = {"adverts": adverts, "gateway": gateway, "intake": intake}


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev profile", description=__doc__)
    parser.add_argument("name", nargs="?", choices=WORK, default="adverts")
    parser.add_argument("--lines", type=int, default=30)
    options = parser.parse_args()
    logs.configure()
    profile = cProfile.Profile(time.process_time)  # CPU time only
    profile.runcall(WORK[options.name])
    file = ROOT / "build" / f"{options.name}.pstats"
    file.parent.mkdir(exist_ok=True)
    profile.dump_stats(file)
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(options.lines)
    print(f"the complete profile: {file.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
