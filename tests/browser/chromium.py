"""Debian's Chromium, started for tests and pictures."""

import os

from playwright.async_api import Browser, Playwright

EXECUTABLE = "/usr/bin/chromium"
_FLAGS = (
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
