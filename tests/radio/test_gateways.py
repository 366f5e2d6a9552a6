"""Two real gateways on real BlueZ: A advertises on hci0, B receives on hci1, and B's kiosk shows A's project."""

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from daemonkit.programs import Program, program
from tests.flow.visitor import Visitor, visitor
from tests.paths import ROOT
from tests.radio.lab_control import end_bluetoothd, power, radios_ready, start_bluetoothd

pytestmark = pytest.mark.lab

UUID = "5f9b2c1e-7d40-4c6a-9a3e-0c1d2e3f4a5b"
PROJECT = "elder-lunch"
A = f"""
[advertise]
enabled = true
adapter = "hci0"
uuid = "{UUID}"
major = 1
minor = 2
[radio]
scan_adapters = ["hci0"]
"""
B = f"""
[radio]
scan_adapters = ["hci1"]
[presence]
exit_s = 3.0
unknown_is_near = UNKNOWN
[[beacons]]
uuid = "{UUID}"
major = 1
minor = 2
kind = "place"
label = "A's beacon"
proves_radio = true
project = "{PROJECT}"
"""
DEMO = ROOT / "config" / "demo" / "gateway.toml"


def gateway(name: str, toml: str, folder: Path) -> AbstractAsyncContextManager[Program]:
    """Run a gateway without a central server, with the demo's site and projects and the radio of `toml`."""
    demo = DEMO.read_text("utf-8")
    site = "[site]" + demo.split("[site]")[1].split("[advertise]")[0]
    projects = "[[projects]]" + demo.split("[[projects]]", 1)[1].split("[handoff]")[0]
    handoff = '[handoff]\nkind = "link"\nlink_url = "http://127.0.0.1:9/{project}"\n'
    file = folder / f"{name}.toml"
    file.write_text(site + toml + projects + handoff, "utf-8")
    command = [sys.executable, "-m", "beacon_gateway", "run", "--config", str(file), "--port", "0"]
    return program(name, [*command, "--radio", "bluez", "--state-dir", str(folder / name)], log=folder / f"{name}.log")


@asynccontextmanager
async def gateway_b(folder: Path, *, unknown_is_near: bool = True) -> AsyncIterator[Visitor]:
    await radios_ready()
    toml = B.replace("UNKNOWN", str(unknown_is_near).lower())
    async with gateway("b", toml, folder) as b, visitor(b.url) as kiosk:
        yield kiosk


def shows(event: dict[str, Any]) -> bool:
    """Return whether the kiosk shows A's project. The page of all projects has no link to an amount."""
    return f"/project/{PROJECT}/amount" in event.get("html", "")


def shows_all(event: dict[str, Any]) -> bool:
    return not shows(event) and "/project/student-aid" in event.get("html", "")


async def radio_is(state: str, adapter: str, gateway: Visitor) -> None:
    async with asyncio.timeout(60):
        while (await gateway.json("/healthz"))["radio"]["adapters"].get(adapter, {}).get("state") != state:
            await asyncio.sleep(0.1)


async def page_links_to(prefix: str, kiosk: Visitor) -> None:
    """Wait for the link: on a busy machine the radio may pause for longer than the exit period."""
    async with asyncio.timeout(60):
        while not any(link.startswith(prefix) for link in (await kiosk.open("/")).links):
            await asyncio.sleep(0.1)


async def test_bs_kiosk_shows_as_project_while_a_advertises_and_both_recover(tmp_path: Path) -> None:
    """From a killed bluetoothd, and from adapters that were off."""
    async with gateway_b(tmp_path) as kiosk:
        await kiosk.live_until(shows_all, seconds=30)
        async with gateway("a", A, tmp_path) as a, visitor(a.url) as sender:
            ready = monotonic()
            await kiosk.live_until(shows, seconds=60)
            print(f"B's kiosk showed A's project {monotonic() - ready:.2f} s after A was ready")
            await page_links_to(f"/project/{PROJECT}/amount", kiosk)
            await end_bluetoothd(signal.SIGKILL)
            await kiosk.live_until(shows_all, seconds=60)
            start_bluetoothd()
            await kiosk.live_until(shows, seconds=60)
            for adapter in ("hci0", "hci1"):
                await radio_is("hearing", "hci1", kiosk)
                await radio_is("listening", "hci0", sender)  # otherwise it may be power cycling its adapter
                await power(adapter, False)
                await kiosk.live_until(shows_all, seconds=60)
                await power(adapter, True)
                await kiosk.live_until(shows, seconds=60)
        await kiosk.live_until(shows_all, seconds=60)
    log = (tmp_path / "b.log").read_text()
    assert re.search(r'"change": "Arrived".*first_frame', log), log
    assert '"change": "Left"' in log


async def test_without_rssi_the_toml_decides_whether_reception_is_enough(tmp_path: Path) -> None:
    async with gateway_b(tmp_path, unknown_is_near=False) as kiosk, gateway("a", A, tmp_path):
        async with asyncio.timeout(60):
            while (await kiosk.json("/healthz"))["radio"]["state"] != "hearing":
                await asyncio.sleep(0.1)
        with pytest.raises(TimeoutError):
            await kiosk.live_until(shows, seconds=3)
        health = await kiosk.json("/healthz")
        assert health["radio"]["state"] == "hearing"
        assert health["radio"]["liveness"]["proof"] == "proved"
        assert "A's beacon was heard just now" in health["radio"]["liveness"]["words"]["en"]
        assert health["radio"]["adapters"]["hci1"]["recovery"]["fault"] is None
