"""The operating system as the doctor sees it: files below a root, programs, and the central server."""

import os
import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, ProxyHandler, build_opener

_TIMEOUT_S = 10.0


class Answer(StrEnum):
    """What answers at the central server's address."""

    server = "server"
    redirect = "redirect"
    """Another machine, usually a captive portal."""
    bad_certificate = "bad_certificate"
    none = "none"


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object) -> None:
        """Return None: the opener then raises HTTPError with the redirect's code."""


@dataclass(frozen=True, slots=True)
class Machine:
    """`root` is / except in tests; `path` is searched for programs."""

    root: Path = Path("/")
    path: str = os.defpath

    def read(self, file: str) -> str:
        """Return the text without blanks around it; empty if the file cannot be read."""
        try:
            return (self.root / file.lstrip("/")).read_text("utf-8", "replace").strip()
        except OSError:
            return ""

    def find(self, pattern: str) -> list[str]:
        """Return the absolute paths that match, without the root, sorted."""
        return sorted(f"/{each.relative_to(self.root)}" for each in self.root.glob(pattern.lstrip("/")))

    def run(self, *command: str) -> str | None:
        """Return a program's output; None if it is missing, fails or takes too long."""
        environment = {"PATH": self.path, "LC_ALL": "C"}
        try:
            ended = subprocess.run(  # noqa: S603  # constant programs, no shell
                ["/usr/bin/env", *command],
                capture_output=True,
                text=True,
                timeout=_TIMEOUT_S,
                env=environment,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return ended.stdout.strip() if ended.returncode == 0 else None

    def show_unit(self, unit: str, properties: Sequence[str]) -> dict[str, str]:
        """Return properties of a systemd unit; empty if systemd does not answer."""
        output = self.run("systemctl", "show", unit, "-p", ",".join(properties)) or ""
        return dict(line.split("=", 1) for line in output.splitlines() if "=" in line)

    def request(self, url: str) -> Answer:
        """Request the server's /healthz without following redirects."""
        try:
            with build_opener(ProxyHandler({}), _NoRedirect).open(f"{url.rstrip('/')}/healthz", timeout=_TIMEOUT_S):
                return Answer.server
        except HTTPError as error:
            return Answer.redirect if 300 <= error.code < 400 else Answer.server
        except URLError as error:
            return Answer.bad_certificate if isinstance(error.reason, ssl.SSLError) else Answer.none
        except (OSError, ValueError):
            return Answer.none
