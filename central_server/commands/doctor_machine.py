"""Check the machine for beacon-central doctor: state folder, keys, disk, clock, port."""

import http.client
import json
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from central_server.backups import sqlite_file
from central_server.backups.backup import Source, megabytes
from central_server.state_files import OWN_FILES
from daemonkit.clock import clock_synchronised
from daemonkit.findings import Finding, fault, note, ok
from sync_contract.strict_model import Environment

_KEY_BYTES = 32
_MIN_FREE = 50 * 1024 * 1024
_ANSWERS_S = 5.0


def folder(state: Path) -> Iterator[Finding]:
    """Check owner and mode of the state folder."""
    found = state.stat()
    owner = _name(found.st_uid)
    if found.st_mode & 0o077:
        mode = f"{stat.S_IMODE(found.st_mode):o}"
        yield fault("folder", f"{state} has mode {mode}: other users can read it", f"chmod 700 {state}")
    strangers = sorted(each.name for each in state.iterdir() if each.lstat().st_uid != found.st_uid)
    if strangers:
        names = ", ".join(strangers[:3]) + (" and more" if len(strangers) > 3 else "")
        yield fault(
            "folder",
            f"{state} is {owner}'s, but not {names} in it: the server may not read or replace that",
            f"sudo chown -R {owner}: {state}",
        )
    elif not found.st_mode & 0o077:
        yield ok("folder", f"{state}, {owner}'s alone")


def keys(state: Path) -> Iterator[Finding]:
    there = [name for name in OWN_FILES if (state / name).exists()]
    if not there:
        yield note("keys", "none yet: the server makes its own at its first start")
        return
    if missing := [name for name in OWN_FILES if name not in there]:
        yield fault(
            "keys",
            f"{', '.join(missing)} missing; the server would create new ones: gateways or second steps would then"
            " have to be set up again",
            "extract it from a backup before the next start:",
            f"tar -xOf BACKUP.tar state/{missing[0]} > {state / missing[0]}",
        )
    for name in there:
        found = (state / name).stat()
        if found.st_size != _KEY_BYTES:
            yield fault("keys", f"{name} has {found.st_size} bytes instead of {_KEY_BYTES}: extract it from a backup")
        if found.st_mode & 0o077:
            yield fault("keys", f"{name} can be read by others", f"chmod 600 {state / name}")
    if not missing:
        yield ok("keys", f"all {len(there)} are there")


def disk(source: Source) -> Finding:
    """Check the free space: a backup temporarily exists twice."""
    free = shutil.disk_usage(source.state).free
    size = sqlite_file.size(source.file) if source.kind == "sqlite" else 0
    needed = 2 * size + _MIN_FREE
    text = f"{megabytes(free)} free"
    if free < needed:
        return fault(
            "disk", f"{text}; the next backup temporarily needs {megabytes(needed)}", "make room, or a larger disk"
        )
    return ok("disk", text)


def clock(environment: Environment | None) -> Finding:
    if clock_synchronised():
        return ok("clock", "synchronised")
    text = "not synchronised; banks refuse orders whose time is wrong"
    remedy = "sudo timedatectl set-ntp true"
    return fault("clock", text, remedy) if environment is Environment.real else note("clock", text, remedy)


def port(host: str, number: int) -> Iterator[Finding]:
    """Check that the server answers at its port, and its health."""
    where = f"{host}:{number}"
    if number == 0:
        yield note("server", "[server] port = 0: any free port, so that it cannot be checked")
        return
    try:
        status, health = _healthz(host, number)
    except ConnectionRefusedError:
        yield note("server", f"{where} is free: no server is running", "sudo systemctl start beacon-central")
        return
    except (OSError, http.client.HTTPException, ValueError) as error:
        yield fault("server", f"{where} is taken by another program, or the server hangs: {error or 'no answer'}")
        return
    stages = health.get("stages")
    if not isinstance(stages, dict):
        yield fault("server", f"another program answers at {where}", "another [server] port, or stop that program")
        return
    remedy = "journalctl -u beacon-central -n 50"
    waiting = sorted(name for name, stage in stages.items() if stage.get("state") == "waiting")
    if status != 200:
        yield fault("server", f"answers at {where}, but is stalled: {', '.join(health['stalled'])}", remedy)
    elif waiting:
        reasons = ", ".join(f"{name} ({stages[name].get('error')})" for name in waiting)
        yield fault("server", f"answers at {where}; failing and tried again: {reasons}", remedy)
    else:
        yield ok("server", f"answers at {where}, all {len(stages)} stages are running")


def _healthz(host: str, number: int) -> tuple[int, dict[str, Any]]:
    reached = "127.0.0.1" if host in ("0.0.0.0", "::", "") else host  # noqa: S104  (a request to all interfaces goes to loopback)
    connection = http.client.HTTPConnection(reached, number, timeout=_ANSWERS_S)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        answer = connection.getresponse()
        names = json.loads(answer.read(1024 * 1024))
    finally:
        connection.close()
    return answer.status, names if isinstance(names, dict) else {}


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
