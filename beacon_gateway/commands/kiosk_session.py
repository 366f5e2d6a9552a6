"""beacon-gateway kiosk-session: start the browser inside the compositor and supervise it.

The command ends when the browser ends or its page stops reporting; systemd then restarts it with an empty profile.
"""

import asyncio
import json
import os
import signal
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

from beacon_gateway.commands.check_config import EX_CONFIG
from beacon_gateway.kiosk.browser import browser_command, kiosk_origin
from beacon_gateway.settings import Kiosk, OnlyKiosk
from beacon_gateway.settings_mapping import hours_of
from daemonkit.toml import ConfigRefused, load

SILENT_S = 100.0
"""Three reports of the page are missing."""
BEHIND_S = 10.0
"""The page has been behind something else for this long."""
POLL_S = 5.0
_TRANSFORMS = {0: "normal", 90: "90", 180: "180", 270: "270"}


def kiosk_session(config: Path, browser: str, silent_s: float = SILENT_S) -> int:
    """Return the exit code: 78 for invalid settings, 0 after SIGTERM, else 1."""
    try:
        kiosk = load(config, OnlyKiosk).kiosk
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return EX_CONFIG
    return asyncio.run(_session(kiosk, browser, silent_s))


async def _session(kiosk: Kiosk, browser: str, silent_s: float) -> int:
    url = kiosk_origin(kiosk.host, kiosk.port)
    while (report := await asyncio.to_thread(_query_screen, url)) is None:  # noqa: ASYNC110  (another process)
        await asyncio.sleep(0.5)  # the browser would stay on its own error page
    rotation = kiosk.rotation if report.rotation is None else report.rotation
    wayland = "WAYLAND_DISPLAY" in os.environ
    outputs = await _list_outputs() if wayland else ()
    if rotation:
        await _arrange(outputs, "--transform", _TRANSFORMS[rotation])
    with tempfile.TemporaryDirectory(prefix="profile-", dir=os.environ.get("XDG_RUNTIME_DIR")) as profile:
        words = browser_command(browser, f"{url}/", Path(profile), wayland=wayland)
        process = await asyncio.create_subprocess_exec(*words, start_new_session=True)
        watch = asyncio.create_task(_watch(url, silent_s))
        blank = asyncio.create_task(_apply_dark_hours(kiosk, outputs))
        dead = asyncio.create_task(process.wait())
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        stopped = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({watch, dead, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if stopped in done:
                return 0
            print(
                "the browser ended" if dead in done else "the page does not report, or something covers it",
                file=sys.stderr,
            )
            return 1
        finally:
            for task in (watch, blank, dead, stopped):
                task.cancel()
            await _end(process)


async def _watch(url: str, silent_s: float) -> None:
    """Return when the page is silent or covered. While the gateway does not answer, its page waits for it."""
    began = monotonic()
    while True:
        await asyncio.sleep(POLL_S)
        report = await asyncio.to_thread(_query_screen, url)
        elapsed_s = monotonic() - began
        if report is None:
            began = monotonic()
        elif min(report.silent_s, elapsed_s) > silent_s or min(report.behind_s, elapsed_s) > BEHIND_S:
            return


@dataclass(frozen=True, slots=True)
class ScreenReport:
    """The part of /healthz about the screen, in seconds. `rotation`: replaces that of the settings during a first boot,
    which reads it from the enrolment bundle."""

    silent_s: float
    behind_s: float
    rotation: int | None = None


def _query_screen(url: str) -> ScreenReport | None:
    """Return None while the gateway does not answer."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310  (our own, http)
            return parse_report(answer.read())
    except urllib.error.HTTPError as error:  # 503: unhealthy, with a normal body
        with error:
            return parse_report(error.read())
    except OSError:
        return None


def parse_report(body: bytes) -> ScreenReport | None:
    """Return None for a body that has no report."""
    try:
        facts = json.loads(body)["screen"]
        rotation = facts.get("rotation")
        known = rotation if rotation in _TRANSFORMS else None
        return ScreenReport(float(facts["silent_s"]), float(facts["behind_s"]), known)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


async def _apply_dark_hours(kiosk: Kiosk, outputs: Sequence[str]) -> None:
    dark = False
    hours = hours_of(kiosk.dark)
    while outputs and hours:
        now = any(each.hold(datetime.now().astimezone().time()) for each in hours)
        if now != dark:
            dark = now
            await _arrange(outputs, "--off" if dark else "--on")
        await asyncio.sleep(30)


async def _list_outputs() -> tuple[str, ...]:
    """Return the names of the compositor's screens: wlr-randr(1) prints each at the start of a line."""
    text = await _run_tool("wlr-randr")
    return tuple(line.split()[0] for line in text.splitlines() if line and not line[0].isspace())


async def _arrange(outputs: Sequence[str], *words: str) -> None:
    for output in outputs:
        await _run_tool("wlr-randr", "--output", output, *words)


async def _run_tool(*words: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    except OSError as error:
        print(f"{words[0]}: {error.strerror}: the screen is not changed", file=sys.stderr)
        return ""
    output, _ = await process.communicate()
    return output.decode(errors="replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Stop the browser and its child processes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            await asyncio.wait_for(process.wait(), 5)
        except TimeoutError:
            continue
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return
