"""Notify systemd (or daemonkit.programs) of this service's state: sd_notify(3)."""

import os
import socket
from collections.abc import Mapping
from typing import Self

import structlog

_log = structlog.get_logger()


class Notifier:
    """Sends to the socket at `address` (`@` means abstract); without one every call does nothing."""

    def __init__(self, address: str | None) -> None:
        self._address = address

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        return cls(environment.get("NOTIFY_SOCKET") or None)

    def ready(self, *, url: str = "", status: str = "") -> None:
        """Report that the service is ready. `url`: its address, for a parent that let it choose a free port."""
        self._send("READY=1", *([f"X_URL={url}"] if url else []), *([f"STATUS={_line(status)}"] if status else []))

    def watchdog(self) -> None:
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def status(self, text: str) -> None:
        self._send(f"STATUS={_line(text)}")

    def _send(self, *lines: str) -> None:
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
            channel.settimeout(1.0)
            try:
                channel.sendto("\n".join(lines).encode(), address)
            except OSError as error:  # the service continues without its supervisor
                _log.warning("notify.failed", error=type(error).__name__)


def watchdog_period(environment: Mapping[str, str] = os.environ) -> float | None:
    """Return the seconds between two WATCHDOG=1, half of systemd's limit; None when it sets no watchdog here."""
    allowed = environment.get("WATCHDOG_USEC", "")
    pid = environment.get("WATCHDOG_PID", "")
    if not allowed.isdecimal() or int(allowed) == 0:
        return None
    if pid and pid != str(os.getpid()):
        return None
    return int(allowed) / 2_000_000


def _line(text: str) -> str:
    return " ".join(text.split())
