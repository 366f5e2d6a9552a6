"""Ports that must be known before they are bound, and stay ours until then.

A port that the kernel gives is anybody's again a moment later, and with several tests at once somebody takes it. These
lie below all that the kernel gives (ip_local_port_range), and each pytest process has a stretch of its own.
"""

import json
import os
import secrets
import socket
from dataclasses import asdict
from pathlib import Path

from beacon_gateway.commands.demo import Plan

_FIRST, _STRETCH, _PROCESSES = 12_000, 2_000, 10
_given = [secrets.randbelow(_STRETCH)]
"""How many were given; not from the same one each time, for another run of the tests may be going on beside this."""


def own_port() -> int:
    """One on 127.0.0.1 that nobody else asks for."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _PROCESSES
    while True:
        port = _FIRST + worker * _STRETCH + _given[0] % _STRETCH
        _given[0] += 1
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:  # somebody's service
                continue
            return port


def keep_ports(state: Path) -> None:
    """For the three programs that will share this state folder: the demo takes what it finds there (make_plan)."""
    plan = Plan(own_port(), own_port(), own_port(), secrets.token_urlsafe(9), "")
    (state / "demo.json").write_text(json.dumps(asdict(plan)), "utf-8")
