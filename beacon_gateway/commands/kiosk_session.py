"""beacon-gateway kiosk-session: inside the compositor, the browser and whoever looks after it.

It ends when the browser is dead or its page does not answer for itself any more; systemd then starts the session anew,
with an empty profile.
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
"""Three of the page's signs of life missed."""
BEHIND_S = 10.0
"""Something else has stood before the page for so long."""
LOOK_S = 5.0
_TRANSFORMS = {0: "normal", 90: "90", 180: "180", 270: "270"}


def kiosk_session(config: Path, browser: str, silent_s: float = SILENT_S) -> int:
    """The exit code: 78 for the settings, else 1, for a session has no good end of its own."""
    try:
        kiosk = load(config, OnlyKiosk).kiosk
    except ConfigRefused as refused:
        print(refused, file=sys.stderr)
        return EX_CONFIG
    return asyncio.run(_session(kiosk, browser, silent_s))


async def _session(kiosk: Kiosk, browser: str, silent_s: float) -> int:
    url = kiosk_origin(kiosk.host, kiosk.port)
    while await asyncio.to_thread(_look, url) is None:  # noqa: ASYNC110  (another process)
        await asyncio.sleep(0.5)  # an error page of the browser's own would stay
    wayland = "WAYLAND_DISPLAY" in os.environ
    outputs = await _outputs() if wayland else ()
    if kiosk.rotation:
        await _arrange(outputs, "--transform", _TRANSFORMS[kiosk.rotation])
    with tempfile.TemporaryDirectory(prefix="profile-", dir=os.environ.get("XDG_RUNTIME_DIR")) as profile:
        words = browser_command(browser, f"{url}/", Path(profile), wayland=wayland)
        process = await asyncio.create_subprocess_exec(*words, start_new_session=True)
        watch = asyncio.create_task(_watch(url, silent_s))
        blank = asyncio.create_task(_keep_hours(kiosk, outputs))
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
                "the browser ended" if dead in done else "the page is dead, or something stands before it",
                file=sys.stderr,
            )
            return 1
        finally:
            for task in (watch, blank, dead, stopped):
                task.cancel()
            await _end(process)


async def _watch(url: str, silent_s: float) -> None:
    """Ends when a page that should be alive and in front is not. While the gateway is away, its page waits for it."""
    began = monotonic()
    while True:
        await asyncio.sleep(LOOK_S)
        seen = await asyncio.to_thread(_look, url)
        here = monotonic() - began
        if seen is None:
            began = monotonic()
        elif min(seen.silent_s, here) > silent_s or min(seen.behind_s, here) > BEHIND_S:
            return


@dataclass(frozen=True, slots=True)
class _Seen:
    """As `kiosk.screen` describes it."""

    silent_s: float
    behind_s: float


def _look(url: str) -> _Seen | None:
    """None while the gateway does not answer."""
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310  (our own, http)
            return _seen(answer.read())
    except urllib.error.HTTPError as error:  # 503: not all is well with the gateway, but it tells
        with error:
            return _seen(error.read())
    except OSError:
        return None


def _seen(body: bytes) -> _Seen | None:
    try:
        facts = json.loads(body)["screen"]
        return _Seen(float(facts["silent_s"]), float(facts["behind_s"]))
    except (ValueError, KeyError, TypeError):
        return None


async def _keep_hours(kiosk: Kiosk, outputs: Sequence[str]) -> None:
    dark = False
    hours = hours_of(kiosk.dark)
    while outputs and hours:
        now = any(each.hold(datetime.now().astimezone().time()) for each in hours)
        if now != dark:
            dark = now
            await _arrange(outputs, "--off" if dark else "--on")
        await asyncio.sleep(30)


async def _outputs() -> tuple[str, ...]:
    """The names of the compositor's screens: wlr-randr(1) prints each at the beginning of a line."""
    text = await _say("wlr-randr")
    return tuple(line.split()[0] for line in text.splitlines() if line and not line[0].isspace())


async def _arrange(outputs: Sequence[str], *words: str) -> None:
    for output in outputs:
        await _say("wlr-randr", "--output", output, *words)


async def _say(*words: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    except OSError as error:
        print(f"{words[0]}: {error.strerror}: the screen stays as it is", file=sys.stderr)
        return ""
    output, _ = await process.communicate()
    return output.decode(errors="replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    """The browser and its helpers."""
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
