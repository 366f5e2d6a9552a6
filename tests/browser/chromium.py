"""Start Debian's Chromium for tests and pictures."""

import os
from pathlib import Path

from playwright.async_api import Browser, Playwright

_HEADLESS = Path("/usr/bin/chromium-headless-shell")
"""The same Chromium without windows: a page costs half as much. Not everywhere to be had."""
EXECUTABLE = _HEADLESS if _HEADLESS.exists() else Path("/usr/bin/chromium")
_SWITCHED_OFF = (
    # Of two lists the last one counts, so this one repeats Playwright's.
    *("AimEnabled", "AvoidCorsURLLoaderRestartOnRedirect", "AvoidUnnecessaryBeforeUnloadCheckSync"),
    *("DestroyProfileOnBrowserClose", "HttpsFirstBalancedModeAutoEnable", "HttpsUpgrades", "LensOverlay"),
    *("MediaRouter", "NetworkTimeServiceQuerying", "OptimizationHints", "PaintHolding", "PreconnectToSearch"),
    "ThirdPartyStoragePartitioning",
    # A new frame and compositor for every page, also of the same site: a third of the work of opening one.
    "RenderDocument",
)
_FLAGS = (
    f"--disable-features={','.join(_SWITCHED_OFF)}",
    # One process for the pages of all contexts, and one for everything else: to start one costs more than a page.
    *("--renderer-process-limit=1", "--in-process-gpu", "--enable-features=NetworkServiceInProcess2"),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
)


async def launch(playwright: Playwright) -> Browser:
    """Headless; without its sandbox only as root, where Chromium refuses to start with it."""
    flags = [*_FLAGS, "--no-sandbox"] if os.geteuid() == 0 else list(_FLAGS)
    return await playwright.chromium.launch(executable_path=EXECUTABLE, args=flags)
