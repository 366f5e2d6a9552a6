"""Reserve ports that must be known before they are bound.

A port chosen by the kernel may be taken by another test before it is bound. These are below the kernel's range
(ip_local_port_range), and each worker has its own part.
"""

import json
import os
import secrets
import socket
from dataclasses import asdict
from pathlib import Path

from beacon_gateway.commands.demo import Plan
from tests.forked_workers import WORKER

_FIRST, _STRETCH, _PROCESSES = 12_000, 2_000, 10
_given = [secrets.randbelow(_STRETCH)]
"""The next port; it starts at random because several test runs may be active."""


def own_port() -> int:
    """Return a free port on 127.0.0.1 that no other test uses."""
    worker = int(os.environ.get(WORKER, "0")) % _PROCESSES
    while True:
        port = _FIRST + worker * _STRETCH + _given[0] % _STRETCH
        _given[0] += 1
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:  # in use by a service
                continue
            return port


def free_plan() -> Plan:
    """Return a plan of the three programs with free ports."""
    return Plan(own_port(), own_port(), own_port(), secrets.token_urlsafe(9), "")


def keep_ports(state: Path) -> None:
    """Store ports for the three programs in the state folder, where make_plan reads them."""
    (state / "demo.json").write_text(json.dumps(asdict(free_plan())), "utf-8")
