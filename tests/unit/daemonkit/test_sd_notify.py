"""sd_notify(3) datagrams, received by a real socket."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemonkit.sd_notify import Notifier, watchdog_period

OURS = "(the id of this process)"
"""Replaced in the test: the process that collects the tests is another one."""


@pytest.fixture(params=["path", "abstract"])
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    address = str(tmp_path / "notify") if request.param == "path" else f"@test-{os.getpid()}-{tmp_path.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.bind(address.replace("@", "\0", 1))
        channel.settimeout(60)
        yield channel, address


def test_each_notification_is_one_datagram(inbox: tuple[socket.socket, str]) -> None:
    channel, address = inbox
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": address})
    notifier.ready(url="http://127.0.0.1:1", status="fine\nREADY=0")
    notifier.ready()
    notifier.watchdog()
    notifier.status("still fine")
    notifier.stopping()
    assert [channel.recv(1000).decode() for _ in range(5)] == [
        "READY=1\nX_URL=http://127.0.0.1:1\nSTATUS=fine READY=0",
        "READY=1",
        "WATCHDOG=1",
        "STATUS=still fine",
        "STOPPING=1",
    ]


def test_without_a_supervisor_nothing_happens() -> None:
    Notifier.from_environment({}).ready()


def test_a_missing_socket_raises_nothing(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "gone")).watchdog()


@pytest.mark.parametrize(
    ("environment", "period"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": OURS}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdog_period_is_half_its_limit_for_this_process(
    environment: dict[str, str], period: float | None
) -> None:
    ours = {name: value.replace(OURS, str(os.getpid())) for name, value in environment.items()}
    assert watchdog_period(ours) == period
