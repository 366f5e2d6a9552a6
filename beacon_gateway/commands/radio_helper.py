"""beacon-gateway radio-helper: serve the gateway's privileged radio requests, with CAP_NET_ADMIN only."""

import asyncio
import os
import pwd
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path

from beacon_gateway.radio.hci.mgmt_socket import MgmtUnavailable
from beacon_gateway.radio.helper.helper_server import HelperServer
from daemonkit import logs
from daemonkit.sd_notify import Notifier

TRY_AGAIN, CONFIGURATION = 75, 78
_FIRST_FD = 3  # sd_listen_fds(3)


def radio_helper(user: str, path: Path | None) -> int:
    """Return the exit code: 0 after SIGTERM, 75 if the kernel refuses, 78 for an unknown user or no socket."""
    logs.configure()
    try:
        uid = pwd.getpwnam(user).pw_uid
    except KeyError:
        print(f"beacon-gateway radio-helper: there is no user {user}", file=sys.stderr)
        return CONFIGURATION
    listening = _listen(path) if path else _find_passed_socket()
    if listening is None:
        print("beacon-gateway radio-helper: no socket from systemd, and no --socket", file=sys.stderr)
        return CONFIGURATION
    try:
        asyncio.run(_until_stopped(uid, listening))
    except MgmtUnavailable as error:
        print(f"beacon-gateway radio-helper: {error}", file=sys.stderr)
        return TRY_AGAIN
    return 0


async def _until_stopped(uid: int, listening: socket.socket) -> None:
    serving = asyncio.create_task(HelperServer(uid).serve(listening))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    Notifier.from_environment().ready()
    with suppress(asyncio.CancelledError):
        await serving


def _find_passed_socket() -> socket.socket | None:
    if os.environ.get("LISTEN_PID") != str(os.getpid()) or os.environ.get("LISTEN_FDS") != "1":
        return None
    return socket.socket(fileno=_FIRST_FD)


def _listen(path: Path) -> socket.socket:
    """Bind under another name and rename, so that clients never find a socket that does not listen."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)
    listening.bind(str(temporary))
    listening.listen()
    temporary.rename(path)
    return listening
